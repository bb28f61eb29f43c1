namespace MLNet.AnomalyNormalization.Thresholds;

/// <summary>
/// Finds the lowest anomalous score with the precision. In a cell of several numbers precision is at most what it would be if all the
/// anomalous rows were above all the normal ones; the lowest cell whose bound reaches the precision is looked into until it is one number.
/// </summary>
internal sealed class PrecisionStrategy(double precision) : ThresholdStrategy
{
    // As many as one pass resolves to single numbers of 32 bits.
    private const int CellsAtOnce = 64;

    private readonly decimal _precision = AsPrinted(precision);

    public override string ToString() => FormattableString.Invariant($"Precision({precision})");

    internal override bool NeedsAnomalies => true;

    private protected override ThresholdFit? Decide(NarrowingCounts counts)
    {
        RequireRows("anomalous row", counts.AnomalousCount, 1, counts,
            "Add anomalous rows, or use Quantile, MeanPlusDeviations or FalsePositiveRate, which need normal rows only.");
        RequireRows("normal row", counts.NormalCount, 1, counts, "Add normal rows, or use Recall, which needs anomalous rows only.");

        (long truePositives, long falsePositives) = (0, 0);
        var candidates = new List<ScoreCell>();
        (ScoreCell? lower, ScoreCell? upper, bool isLowerBounded) = (null, null, false);
        foreach (ScoreCell cell in counts.FromTheTop())
        {
            truePositives += cell.Anomalous;
            if (cell.Anomalous > 0 && Reaches(truePositives, falsePositives + (cell.IsExact ? cell.Normal : 0)))
                candidates.Add(cell);

            falsePositives += cell.Normal;
            double excess = ExcessInDeviations(truePositives, falsePositives);
            if (excess > OrderStatistics.NormalQuantile)
                upper = cell;
            isLowerBounded = excess < -OrderStatistics.NormalQuantile;
            if (!isLowerBounded)
                lower = cell;
        }

        if (candidates.Count == 0)
        {
            throw new InvalidOperationException(
                $"{this} is not reached at any of the scores ({counts.NormalCount} normal and {counts.AnomalousCount} anomalous rows). " +
                "Ask for less, or use MaximumF1.");
        }

        candidates.Reverse();
        if (!candidates[0].IsExact && counts.Refine(candidates.Take(CellsAtOnce)))
            return null;

        return Measure(
            candidates[0].Lowest,
            counts.Units is null && isLowerBounded && lower is { } low ? low.Lowest : double.NegativeInfinity,
            counts.Units is null && upper is { } high ? high.Highest : double.PositiveInfinity,
            counts);
    }

    private bool Reaches(decimal truePositives, decimal falsePositives) => truePositives >= _precision * (truePositives + falsePositives);

    private double ExcessInDeviations(double truePositives, double falsePositives)
    {
        double rows = truePositives + falsePositives;
        return (truePositives - (precision * rows)) / Math.Sqrt(rows * precision * (1 - precision));
    }
}
