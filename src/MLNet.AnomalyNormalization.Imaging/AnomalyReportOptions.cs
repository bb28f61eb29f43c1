namespace MLNet.AnomalyNormalization.Imaging;

/// <summary>How an <see cref="AnomalyReport"/> decides and what it looks like.</summary>
public sealed class AnomalyReportOptions
{
    /// <summary>
    /// Where decisions are made on the normalised scale, in (0, 1000]; 100, the model's own threshold, unless set. Null for the lowest
    /// score that gives the best F1 on the rows of the report, found in Single as quadra does; where no label is known it is 100.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in (0, 1000].</exception>
    public double? NormalizedThreshold
    {
        get;
        init => field = value is null or (> 0 and <= ScoreNormalizer.MaximumScore)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(NormalizedThreshold), value,
                "A decision threshold must be greater than 0 and at most 1000 on the normalised scale, or null for the best F1.");
    } = ScoreNormalizer.DecisionScore;

    /// <summary>The colours of the heat maps.</summary>
    public HeatMapColors Colors { get; init; }
}
