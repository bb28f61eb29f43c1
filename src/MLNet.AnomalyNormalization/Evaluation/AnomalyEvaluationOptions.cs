namespace MLNet.AnomalyNormalization.Evaluation;

/// <summary>What <c>mlContext.AnomalyDetection.EvaluateNormalized</c> reads, measures and calls. A column name of null leaves its part out.</summary>
public sealed class AnomalyEvaluationOptions
{
    /// <summary>
    /// The image scores, Single or Double, as a scalar or a vector of one element: normalised ones or, with a callback that normalises them,
    /// raw ones. Null leaves the image metrics out.
    /// </summary>
    public string? ScoreColumnName { get; init; } = "NormalizedScore";

    /// <summary>
    /// Whether a row is anomalous: Boolean, or Single, Double or Int32 with 0, 1 and, for unknown, -1 or NaN. Null if no label is known.
    /// </summary>
    public string? LabelColumnName { get; init; } = "Label";

    /// <summary>The anomaly maps, row-major, a vector of Single or Double; read only if <see cref="MaskColumnName"/> is named.</summary>
    public string MapColumnName { get; init; } = "NormalizedMap";

    /// <summary>
    /// The defects of the maps, row-major and of the same size; null leaves the pixel metrics out. A vector of Byte, Boolean or Single in
    /// which 0 is normal, or an image: a pixel is then a defect where the image is at least half opaque, if it has any transparency, or else
    /// where its brightest channel is at least half. An empty mask is that of a good image, if the label says so; with an unknown label the
    /// pixels of the row are left out.
    /// </summary>
    public string? MaskColumnName { get; init; }

    /// <summary>
    /// Whether a mask that is an image of another size than its map is brought to the map's: each pixel becomes the one of the mask that its
    /// centre lies in. Otherwise such a mask is refused.
    /// </summary>
    public bool ResizeMasks { get; init; }

    /// <summary>The scores of detected boxes, a vector of Single or Double, for the callbacks; off unless named.</summary>
    public string? BoxScoresColumnName { get; init; }

    /// <summary>
    /// The height of the maps, where neither the type of the map column nor that of the raw map or the mask beside it tells; to be set
    /// together with <see cref="MapWidth"/>.
    /// </summary>
    public int? MapHeight { get; init; }

    /// <summary>The width of the maps; see <see cref="MapHeight"/>.</summary>
    public int? MapWidth { get; init; }

    /// <summary>The decision threshold of the image metrics, unless a callback sets another one.</summary>
    public double ImageThreshold { get; init; } = ScoreNormalizer.DecisionScore;

    /// <summary>The decision threshold of the pixel metrics, unless a callback sets another one.</summary>
    public double PixelThreshold { get; init; } = ScoreNormalizer.DecisionScore;

    /// <summary>How many normal images or pixels <see cref="DetectionMetrics.DetectionRateAtFalsePositiveCount"/> allows to be taken for anomalous.</summary>
    public int FalsePositiveCount { get; init; } = 10;

    /// <summary>What is kept and computed of pixels.</summary>
    public PixelEvaluatorOptions Pixel { get; init; } = new();

    /// <summary>Whether a score of NaN counts as anomalous, above every other score, in images and pixels. Otherwise it is refused.</summary>
    public bool CountNaNAsAnomalous { get; init; }

    /// <summary>
    /// What takes part in the evaluation, called in this order. With callbacks the data is read by one cursor, so that they see the rows in
    /// their order and are never called at the same time.
    /// </summary>
    public IReadOnlyList<AnomalyEvaluationCallback> Callbacks { get; init; } = [];

    /// <summary>The number of rows that callbacks get at a time; positive.</summary>
    public int BatchSize { get; init; } = 16;

    /// <summary>How many cursors read the data at once, and how many threads count pixels; positive. No result depends on it.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;
}
