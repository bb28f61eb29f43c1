namespace MLNet.AnomalyNormalization.Onnx;

/// <summary>What <see cref="AnomalyOnnxModel.BakeNormalization"/> adds to a graph, and by which rule.</summary>
public sealed class BakeOptions
{
    /// <summary>Whether to add <c>is_anomalous</c>, Boolean, in the shape of the raw score; NaN is anomalous.</summary>
    public bool AddLabel { get; init; }

    /// <summary>Whether to add <c>anomaly_mask</c>, Boolean, in the shape of the raw map; NaN is anomalous.</summary>
    public bool AddMask { get; init; }

    /// <summary>
    /// Adds <c>decision</c>, Int32, in the shape of the raw score, with the values of <see cref="Decision"/>: what a person decides. The limits
    /// become the defaults of the optional inputs <c>review_from</c> and <c>review_to</c>, of shape [1] and the type of the raw score. Null
    /// adds none.
    /// </summary>
    public ReviewBand? ReviewBand { get; init; }

    /// <summary>Whether the normalised outputs take the place of the raw ones, which are then no outputs any more.</summary>
    public bool ReplaceRawOutputs { get; init; }

    /// <summary>
    /// Where image scores are decided, if not at the image threshold. A constant of the graph: overriding the threshold leaves it as it is.
    /// </summary>
    public EvaluationThreshold? ImageEvaluation { get; init; }

    /// <summary>Where pixels are decided, if not at the pixel threshold. A constant of the graph.</summary>
    public EvaluationThreshold? PixelEvaluation { get; init; }

    /// <summary>False for the classic formula, in which rounding can change a decision; see <see cref="ScoreNormalizer"/>.</summary>
    public bool PreserveDecisions { get; init; } = true;
}
