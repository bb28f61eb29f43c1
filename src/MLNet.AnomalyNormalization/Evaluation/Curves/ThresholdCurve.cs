using MLNet.AnomalyNormalization.Scale;

namespace MLNet.AnomalyNormalization.Evaluation.Curves;

/// <summary>What a score gives as threshold.</summary>
/// <param name="Score">The score; on the grid the lower edge of a bin.</param>
/// <param name="TruePositives">Anomalous scores at or above it.</param>
/// <param name="FalsePositives">Normal scores at or above it.</param>
/// <param name="FalsePositivesAbove">Normal scores above it, ties with it left out.</param>
internal readonly record struct CurvePoint(double Score, long TruePositives, long FalsePositives, long FalsePositivesAbove);

/// <summary>
/// The one curve that every rank metric is read from: a point for each distinct anomalous score at least, in descending order. Nothing but
/// the false positives changes between two of them, so that normal scores need not be sorted, only counted against the anomalous ones.
/// </summary>
/// <param name="points">The points, which may be made anew for each reading instead of being kept.</param>
/// <param name="positives">All anomalous scores.</param>
/// <param name="negatives">All normal scores.</param>
internal sealed class ThresholdCurve(IEnumerable<CurvePoint> points, long positives, long negatives)
{
    public IEnumerable<CurvePoint> Points => points;

    public long Negatives => negatives;

    /// <summary>A decision threshold in the element type of scores, in which it is compared.</summary>
    public static float RequireThreshold(double threshold)
        => float.IsFinite((float)threshold) && (threshold == 0 || (float)threshold != 0)
            ? (float)threshold + 0f
            : throw new ArgumentOutOfRangeException(nameof(threshold), threshold,
                "A threshold must be a finite number that a Single can hold, because it is compared with scores of that type.");

    /// <summary>Makes the curve of scores, free of NaN and -0, with a point for the decision threshold.</summary>
    /// <param name="anomalous">The anomalous scores in ascending order: the key in the upper half, anything in the lower.</param>
    /// <param name="normal">The normal scores, in any order and division.</param>
    /// <param name="threshold">The decision threshold.</param>
    /// <param name="threads">How many threads may count.</param>
    public static ThresholdCurve Of(ulong[] anomalous, IReadOnlyList<float[]> normal, float threshold, int threads)
    {
        uint[] cuts = FindCuts(anomalous, ScoreKey.Of(threshold));
        var counter = new CutCounter(cuts);
        long[] counts = ParallelTally.Sum(normal, counter.Counters, threads, (scores, counters) => counter.Count(scores, counters));
        return new(PointsOf(anomalous, cuts, counts), anomalous.Length, counts.Sum());
    }

    private static IEnumerable<CurvePoint> PointsOf(ulong[] anomalous, uint[] cuts, long[] counts)
    {
        long above = counts[^1];
        int anomalousBelow = anomalous.Length;
        for (int i = cuts.Length - 1; i >= 0; i--)
        {
            while (anomalousBelow > 0 && (uint)(anomalous[anomalousBelow - 1] >> 32) >= cuts[i])
                anomalousBelow--;
            long atLeast = above + counts[(2 * i) + 1];
            yield return new(ScoreKey.ToScore(cuts[i]), anomalous.Length - anomalousBelow, atLeast, above);
            above = atLeast + counts[2 * i];
        }
    }

    /// <summary>The distinct keys of the anomalous scores and of the threshold, ascending.</summary>
    private static uint[] FindCuts(ulong[] anomalous, uint threshold)
    {
        // Counted before they are kept, for there may be as many as pixels.
        var cuts = new uint[InOrder().Count()];
        int next = 0;
        foreach (uint cut in InOrder())
            cuts[next++] = cut;
        return cuts;

        IEnumerable<uint> InOrder()
        {
            uint? last = null;
            bool pending = true;
            foreach (ulong number in anomalous)
            {
                uint key = (uint)(number >> 32);
                if (pending && key >= threshold)
                {
                    pending = false;
                    if (key > threshold)
                        yield return threshold;
                }

                if (key != last)
                    yield return key;
                last = key;
            }

            if (pending)
                yield return threshold;
        }
    }

    /// <summary>The metrics that images and pixels have in common.</summary>
    public T Metrics<T>(double threshold, double decision, int falsePositiveCount)
        where T : DetectionMetrics, new()
    {
        (double maximumF1, double maximumF1Threshold) = MaximumF1();
        return new()
        {
            Threshold = threshold,
            Counts = CountsAt(decision),
            AreaUnderRocCurve = AreaUnderRocCurve(),
            AreaUnderPrecisionRecallCurve = AveragePrecision(),
            MaximumF1Score = maximumF1,
            MaximumF1Threshold = maximumF1Threshold,
            DetectionRateAtFalsePositiveCount = DetectionRate(falsePositiveCount),
            FalsePositiveCount = falsePositiveCount,
            OverlappingScores = OverlappingScores(),
        };
    }

    /// <summary>The counts at a threshold that has a point, or between two scores where every score has one.</summary>
    private ConfusionCounts CountsAt(double threshold)
    {
        CurvePoint last = points.TakeWhile(point => point.Score >= threshold).LastOrDefault();
        return Counts(last.TruePositives, last.FalsePositives);
    }

    public ConfusionCounts Counts(long truePositives, long falsePositives)
        => new(truePositives, falsePositives, negatives - falsePositives, positives - truePositives);

    /// <summary>The U statistic of Mann and Whitney over all pairs, counted in whole halves.</summary>
    public double AreaUnderRocCurve()
    {
        UInt128 halves = 0;
        long found = 0;
        foreach (CurvePoint point in points)
        {
            halves += (UInt128)(point.TruePositives - found) * (UInt128)(2 * negatives - point.FalsePositives - point.FalsePositivesAbove);
            found = point.TruePositives;
        }

        return (double)halves / (double)(2 * (UInt128)positives * (UInt128)negatives);
    }

    public double AveragePrecision()
    {
        var sum = new CompensatedSum();
        long found = 0;
        foreach (CurvePoint point in points)
        {
            if (point.TruePositives > found)
                sum.Add((double)(point.TruePositives - found) * point.TruePositives / (point.TruePositives + point.FalsePositives));
            found = point.TruePositives;
        }

        return positives == 0 ? double.NaN : sum.Value / positives;
    }

    /// <summary>
    /// A lower bound of average precision where the anomalous scores of a point may differ, so that they are found one by one, while all
    /// its false positives come first.
    /// </summary>
    public double LowestAveragePrecision()
    {
        const int FewEnoughToAdd = 64;
        var sum = new CompensatedSum();
        long found = 0;
        foreach (CurvePoint point in points)
        {
            long count = point.TruePositives - found;
            double falsePositives = point.FalsePositives;
            if (count <= FewEnoughToAdd)
            {
                for (long i = found + 1; i <= point.TruePositives; i++)
                    sum.Add(i / (i + falsePositives));
            }
            else
            {
                // x / (x + f) is concave, so that its integral over (i - 1/2, i + 1/2) is at most its value at i.
                sum.Add(count - (falsePositives * LogOnePlus(count / (found + 0.5 + falsePositives))));
            }

            found = point.TruePositives;
        }

        return positives == 0 ? double.NaN : sum.Value / positives;
    }

    /// <summary>The exact maximum of 2 TP / (2 TP + FP + FN) and the lowest score that attains it, compared as fractions.</summary>
    public (double Score, double Threshold) MaximumF1()
    {
        long numerator = 0, denominator = 1, found = 0;
        double threshold = double.NaN;
        foreach (CurvePoint point in points)
        {
            long total = point.TruePositives + point.FalsePositives + positives;
            if (point.TruePositives > found && (UInt128)point.TruePositives * (UInt128)denominator >= (UInt128)numerator * (UInt128)total)
                (numerator, denominator, threshold) = (point.TruePositives, total, point.Score);
            found = point.TruePositives;
        }

        return (positives == 0 ? double.NaN : 2.0 * numerator / denominator, threshold);
    }

    public double DetectionRate(int falsePositiveCount)
    {
        long found = 0;
        foreach (CurvePoint point in points)
        {
            if (point.FalsePositives <= falsePositiveCount)
                found = point.TruePositives;
        }

        return (double)found / positives;
    }

    /// <summary>Scores from the lowest anomalous to the highest normal one, both included.</summary>
    public long OverlappingScores()
    {
        long aboveAllNormal = 0;
        foreach (CurvePoint point in points)
        {
            if (point.FalsePositives == 0)
                aboveAllNormal = point.TruePositives;
            if (point.TruePositives == positives)
                return positives == 0 || point.FalsePositives == 0 ? 0 : point.FalsePositives + positives - aboveAllNormal;
        }

        return 0;
    }

    /// <summary>ln(1 + x) without the rounding of 1 + x (Kahan; Goldberg 1991, theorem 4).</summary>
    private static double LogOnePlus(double x)
    {
        double sum = 1 + x;
        return sum == 1 ? x : Math.Log(sum) * x / (sum - 1);
    }
}
