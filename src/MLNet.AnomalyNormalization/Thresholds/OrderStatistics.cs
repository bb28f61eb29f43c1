namespace MLNet.AnomalyNormalization.Thresholds;

/// <summary>What 95 % intervals are made with.</summary>
internal static class OrderStatistics
{
    /// <summary>The 97.5 % quantile of the standard normal distribution.</summary>
    public const double NormalQuantile = 1.959963984540054;

    /// <summary>What each end of the interval leaves out, as a probability.</summary>
    public const double Tail = 0.025;

    // Terms of the binomial distribution that are smaller than this, relative to the largest, change no sum.
    private const double Negligible = 1e-20;

    /// <summary>
    /// The exact 95 % interval of a rate, of which so many of so many rows were seen: the rates at which neither so few nor so many would be left out
    /// of the ranks around them (Clopper and Pearson, "The use of confidence or fiducial limits", 1934).
    /// </summary>
    /// <remarks>
    /// It also holds for the rate at a score of a fixed rank among the rows, as a threshold that a share of them decides: that rate has a beta
    /// distribution whose quantiles lie within.
    /// </remarks>
    /// <returns>0 to 1 for no rows.</returns>
    public static (double Lower, double Upper) RatesAround(long seen, long count)
    {
        return (
            seen == 0 ? 0 : FirstRate(rate => RanksAround(rate, count).Upper > seen),
            seen == count ? 1 : FirstRate(rate => RanksAround(rate, count).Lower > seen));

        // Both ranks rise with the rate.
        static double FirstRate(Func<double, bool> holds)
        {
            (double below, double above) = (0, 1);
            while ((below + above) / 2 is var middle && middle > below && middle < above)
            {
                if (holds(middle))
                    above = middle;
                else
                    below = middle;
            }

            return above;
        }
    }

    /// <summary>
    /// The ranks, from 1, of the two scores between which the quantile lies with a probability of at least 95 %, whatever the distribution:
    /// at least l of n scores lie at or below the quantile with the probability that a binomial (n, probability) number is at least l
    /// (David and Nagaraja, "Order Statistics", 2003, 7.1).
    /// </summary>
    /// <returns>0 for lower or count + 1 for upper if no score bounds that side.</returns>
    public static (long Lower, long Upper) RanksAround(double probability, long count, double tail = Tail)
    {
        // Terms are taken relative to the largest one and divided by their own sum, which needs no gamma function.
        double odds = probability / (1 - probability);
        long mode = (long)Math.Min(count, (count + 1d) * probability);
        (double total, double term, long first) = (1, 1, mode);
        while (first > 0 && term > Negligible)
        {
            term *= first / ((count - first + 1) * odds);
            total += term;
            first--;
        }

        double firstTerm = term;
        term = 1;
        for (long k = mode; k < count && term > Negligible; k++)
        {
            term *= (count - k) / (k + 1d) * odds;
            total += term;
        }

        long lower = -1;
        double sum = term = firstTerm;
        for (long k = first; ; k++)
        {
            if (lower < 0 && sum > tail * total)
                lower = k;
            if (k == count || sum >= (1 - tail) * total)
                return (lower, k + 1);

            term *= (count - k) / (k + 1d) * odds;
            sum += term;
        }
    }
}
