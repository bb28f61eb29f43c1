namespace MLNet.AnomalyNormalization.Thresholds;

internal sealed class MeanPlusDeviationsStrategy(double count) : ThresholdStrategy
{
    public override string ToString() => FormattableString.Invariant($"MeanPlusDeviations({count})");

    internal override NarrowingCounts StartFit(ScoreType type) => new(type, new ExactMoments());

    private protected override ThresholdFit? Decide(NarrowingCounts counts)
    {
        RequireRows("normal row", counts.NormalCount, 2, counts, counts.NormalCount == 1
            ? "Add normal rows, or use Quantile, for which one is enough."
            : "Add normal rows, or use Recall, which needs anomalous rows only.");
        ExactMoments moments = counts.NormalMoments!;
        if (moments.HasInfinity)
        {
            throw new InvalidOperationException(
                $"{this} needs finite normal scores, but found infinite ones. " +
                "Leave those rows out, or use Quantile, which depends on their order only.");
        }

        (double mean, double deviation) = moments.Compute();
        double threshold = mean + (count * deviation);
        double rounded = counts.Type.Round(threshold);
        if (double.IsFinite(rounded) && counts.Refine(counts.CellOf(rounded)))
            return null;

        double n = counts.NormalCount;
        double margin = counts.Units is null
            ? OrderStatistics.NormalQuantile * deviation * Math.Sqrt((1 / n) + (count * count / (2 * (n - 1))))
            : double.PositiveInfinity;
        return Measure(threshold, threshold - margin, threshold + margin, counts);
    }
}
