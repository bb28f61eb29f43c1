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
    /// <param name="cancellationToken">Stops counting.</param>
    public static ThresholdCurve Of(
        ulong[] anomalous, IReadOnlyList<float[]> normal, float threshold, int threads, CancellationToken cancellationToken)
    {
        uint[] cuts = FindCuts(anomalous, ScoreKey.Of(threshold));
        var counter = new CutCounter(cuts);
        long[] counts = ParallelTally.Sum(normal, counter.Counters, threads, (scores, counters) => counter.Count(scores, counters), cancellationToken);
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
        CurveReading reading = Read(decision, falsePositiveCount);
        return new()
        {
            Threshold = threshold,
            Counts = Counts(reading.AtDecision.TruePositives, reading.AtDecision.FalsePositives),
            AreaUnderRocCurve = reading.AreaUnderRocCurve,
            AreaUnderPrecisionRecallCurve = reading.AveragePrecision,
            MaximumF1Score = reading.MaximumF1Score,
            MaximumF1Threshold = reading.MaximumF1Threshold,
            DetectionRateAtFalsePositiveCount = reading.DetectionRate,
            FalsePositiveCount = falsePositiveCount,
            OverlappingScores = reading.OverlappingScores,
        };
    }

    /// <summary>Reads all metrics in one walk.</summary>
    /// <param name="decision">A threshold that has a point, or lies between two scores where every score has one.</param>
    /// <param name="falsePositiveCount">How many false positives the detection rate allows.</param>
    public CurveReading Read(double decision, int falsePositiveCount)
    {
        var reading = new CurveReading(positives, negatives, decision, falsePositiveCount);
        foreach (CurvePoint point in points)
            reading.Add(point);
        return reading;
    }

    public ConfusionCounts Counts(long truePositives, long falsePositives)
        => new(truePositives, falsePositives, negatives - falsePositives, positives - truePositives);

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

    /// <summary>ln(1 + x) without the rounding of 1 + x (Kahan; Goldberg 1991, theorem 4).</summary>
    private static double LogOnePlus(double x)
    {
        double sum = 1 + x;
        return sum == 1 ? x : Math.Log(sum) * x / (sum - 1);
    }
}
