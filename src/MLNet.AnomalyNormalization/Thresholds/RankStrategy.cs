namespace MLNet.AnomalyNormalization.Thresholds;

/// <summary>A strategy whose threshold is an order statistic: the score with a certain rank among those of one class.</summary>
/// <param name="isAnomalous">The class.</param>
internal abstract class RankStrategy(bool isAnomalous) : ThresholdStrategy
{
    internal sealed override bool NeedsAnomalies => isAnomalous;

    private protected sealed override ThresholdFit? Decide(NarrowingCounts counts)
    {
        long count = isAnomalous ? counts.AnomalousCount : counts.NormalCount;
        long rank = RankOf(counts);
        (long lower, long upper) = RanksAround(ProbabilityOf(counts), count, counts.Units);
        if (counts.Refine(new[] { rank, lower, upper }.Where(IsScore).Select(Cell)))
            return null;

        return Measure(
            ThresholdAt(Cell(rank).Lowest, counts.Type),
            IsScore(lower) ? Cell(lower).Lowest : double.NegativeInfinity,
            IsScore(upper) ? Cell(upper).Lowest : double.PositiveInfinity,
            counts);

        bool IsScore(long r) => r >= 1 && r <= count;
        ScoreCell Cell(long r) => counts.CellOfRank(isAnomalous, r);
    }

    /// <summary>The rank of the order statistic; 1 is the lowest score of the class. Refuses if there are too few.</summary>
    private protected abstract long RankOf(NarrowingCounts counts);

    /// <summary>The probability of the class's quantile which the threshold estimates.</summary>
    private protected abstract double ProbabilityOf(NarrowingCounts counts);

    private protected virtual double ThresholdAt(double score, ScoreType type) => score;

    // Of n images of m pixels, let S be the sum of the shares of their pixels that lie below the quantile. Whatever the pixels of an image
    // have to do with each other, P(S >= k) is at most e times what it is for a binomial (n, probability) number, and so is P(S <= k)
    // (Bentkus, "On Hoeffding's inequalities", 2004). The score of rank m (l - 1) + 1 lies above the quantile only if S <= l - 1, the one of
    // rank m u below it only if S >= u.
    private (long Lower, long Upper) RanksAround(double probability, long count, ScoreUnits? units)
    {
        if (units is not var (number, smallest, largest))
            return OrderStatistics.RanksAround(probability, count);

        if (isAnomalous || smallest != largest)
            return (0, count + 1);

        (long lower, long upper) = OrderStatistics.RanksAround(probability, number, OrderStatistics.Tail / Math.E);
        return (lower == 0 ? 0 : (smallest * (lower - 1)) + 1, upper > number ? count + 1 : smallest * upper);
    }
}

internal sealed class QuantileStrategy(double probability) : RankStrategy(isAnomalous: false)
{
    public override string ToString() => FormattableString.Invariant($"Quantile({probability})");

    private protected override double ProbabilityOf(NarrowingCounts counts) => probability;

    private protected override long RankOf(NarrowingCounts counts)
    {
        RequireRows("normal row", counts.NormalCount, 1, counts, "Add normal rows, or use Recall, which needs anomalous rows only.");
        return Math.Max(1, (long)Math.Ceiling(counts.NormalCount * AsPrinted(probability)));
    }
}

internal sealed class FalsePositiveRateStrategy(double rate) : RankStrategy(isAnomalous: false)
{
    public override string ToString() => FormattableString.Invariant($"FalsePositiveRate({rate})");

    internal override NarrowingCounts StartFit(ScoreType type) => new(type) { LeavesMixedUnitsOut = true };

    private protected override double ProbabilityOf(NarrowingCounts counts) => 1 - rate;

    private protected override long RankOf(NarrowingCounts counts)
    {
        decimal exact = AsPrinted(rate);
        decimal needed = Math.Max(1, Math.Ceiling((1 - exact) / exact));
        ScoreUnits units = counts.Units ?? new(counts.NormalCount, 1, 1);
        FormattableString instead = $"use Quantile({1 - exact}), which promises nothing about new rows.";
        RequireRows(counts.Units is null ? "normal row" : "independent normal row", units.Count, needed, counts,
            (counts.Units is null ? "Add normal rows, or " : "The pixels of an image count as one, and so do rows of a group. Add such, or ")
            + FormattableString.Invariant(instead));
        return counts.NormalCount - (long)Math.Floor(units.Smallest * (((units.Count + 1) * exact) - 1));
    }

    private protected override double ThresholdAt(double score, ScoreType type) => type.Next(score);
}

internal sealed class FalseAlarmsStrategy(long count) : RankStrategy(isAnomalous: false)
{
    public override string ToString() => FormattableString.Invariant($"FalseAlarms({count})");

    private protected override double ProbabilityOf(NarrowingCounts counts) => (counts.NormalCount - count) / (counts.NormalCount + 1d);

    private protected override long RankOf(NarrowingCounts counts)
    {
        RequireRows("normal row", counts.NormalCount, (decimal)count + 1, counts, "Add normal rows, or allow fewer false alarms.");
        return counts.NormalCount - count;
    }

    private protected override double ThresholdAt(double score, ScoreType type) => type.Next(score);
}

internal sealed class RecallStrategy(double recall) : RankStrategy(isAnomalous: true)
{
    public override string ToString() => FormattableString.Invariant($"Recall({recall})");

    private protected override double ProbabilityOf(NarrowingCounts counts) => 1 - recall;

    private protected override long RankOf(NarrowingCounts counts)
    {
        RequireRows("anomalous row", counts.AnomalousCount, 1, counts,
            "Add anomalous rows, or use Quantile, MeanPlusDeviations or FalsePositiveRate, which need normal rows only.");
        return counts.AnomalousCount + 1 - Math.Max(1, (long)Math.Ceiling(counts.AnomalousCount * AsPrinted(recall)));
    }
}
