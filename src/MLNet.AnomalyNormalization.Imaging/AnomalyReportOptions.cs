using MLNet.AnomalyNormalization.Evaluation;

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

    /// <summary>
    /// Which pixels of the maps are looked at and which regions count, null for all: masks and outlines show only these. What is ignored is
    /// shown as not inspected and left out of the pixel metrics, with the defects there; these know of no other rule for regions. Image
    /// scores are what the model gave (<see cref="AnomalyRegions.Score(AnomalyMap, AnomalyRegionOptions?)"/> makes one of regions), and the
    /// threshold is that of the report, not of these options. Peaks are on the normalised scale.
    /// </summary>
    public AnomalyRegionOptions? Regions { get; init; }

    /// <summary>
    /// The raw thresholds of the model itself, which a threshold that is kept on the page then takes the place of, beside the model; null if they
    /// are those of the report.
    /// </summary>
    public AnomalyThresholds? ModelThresholds { get; init; }

    /// <summary>The colours of the heat maps.</summary>
    public HeatMapColors Colors { get; init; }
}
