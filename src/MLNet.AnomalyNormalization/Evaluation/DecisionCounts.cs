namespace MLNet.AnomalyNormalization.Evaluation;

/// <summary>How many normal and anomalous rows pass, are reviewed by a person, or are rejected.</summary>
/// <param name="NormalPassed">Normal rows that pass: right.</param>
/// <param name="NormalReviewed">Normal rows that a person looks at.</param>
/// <param name="NormalRejected">Normal rows that are rejected: false rejects.</param>
/// <param name="AnomalousPassed">Anomalous rows that pass: escapes.</param>
/// <param name="AnomalousReviewed">Anomalous rows that a person looks at.</param>
/// <param name="AnomalousRejected">Anomalous rows that are rejected: right.</param>
public readonly record struct DecisionCounts(
    long NormalPassed, long NormalReviewed, long NormalRejected, long AnomalousPassed, long AnomalousReviewed, long AnomalousRejected)
{
    /// <summary>The share of the anomalous rows that pass, 0..1; NaN without any.</summary>
    public double EscapeRate => (double)AnomalousPassed / (AnomalousPassed + AnomalousReviewed + AnomalousRejected);

    /// <summary>The share of the normal rows that are rejected, 0..1; NaN without any.</summary>
    public double FalseRejectRate => (double)NormalRejected / (NormalPassed + NormalReviewed + NormalRejected);

    /// <summary>How many of 1,000 rows a person looks at, with as many anomalous ones among them as here; NaN without rows.</summary>
    public double ReviewsPerThousand
        => 1000.0 * (NormalReviewed + AnomalousReviewed)
            / (NormalPassed + NormalReviewed + NormalRejected + AnomalousPassed + AnomalousReviewed + AnomalousRejected);
}
