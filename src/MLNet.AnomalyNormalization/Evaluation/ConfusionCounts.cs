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

    /// <summary>
    /// What a row costs in the mean: <c>falseReject (1 - prevalence) FPR + escape prevalence (1 - recall)</c>, which
    /// <see cref="ThresholdStrategy.MinimumCost"/> makes as small as it can be. NaN if nothing of a class was counted that the cost depends on.
    /// </summary>
    /// <param name="falseReject">What it costs to reject a normal row, in whatever unit.</param>
    /// <param name="escape">What it costs to miss an anomalous row, in the same unit.</param>
    /// <param name="prevalence">How many of the rows to come are anomalous, 0..1; null if as many as of those that were counted.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="prevalence"/> is not in 0..1.</exception>
    public double Cost(double falseReject, double escape, double? prevalence = null)
        => prevalence switch
        {
            null => ((falseReject * FalsePositives) + (escape * FalseNegatives)) / Total,
            >= 0 and <= 1 and var share => (falseReject * (1 - share) * FalsePositives / (FalsePositives + TrueNegatives))
                + (escape * share * FalseNegatives / (FalseNegatives + TruePositives)),
            _ => throw new ArgumentOutOfRangeException(nameof(prevalence), prevalence, "A prevalence is a share, 0 to 1."),
        };

    private double Ratio(long numerator, long denominator)
        => Total == 0 ? double.NaN : denominator == 0 ? 0 : (double)numerator / denominator;
}
