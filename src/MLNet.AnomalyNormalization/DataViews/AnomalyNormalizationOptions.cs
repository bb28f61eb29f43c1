using System.Text.Json.Serialization;
using Microsoft.ML.Runtime;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Scale;

namespace MLNet.AnomalyNormalization;

/// <summary>
/// Which columns an <see cref="AnomalyNormalizationEstimator"/> reads and adds, and by which rule. A column name of null switches the
/// column off.
/// </summary>
/// <remarks>
/// Input columns hold Single or Double values, as a scalar or a vector of any kind; outputs have the type and shape of their input. An
/// output may have the name of its own input, which it then hides, but not that of another input. A score that comes as a vector of one, as
/// ONNX gives it (1 x 1), stays one, for stock components can't make a scalar of it, and a saved model is made of them: a class for rows
/// binds <c>float[]</c> to <c>NormalizedScore</c> and <c>bool[]</c> to <c>PredictedLabel</c> then. Learning, evaluation and reports take both.
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

    /// <summary>
    /// Which normalised image scores a person decides; with it goes <see cref="DecisionColumnName"/>. Null, the default, for none.
    /// </summary>
    public ReviewBand? ReviewBand { get; init; }

    /// <summary>
    /// The column added where there is a <see cref="ReviewBand"/>: Int32, in the shape of the score column, with the values of
    /// <see cref="Decision"/>. NaN is rejected.
    /// </summary>
    public string? DecisionColumnName { get; init; } = "Decision";

    /// <summary>Which threshold normalises the map and the box scores.</summary>
    public ThresholdType ThresholdType { get; init => field = DefinedEnum.Require(value); } = ThresholdType.Pixel;

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
    /// Whether a row is anomalous; read only when a threshold is learned. Boolean, or a number with 0, 1 and, for unknown, -1 or NaN, or text
    /// (see <see cref="NormalLabels"/>), or a key of such values; rows with an unknown label are left out. Null says that all rows are
    /// normal.
    /// </summary>
    public string? LabelColumnName { get; init; } = "Label";

    /// <summary>
    /// Which labels are those of normal rows, where labels are text, without regard to case. An empty text, <c>unknown</c> and <c>-1</c> are
    /// unknown, <c>0</c> and <c>false</c> normal, and all others anomalous.
    /// </summary>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public IReadOnlyList<string> NormalLabels
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value, nameof(NormalLabels));
            field = value;
        }
    } = AnomalyEvaluationOptions.DefaultNormalLabels;

    /// <summary>
    /// Which pixels are anomalous, row-major as the map; read only when a threshold is learned, and if named. A vector of Byte, Boolean or
    /// Single in which 0 is normal, or an image (see <see cref="MaskThreshold"/>). A missing mask is that of a good image, if the label says
    /// so; a mask that contradicts the label is refused. Without a mask column the pixel threshold is learned from the maps of normal rows
    /// alone.
    /// </summary>
    public string? MaskColumnName { get; init; }

    /// <inheritdoc cref="AnomalyEvaluationOptions.ResizeMasks"/>
    public bool ResizeMasks { get; init; }

    /// <inheritdoc cref="AnomalyEvaluationOptions.MaskThreshold"/>
    public byte? MaskThreshold { get; init; }

    /// <inheritdoc cref="AnomalyEvaluationOptions.IgnoredMaskValue"/>
    public double? IgnoredMaskValue { get; init; }

    /// <inheritdoc cref="AnomalyEvaluationOptions.InspectedArea"/>
    public PictureArea? InspectedArea { get; init; }

    /// <summary>
    /// Which pixels of the maps a pixel threshold is learned from: 0 for those that are ignored, row-major, of the size of the maps; null for
    /// all of them (quadra's <c>valid_area_mask</c>). Maps are normalised as a whole.
    /// </summary>
    public IReadOnlyList<byte>? ValidArea { get; init; }

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
    [JsonIgnore]
    public IChannelProvider? Log { get; init; }

    /// <summary>
    /// Ends the learning of thresholds, within a row, with an <see cref="OperationCanceledException"/>; a transformer that was fitted takes
    /// no more notice of it.
    /// </summary>
    [JsonIgnore]
    public CancellationToken CancellationToken { get; init; }

    /// <summary>These options, with evaluation thresholds on the scale of the given thresholds.</summary>
    internal AnomalyNormalizationOptions On(AnomalyThresholds thresholds) => this with
    {
        ImageEvaluation = ImageEvaluation?.On(thresholds.Image),
        PixelEvaluation = PixelEvaluation?.On(thresholds.Pixel),
    };

    /// <summary>What normalises image scores, what pixels, and which of them maps and box scores.</summary>
    internal (ScoreNormalizer Image, ScoreNormalizer Pixel, ScoreNormalizer Map) NormalizersFor(AnomalyThresholds thresholds)
    {
        var image = new ScoreNormalizer(thresholds.Image, ImageEvaluation, PreserveDecisions);
        var pixel = new ScoreNormalizer(thresholds.Pixel, PixelEvaluation, PreserveDecisions);
        return (image, pixel, ThresholdType == ThresholdType.Image ? image : pixel);
    }
}
