namespace MLNet.AnomalyNormalization.Thresholds;

/// <summary>A strategy whose threshold is an order statistic: the score with a certain rank among those of one class.</summary>
/// <param name="isAnomalous">The class.</param>
/// <param name="probability">The probability of that class's quantile which the threshold estimates.</param>
internal abstract class RankStrategy(bool isAnomalous, double probability) : ThresholdStrategy
{
    private protected double Probability => probability;

    private protected sealed override ThresholdFit? Decide(ScoreCounts counts)
    {
        long count = isAnomalous ? counts.AnomalousCount : counts.NormalCount;
        long rank = RankOf(counts);
        (long lower, long upper) = OrderStatistics.RanksAround(Probability, count);
        if (counts.Refine(new[] { rank, lower, upper }.Where(IsScore).Select(Cell)))
            return null;

        return Measure(
            ThresholdAt(Cell(rank).Lowest),
            IsScore(lower) ? Cell(lower).Lowest : double.NegativeInfinity,
            IsScore(upper) ? Cell(upper).Lowest : double.PositiveInfinity,
            counts);

        bool IsScore(long r) => r >= 1 && r <= count;
        ScoreCell Cell(long r) => counts.CellOfRank(isAnomalous, r);
    }

    /// <summary>The rank of the order statistic; 1 is the lowest score of the class. Refuses if there are too few.</summary>
    private protected abstract long RankOf(ScoreCounts counts);

    private protected virtual float ThresholdAt(float score) => score;
}

internal sealed class QuantileStrategy(double probability) : RankStrategy(isAnomalous: false, probability)
{
    public override string ToString() => FormattableString.Invariant($"Quantile({Probability})");

    private protected override long RankOf(ScoreCounts counts)
    {
        RequireRows("normal", counts.NormalCount, 1, counts, "Add normal rows, or use Recall, which needs anomalous rows only.");
        return Math.Max(1, (long)Math.Ceiling(counts.NormalCount * AsPrinted(Probability)));
    }
}

internal sealed class FalsePositiveRateStrategy(double rate) : RankStrategy(isAnomalous: false, 1 - rate)
{
    public override string ToString() => FormattableString.Invariant($"FalsePositiveRate({rate})");

    private protected override long RankOf(ScoreCounts counts)
    {
        decimal exact = AsPrinted(rate);
        decimal needed = Math.Max(1, Math.Ceiling((1 - exact) / exact));
        RequireRows("normal", counts.NormalCount, needed, counts,
            FormattableString.Invariant($"Add normal rows, or use Quantile({1 - exact}), which promises nothing about new rows."));
        return (long)Math.Ceiling((counts.NormalCount + 1) * (1 - exact));
    }

    private protected override float ThresholdAt(float score) => MathF.BitIncrement(score);
}

internal sealed class RecallStrategy(double recall) : RankStrategy(isAnomalous: true, 1 - recall)
{
    public override string ToString() => FormattableString.Invariant($"Recall({recall})");

    private protected override long RankOf(ScoreCounts counts)
    {
        RequireRows("anomalous", counts.AnomalousCount, 1, counts,
            "Add anomalous rows, or use Quantile, MeanPlusDeviations or FalsePositiveRate, which need normal rows only.");
        return counts.AnomalousCount + 1 - Math.Max(1, (long)Math.Ceiling(counts.AnomalousCount * AsPrinted(recall)));
    }
}
