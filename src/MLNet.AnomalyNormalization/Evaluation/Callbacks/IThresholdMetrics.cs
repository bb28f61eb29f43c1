namespace MLNet.AnomalyNormalization.Evaluation;

/// <summary>Metrics that depend on a decision threshold.</summary>
public interface IThresholdMetrics
{
    /// <summary>Sets the threshold at which a score counts as anomalous, <c>score &gt;= threshold</c>.</summary>
    /// <param name="threshold">The threshold, on the scale of the scores that the metrics are given.</param>
    void SetThreshold(double threshold);
}
