using System.Runtime.CompilerServices;

namespace MLNet.AnomalyNormalization.Evaluation;

/// <summary>What <c>mlContext.AnomalyDetection.EvaluateNormalized</c> reads, measures and calls. A column name of null leaves its part out.</summary>
/// <remarks>A value out of its range, or a null where there must be something, is refused when it is set.</remarks>
public sealed class AnomalyEvaluationOptions
{
    internal static readonly IReadOnlyList<string> DefaultNormalLabels = ["good", "normal", "ok"];

    /// <summary>
    /// The image scores, Single or Double, as a scalar or a vector of one element: normalised ones or, with a callback that normalises them,
    /// raw ones. Null leaves the image metrics out.
    /// </summary>
    public string? ScoreColumnName { get; init; } = "NormalizedScore";

    /// <summary>
    /// Whether a row is anomalous: Boolean, or a number with 0, 1 and, for unknown, -1 or NaN, or text (see <see cref="NormalLabels"/>), or a
    /// key of such values; of two keys without values the first is normal. Null if no label is known.
    /// </summary>
    public string? LabelColumnName { get; init; } = "Label";

    /// <summary>
    /// Which labels are those of normal rows, where labels are text, without regard to case. An empty text, <c>unknown</c> and <c>-1</c> are
    /// unknown, <c>0</c> and <c>false</c> normal, and all others anomalous.
    /// </summary>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public IReadOnlyList<string> NormalLabels { get; init => field = RequireNotNull(value); } = DefaultNormalLabels;

    /// <summary>The anomaly maps, row-major, a vector of Single or Double; read only if <see cref="MaskColumnName"/> is named, or
    /// <see cref="PassMaps"/> set.</summary>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public string MapColumnName { get; init => field = RequireNotNull(value); } = "NormalizedMap";

    /// <summary>
    /// The defects of the maps, row-major and of the same size; null leaves the pixel metrics out. A vector of Byte, Boolean or Single in
    /// which 0 is normal, or an image (see <see cref="MaskThreshold"/>). A missing mask is that of a good image, if the label says so; with an
    /// unknown label the pixels of the row are left out. A mask without a defect on an anomalous row, or with one on a normal row, is refused.
    /// </summary>
    public string? MaskColumnName { get; init; }

    /// <summary>
    /// Whether masks that are images show the whole photo, in any size, and are brought to the map's area and size: each pixel becomes the
    /// one of the mask that its centre lies in. Otherwise a mask shows what the map does, pixel by pixel, and one of another size is refused.
    /// </summary>
    public bool ResizeMasks { get; init; }

    /// <summary>
    /// The value, 1 to 255, from which on a pixel of a mask that is an image is a defect: its opacity, if any pixel is less than half opaque,
    /// or else its brightest channel. Null for half (128), which soft edges are cut off at; an image that is not black but doesn't reach it
    /// is then refused, for its defects may be written as 1.
    /// </summary>
    public byte? MaskThreshold { get; init; }

    /// <summary>The value in masks of pixels that nobody knows, for instance 255 or -1, which are left out; null if there are none.</summary>
    public double? IgnoredMaskValue { get; init; }

    /// <summary>A column of text that names each row, for the callbacks, for instance the path of its picture; off unless named.</summary>
    public string? IdColumnName { get; init; }

    /// <summary>
    /// Whether callbacks are given the maps of <see cref="MapColumnName"/> also where there are no masks to compare them with: without a
    /// <see cref="MaskColumnName"/>, and when predicting. A map whose own column doesn't tell its height and width needs
    /// <see cref="MapHeight"/> then.
    /// </summary>
    public bool PassMaps { get; init; }

    /// <summary>The scores of detected boxes, a vector of Single or Double, for the callbacks; off unless named.</summary>
    public string? BoxScoresColumnName { get; init; }

    /// <summary>
    /// The height of the maps, where neither the type of the map column nor that of the mask tells; to be set together with
    /// <see cref="MapWidth"/>.
    /// </summary>
    public int? MapHeight { get; init; }

    /// <summary>The width of the maps; see <see cref="MapHeight"/>.</summary>
    public int? MapWidth { get; init; }

    /// <summary>
    /// Which area of the photo the maps cover, for a model that crops its pictures. Null for what the map column says (see
    /// <c>GetInspectedArea</c>), or else the whole photo. Masks that show the photo are cropped to it (<see cref="ResizeMasks"/>).
    /// </summary>
    public PictureArea? InspectedArea { get; init; }

    /// <summary>
    /// Which pixels of the maps count: 0 for those that are ignored, row-major, of the size of the maps; null for all of them (quadra's
    /// <c>valid_area_mask</c>). What is ignored is left out of the pixel metrics, and a defect there with it. Image scores are what the model
    /// gave them; <c>FindAnomalyRegions</c> makes one of a map's valid area.
    /// </summary>
    public IReadOnlyList<byte>? ValidArea { get; init; }

    /// <summary>
    /// The decision threshold of the image metrics, unless a callback sets another one. Null for the one that the column's normaliser
    /// decides at (see <c>GetScoreNormalizer</c>), or else 100; <see cref="AnomalyEvaluation.ImageThresholdOrigin"/> says which it was.
    /// </summary>
    public double? ImageThreshold { get; init; }

    /// <summary>The decision threshold of the pixel metrics; see <see cref="ImageThreshold"/>.</summary>
    public double? PixelThreshold { get; init; }

    /// <summary>
    /// Which normalised image scores a person decides, to be counted in <see cref="AnomalyEvaluation.Decisions"/>; null for those of the band that
    /// the transformer decided by, which the score column says (see <c>GetReviewBand</c>), and none if it says nothing.
    /// </summary>
    public ReviewBand? ReviewBand { get; init; }

    /// <summary>How many normal images or pixels <see cref="DetectionMetrics.DetectionRateAtFalsePositiveCount"/> allows to be taken for anomalous.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int FalsePositiveCount
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value, nameof(FalsePositiveCount));
            field = value;
        }
    } = 10;

    /// <summary>
    /// A text that rows are grouped by, for instance their category or camera, to be evaluated group by group as well, in
    /// <see cref="AnomalyEvaluation.Groups"/>; null for none. Groups share options and thresholds, and each takes the memory of an evaluation.
    /// </summary>
    public string? GroupColumnName { get; init; }

    /// <summary>
    /// How many rows each row stands for in the metrics of images, a whole number (see <see cref="ImageEvaluator"/>); null if each stands for
    /// itself. Pixels are counted as they are.
    /// </summary>
    public string? WeightColumnName { get; init; }

    /// <summary>Whether <see cref="AnomalyEvaluation.ImageCurve"/> and <see cref="AnomalyEvaluation.PixelCurve"/> are computed as well.</summary>
    public bool ComputeCurves { get; init; }

    /// <summary>What is kept and computed of pixels.</summary>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public PixelEvaluatorOptions Pixel { get; init => field = RequireNotNull(value); } = new();

    /// <summary>Whether a score of NaN counts as anomalous, above every other score, in images and pixels. Otherwise it is refused.</summary>
    public bool CountNaNAsAnomalous { get; init; }

    /// <summary>
    /// What takes part in the evaluation, called in this order. With callbacks the data is read by one cursor, so that they see the rows in
    /// their order and are never called at the same time.
    /// </summary>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public IReadOnlyList<AnomalyEvaluationCallback> Callbacks { get; init => field = RequireNotNull(value); } = [];

    /// <summary>The number of rows that callbacks get at a time; positive.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not positive.</exception>
    public int BatchSize { get; init => field = RequirePositive(value); } = 16;

    /// <summary>How many cursors read the data at once, and how many threads count pixels; positive. No result depends on it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not positive.</exception>
    public int Threads { get; init => field = RequirePositive(value); } = Environment.ProcessorCount;

    private static T RequireNotNull<T>(T value, [CallerMemberName] string name = "")
    {
        ArgumentNullException.ThrowIfNull(value, name);
        return value;
    }

    private static int RequirePositive(int value, [CallerMemberName] string name = "")
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value, name);
        return value;
    }
}
