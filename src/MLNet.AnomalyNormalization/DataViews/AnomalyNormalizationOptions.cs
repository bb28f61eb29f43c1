using Microsoft.ML.Runtime;

namespace MLNet.AnomalyNormalization;

/// <summary>
/// Which columns an <see cref="AnomalyNormalizationEstimator"/> reads and adds, and by which rule. A column name of null switches the
/// column off.
/// </summary>
/// <remarks>
/// Input columns hold Single or Double values, as a scalar or a vector of any kind; outputs have the type and shape of their input. An
/// output may have the name of its own input, which it then hides, but not that of another input.
/// </remarks>
public sealed record AnomalyNormalizationOptions
{
    /// <summary>The raw image score; normalised and decided by the image threshold.</summary>
    public string? ScoreColumnName { get; init; } = "Score";

    /// <summary>The raw anomaly map, row-major, for instance 1 x 1 x height x width; off unless named.</summary>
    public string? MapColumnName { get; init; }

    /// <summary>The raw scores of detected boxes, as many as the image has; off unless named.</summary>
    public string? BoxScoresColumnName { get; init; }

    /// <summary>The column added for <see cref="ScoreColumnName"/>.</summary>
    public string NormalizedScoreColumnName { get; init; } = "NormalizedScore";

    /// <summary>The column added for <see cref="MapColumnName"/>.</summary>
    public string NormalizedMapColumnName { get; init; } = "NormalizedMap";

    /// <summary>The column added for <see cref="BoxScoresColumnName"/>.</summary>
    public string NormalizedBoxScoresColumnName { get; init; } = "NormalizedBoxScores";

    /// <summary>
    /// The decision for <see cref="ScoreColumnName"/>, Boolean, in the shape of that column: true where the raw score is not less than the
    /// threshold, so that NaN is anomalous. Null leaves it out, and so does a score column that is switched off.
    /// </summary>
    public string? PredictedLabelColumnName { get; init; } = "PredictedLabel";

    /// <summary>Which threshold normalises the map and the box scores.</summary>
    public ThresholdType ThresholdType { get; init; } = ThresholdType.Pixel;

    /// <summary>
    /// Where image scores are decided, if not at the image threshold; with it goes whatever uses the image threshold. Where thresholds are
    /// learned, <see cref="EvaluationThreshold.At(double)"/> names a place of the scale that they will give.
    /// </summary>
    public EvaluationThreshold? ImageEvaluation { get; init; }

    /// <summary>Where pixels are decided, if not at the pixel threshold.</summary>
    public EvaluationThreshold? PixelEvaluation { get; init; }

    /// <summary>False for the classic formula, in which rounding can change a decision; see <see cref="ScoreNormalizer"/>.</summary>
    public bool PreserveDecisions { get; init; } = true;

    /// <summary>
    /// Whether a row is anomalous; read only when a threshold is learned. Boolean, or Single, Double or Int32 with 0, 1 and, for unknown, -1
    /// or NaN; rows with an unknown label are left out. Null says that all rows are normal.
    /// </summary>
    public string? LabelColumnName { get; init; } = "Label";

    /// <summary>
    /// Which pixels are anomalous, row-major as the map; read only when a threshold is learned, and if named. A vector of Byte, Boolean or
    /// Single in which 0 is normal, or an image: a pixel is then anomalous where the image is at least half opaque, if it has any
    /// transparency, or else where its brightest channel is at least half. An empty mask is that of a good image. Without a mask column the
    /// pixel threshold is learned from the maps of normal rows alone.
    /// </summary>
    public string? MaskColumnName { get; init; }

    /// <summary>
    /// How the pixel threshold is learned, if not as the image threshold. A strategy that needs anomalous pixels needs a mask column.
    /// </summary>
    public ThresholdStrategy? PixelStrategy { get; init; }

    /// <summary>
    /// Whether a score of NaN counts as anomalous, above every other score, when a threshold is learned. Otherwise NaN is refused there. A
    /// model may mean the opposite by it: RandomizedPca gives NaN to rows that it reconstructs perfectly. Replace it then before the
    /// normaliser, as in <c>mlContext.Transforms.ReplaceMissingValues("Score")</c>, which makes it 0.
    /// </summary>
    public bool CountNaNAsAnomalous { get; init; }

    /// <summary>
    /// Where learning warns, usually the <c>MLContext</c>, whose <c>Log</c> event then tells it: of a scale that says little
    /// (<see cref="ThresholdFit.Warning"/>), and of thresholds that are learned from the very rows that a pipeline is fitted on. ML.NET's
    /// catalogs keep their context to themselves, so that it has to be named here.
    /// </summary>
    public IChannelProvider? Log { get; init; }

    /// <summary>These options, with evaluation thresholds on the scale of the given thresholds.</summary>
    internal AnomalyNormalizationOptions On(AnomalyThresholds thresholds) => this with
    {
        ImageEvaluation = ImageEvaluation?.On(thresholds.Image),
        PixelEvaluation = PixelEvaluation?.On(thresholds.Pixel),
    };
}
