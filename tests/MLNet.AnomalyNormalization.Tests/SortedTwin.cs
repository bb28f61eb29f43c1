using System.Numerics;

namespace MLNet.AnomalyNormalization.Tests;

/// <summary>The thresholds by their definitions, from sorted scores, with no regard for speed or memory.</summary>
internal sealed class SortedTwin(float[] scores, bool[] isAnomalous)
{
    public float[] Normal { get; } = [.. scores.Where((_, i) => !isAnomalous[i]).Order()];

    public float[] Anomalous { get; } = [.. scores.Where((_, i) => isAnomalous[i]).Order()];

    public bool IsSeparable => Anomalous[0] > Normal[^1];

    public int FalsePositives(double threshold) => Normal.Count(score => score >= (float)threshold);

    public int TruePositives(double threshold) => Anomalous.Count(score => score >= (float)threshold);

    /// <summary>The lowest of the scores with the greatest F1, in rational arithmetic.</summary>
    public float LowestWithMaximumF1()
    {
        (float best, BigInteger numerator, BigInteger denominator) = (float.NaN, -1, 1);
        foreach (float score in scores.Distinct().OrderDescending())
        {
            int tp = TruePositives(score);
            int fp = FalsePositives(score);
            int fn = Anomalous.Length - tp;
            if (2 * tp * denominator >= numerator * (2 * tp + fp + fn))
                (best, numerator, denominator) = (score, 2 * tp, 2 * tp + fp + fn);
        }

        return best;
    }

    public void AssertMeasures(ThresholdFit fit)
    {
        int tp = TruePositives(fit.Threshold);
        int fp = FalsePositives(fit.Threshold);
        Assert.AreEqual(Normal.Length, fit.NormalCount);
        Assert.AreEqual(Anomalous.Length, fit.AnomalousCount);
        Assert.AreEqual((double)fp / Normal.Length, fit.FalsePositiveRate);
        Assert.AreEqual((double)tp / Anomalous.Length, fit.Recall);
        Assert.AreEqual(Anomalous.Length == 0 ? double.NaN : 2.0 * tp / (tp + fp + Anomalous.Length), fit.F1Score);
        Assert.IsTrue(fit.LowerBound <= fit.Threshold && fit.Threshold <= fit.UpperBound, $"{fit}");
        Assert.IsTrue(float.IsFinite((float)fit.Threshold), $"{fit}");
        Assert.AreEqual(fit.Threshold == 0, (float)fit.Threshold == 0, $"{fit}");
    }
}
