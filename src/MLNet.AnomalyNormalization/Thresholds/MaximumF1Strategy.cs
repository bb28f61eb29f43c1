namespace MLNet.AnomalyNormalization.Thresholds;

/// <summary>
/// Finds the exact maximum of F1 = 2 TP / (P + TP + FP), with P the anomalous rows. In a cell of several numbers F1 is at most what it would
/// be if all the anomalous rows were above all the normal ones; only cells whose bound reaches the best F1 known are looked into.
/// </summary>
internal sealed class MaximumF1Strategy : ThresholdStrategy
{
    public override string ToString() => "MaximumF1()";

    internal override bool NeedsAnomalies => true;

    private protected override ThresholdFit? Decide(ScoreCounts counts)
    {
        RequireRows("anomalous row", counts.AnomalousCount, 1, counts,
            "Add anomalous rows, or use Quantile, MeanPlusDeviations or FalsePositiveRate, which need normal rows only.");
        RequireRows("normal row", counts.NormalCount, 1, counts, "Add normal rows, or use Recall, which needs anomalous rows only.");

        Step best = FromTheTop(counts).Aggregate((best, step) => best.F1.IsAtLeast(step.F1) ? best : step);

        // Never empty: the best F1 is that of a cell with anomalous rows, since another one only adds false positives.
        List<Step> candidates = [.. FromTheTop(counts).Where(step => step.Cell.Anomalous > 0 && step.Bound.IsAtLeast(best.F1))];
        bool isResolved = candidates.TrueForAll(step => step.Cell.IsExact);
        Step chosen = isResolved ? candidates[^1] : best;
        bool isSeparable = chosen.TruePositives == counts.AnomalousCount && chosen.FalsePositives == 0;
        ScoreCell highestNormal = counts.CellOfRank(isAnomalous: false, counts.NormalCount);
        (ScoreCell? lower, ScoreCell? upper) = Interval(counts, chosen);

        var unknown = new List<ScoreCell>();
        if (isSeparable)
            unknown.Add(highestNormal);
        if (!isResolved)
        {
            unknown.AddRange(new[] { lower, upper }.OfType<ScoreCell>());
            unknown.AddRange(candidates.OrderByDescending(step => step.Bound.Value).Select(step => step.Cell));
        }

        return counts.Refine(unknown) ? null : Measure(
            isSeparable ? Midpoint(highestNormal.Lowest, chosen.Cell.Lowest, counts.Type) : chosen.Cell.Lowest,
            counts.Units is null && lower is not null ? lower.Value.Lowest : double.NegativeInfinity,
            counts.Units is null && upper is not null ? upper.Value.Highest : double.PositiveInfinity,
            counts);
    }

    private static IEnumerable<Step> FromTheTop(ScoreCounts counts)
    {
        (long truePositives, long falsePositives) = (0, 0);
        foreach (ScoreCell cell in counts.FromTheTop())
        {
            truePositives += cell.Anomalous;
            long atBest = falsePositives;
            falsePositives += cell.Normal;
            yield return new(cell, truePositives, falsePositives,
                Bound: HalfF1(truePositives, cell.IsExact ? falsePositives : atBest), F1: HalfF1(truePositives, falsePositives));
        }

        HalfRatio HalfF1(long tp, long fp) => new(tp, counts.AnomalousCount + tp + fp);
    }

    /// <summary>
    /// The lowest and highest thresholds that the data can't tell from the chosen one; null where not even the last score bounds them.
    /// </summary>
    private static (ScoreCell? Lower, ScoreCell? Upper) Interval(ScoreCounts counts, Step chosen)
    {
        (ScoreCell? lower, ScoreCell? upper) = (null, null);
        Step last = default;
        foreach (Step step in FromTheTop(counts))
        {
            last = step;
            if (IsTellable(step))
                continue;

            lower = step.Cell;
            upper ??= step.Cell;
        }

        return (IsTellable(last) ? lower : null, IsTellable(default) ? upper : null);

        // Wilson's score test: between the two thresholds at least (if below the chosen one; at most, if above) half the F1 of the rows
        // would have to be anomalous.
        bool IsTellable(Step step)
        {
            double share = chosen.F1.Value;
            double anomalous = step.TruePositives - chosen.TruePositives;
            double rows = anomalous + step.FalsePositives - chosen.FalsePositives;
            return anomalous - (share * rows) < -OrderStatistics.NormalQuantile * Math.Sqrt(Math.Abs(rows) * share * (1 - share));
        }
    }

    // The middle may be beyond the numbers (an end is infinite) or round to the lower end (the ends are neighbours).
    private static double Midpoint(double normal, double anomalous, ScoreType type)
    {
        double middle = (Math.Max(normal, -type.MaxValue) / 2) + (Math.Min(anomalous, type.MaxValue) / 2);
        return type.Round(middle) > normal ? middle : anomalous;
    }

    /// <summary>What a threshold at the lower end of a cell finds, and the most that F1 can be anywhere in the cell.</summary>
    private readonly record struct Step(ScoreCell Cell, long TruePositives, long FalsePositives, HalfRatio Bound, HalfRatio F1);

    /// <summary>Half an F1, as the fraction that can be compared exactly.</summary>
    private readonly record struct HalfRatio(long Numerator, long Denominator)
    {
        public double Value => (double)Numerator / Denominator;

        public bool IsAtLeast(HalfRatio other)
            => (UInt128)Numerator * (UInt128)other.Denominator >= (UInt128)other.Numerator * (UInt128)Denominator;
    }
}
