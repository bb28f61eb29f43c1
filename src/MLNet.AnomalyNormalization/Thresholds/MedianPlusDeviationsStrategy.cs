namespace MLNet.AnomalyNormalization.Thresholds;

/// <summary>
/// Finds the median and the median distance from it by narrowing cells: a cell that is not one number yet bounds the distances of its
/// scores.
/// </summary>
internal sealed class MedianPlusDeviationsStrategy(double count) : ThresholdStrategy
{
    // 1 / the 75 % quantile of the standard normal distribution.
    private const double DeviationsPerMedianDistance = 1.482602218505602;

    // The variances of the median and of the scaled median distance of n normally distributed scores are these times variance / n
    // (Rousseeuw and Croux, "Alternatives to the Median Absolute Deviation", 1993: efficiencies of 2 / pi and, against the standard
    // deviation, whose own variance has the factor 1 / 2, of 36.74 %).
    private const double VarianceOfMedian = Math.PI / 2;
    private const double VarianceOfDistance = 0.5 / 0.3674;

    public override string ToString() => FormattableString.Invariant($"MedianPlusDeviations({count})");

    private protected override ThresholdFit? Decide(NarrowingCounts counts)
    {
        RequireRows("normal row", counts.NormalCount, 1, counts, "Add normal rows, or use Recall, which needs anomalous rows only.");
        (long lower, long upper) = ((counts.NormalCount + 1) / 2, (counts.NormalCount / 2) + 1);
        ScoreCell[] middle = [counts.CellOfRank(isAnomalous: false, lower), counts.CellOfRank(isAnomalous: false, upper)];
        if (counts.Refine(middle))
            return null;

        double median = (middle[0].Lowest / 2) + (middle[1].Lowest / 2);
        if (!double.IsFinite(median))
            return Measure(median, median, median, counts);

        Distance[] distances = [.. counts.FromTheTop().Where(cell => cell.Normal > 0).Select(cell => Distance.Of(cell, median))];
        double least = OfRank(lower, distance => distance.Nearest), most = OfRank(upper, distance => distance.Farthest);
        if (counts.Refine(distances.Where(one => one.Nearest <= most && one.Farthest >= least).Select(one => one.Cell)))
            return null;

        double deviation = DeviationsPerMedianDistance * ((least / 2) + (most / 2));
        double threshold = median + (count * deviation);
        double rounded = counts.Type.Round(threshold);
        if (double.IsFinite(rounded) && counts.Refine(counts.CellOf(rounded)))
            return null;

        double margin = counts.Units is null
            ? OrderStatistics.NormalQuantile * deviation
                * Math.Sqrt((VarianceOfMedian + (count * count * VarianceOfDistance)) / counts.NormalCount)
            : double.PositiveInfinity;
        return Measure(threshold, threshold - margin, threshold + margin, counts,
            deviation > 0 || counts.OnlyNormalScore() is not null ? null : FormattableString.Invariant(
                $"At least half of the normal scores are {median}, so that their median distance from it is 0: the threshold is the median."));

        double OfRank(long rank, Func<Distance, double> end)
        {
            foreach (Distance distance in distances.OrderBy(end))
            {
                rank -= distance.Cell.Normal;
                if (rank <= 0)
                    return end(distance);
            }

            throw new InvalidOperationException("The cells hold fewer scores than were counted.");
        }
    }

    private readonly record struct Distance(ScoreCell Cell, double Nearest, double Farthest)
    {
        public static Distance Of(ScoreCell cell, double median)
        {
            (double low, double high) = (Math.Abs(cell.Lowest - median), Math.Abs(cell.Highest - median));
            return new(cell, cell.Lowest <= median && median <= cell.Highest ? 0 : Math.Min(low, high), Math.Max(low, high));
        }
    }
}
