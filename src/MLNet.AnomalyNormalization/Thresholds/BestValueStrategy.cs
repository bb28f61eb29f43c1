namespace MLNet.AnomalyNormalization.Thresholds;

/// <summary>
/// Finds the threshold with the greatest value, where finding an anomalous row never lowers the value and calling a normal one anomalous
/// never raises it. In a cell of several numbers the value is at most what it would be if all the anomalous rows were above all the normal
/// ones; only cells whose bound reaches the best value known are looked into.
/// </summary>
/// <typeparam name="TValue">The value, compared exactly.</typeparam>
internal abstract class BestValueStrategy<TValue> : ThresholdStrategy
    where TValue : struct, IComparable<TValue>
{
    internal sealed override bool NeedsAnomalies => true;

    private protected override ThresholdFit? Decide(NarrowingCounts counts)
    {
        RequireRows("anomalous row", counts.AnomalousCount, 1, counts,
            "Add anomalous rows, or use Quantile, MeanPlusDeviations or FalsePositiveRate, which need normal rows only.");
        RequireRows("normal row", counts.NormalCount, 1, counts, "Add normal rows, or use Recall, which needs anomalous rows only.");

        Step none = new(default, 0, 0, ValueOf(0, 0, counts), ValueOf(0, 0, counts));
        Step best = FromTheTop(counts).Aggregate(none, (best, step) => best.Value.CompareTo(step.Value) >= 0 ? best : step);
        Step[] candidates = [.. FromTheTop(counts).Where(step => step.Cell.Anomalous > 0 && step.Bound.CompareTo(best.Value) >= 0)];
        bool isResolved = Array.TrueForAll(candidates, step => step.Cell.IsExact);

        // The best is always that of a cell with anomalous rows, since another one only adds false positives, or none.
        Step chosen = isResolved ? candidates.LastOrDefault(none) : best;
        bool isSeparable = chosen.TruePositives == counts.AnomalousCount && chosen.FalsePositives == 0;
        ScoreCell highestNormal = counts.CellOfRank(isAnomalous: false, counts.NormalCount);
        ScoreCell highest = counts.FromTheTop().First();
        (ScoreCell? lower, ScoreCell? upper) = Interval(counts, chosen, ShareThatPaysOff(chosen.Value, counts));

        var unknown = new List<ScoreCell>();
        if (isSeparable)
            unknown.Add(highestNormal);
        if (chosen.TruePositives == 0)
            unknown.Add(highest);
        if (!isResolved)
        {
            unknown.AddRange(new[] { lower, upper }.OfType<ScoreCell>());
            unknown.AddRange(candidates.OrderByDescending(step => step.Bound).Select(step => step.Cell));
        }

        return counts.Refine(unknown) ? null : Measure(
            isSeparable ? Midpoint(highestNormal.Lowest, chosen.Cell.Lowest, counts.Type)
                : chosen.TruePositives == 0 ? counts.Type.Next(highest.Highest)
                : chosen.Cell.Lowest,
            counts.Units is null && lower is not null ? lower.Value.Highest : double.NegativeInfinity,
            counts.Units is null && upper is not null ? upper.Value.Highest : double.PositiveInfinity,
            counts);
    }

    /// <summary>What it is worth to find so many anomalous rows and to call so many normal ones anomalous.</summary>
    private protected abstract TValue ValueOf(long truePositives, long falsePositives, NarrowingCounts counts);

    /// <summary>The share of anomalous rows from which on it pays off, at the best value, to call more rows anomalous: 0..1.</summary>
    private protected abstract double ShareThatPaysOff(TValue best, NarrowingCounts counts);

    private IEnumerable<Step> FromTheTop(NarrowingCounts counts)
    {
        (long truePositives, long falsePositives) = (0, 0);
        foreach (ScoreCell cell in counts.FromTheTop())
        {
            truePositives += cell.Anomalous;
            long atBest = falsePositives;
            falsePositives += cell.Normal;
            TValue value = ValueOf(truePositives, falsePositives, counts);
            yield return new(cell, truePositives, falsePositives, cell.IsExact ? value : ValueOf(truePositives, atBest, counts), value);
        }
    }

    /// <summary>
    /// The ends of the thresholds that the data can't tell from the chosen one: the highest score below them, since up to there decisions
    /// stay the same, and the highest of them; null where not even the last score bounds them.
    /// </summary>
    private (ScoreCell? Lower, ScoreCell? Upper) Interval(NarrowingCounts counts, Step chosen, double share)
    {
        (ScoreCell? below, ScoreCell? upper) = (null, null);
        foreach (Step step in FromTheTop(counts))
        {
            if (IsTellable(step))
            {
                if (upper is not null)
                    below ??= step.Cell;
                continue;
            }

            below = null;
            upper ??= step.Cell;
        }

        return (below, IsTellable(default) ? upper : null);

        // Wilson's score test: between the two thresholds at least (if below the chosen one; at most, if above) that share of the rows
        // would have to be anomalous.
        bool IsTellable(Step step)
        {
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

    /// <summary>What a threshold at the lower end of a cell finds, and the most that the value can be anywhere in the cell.</summary>
    private readonly record struct Step(ScoreCell Cell, long TruePositives, long FalsePositives, TValue Bound, TValue Value);
}
