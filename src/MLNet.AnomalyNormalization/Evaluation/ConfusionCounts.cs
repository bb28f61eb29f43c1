using System.Text.Json.Serialization;

namespace MLNet.AnomalyNormalization.Evaluation;

/// <summary>How many scores were decided rightly and wrongly at a threshold, where <c>score &gt;= threshold</c> means anomalous.</summary>
/// <param name="TruePositives">Anomalous and found.</param>
/// <param name="FalsePositives">Normal and taken for anomalous.</param>
/// <param name="TrueNegatives">Normal and passed.</param>
/// <param name="FalseNegatives">Anomalous and missed.</param>
[JsonNumberHandling(JsonNumberHandling.AllowNamedFloatingPointLiterals)]
public readonly record struct ConfusionCounts(long TruePositives, long FalsePositives, long TrueNegatives, long FalseNegatives)
{
    /// <summary>All counted scores.</summary>
    public long Total => TruePositives + FalsePositives + TrueNegatives + FalseNegatives;

    /// <summary>TP / (TP + FP); 0 if nothing was taken for anomalous, NaN if nothing was counted.</summary>
    public double Precision => Ratio(TruePositives, TruePositives + FalsePositives);

    /// <summary>TP / (TP + FN); 0 if nothing is anomalous, NaN if nothing was counted.</summary>
    public double Recall => Ratio(TruePositives, TruePositives + FalseNegatives);

    /// <summary>FP / (FP + TN); 0 if nothing is normal, NaN if nothing was counted.</summary>
    public double FalsePositiveRate => Ratio(FalsePositives, FalsePositives + TrueNegatives);

    /// <summary>2 TP / (2 TP + FP + FN); 0 if that denominator is 0, NaN if nothing was counted.</summary>
    public double F1Score => Ratio(2 * TruePositives, 2 * TruePositives + FalsePositives + FalseNegatives);

    /// <summary>(TP + TN) / all; NaN if nothing was counted.</summary>
    public double Accuracy => Ratio(TruePositives + TrueNegatives, Total);

    private double Ratio(long numerator, long denominator)
        => Total == 0 ? double.NaN : denominator == 0 ? 0 : (double)numerator / denominator;
}
