namespace MLNet.AnomalyNormalization.Onnx;

/// <summary>How images are prepared for a model, and which columns its raw values go to.</summary>
public sealed class AnomalyOnnxScoringOptions
{
    /// <summary>The column for the raw image score: a Single vector of one element.</summary>
    public string ScoreColumnName { get; init; } = "Score";

    /// <summary>The column for the raw anomaly map, Single, 1 x 1 x height x width, if the model gives one; null leaves it out.</summary>
    public string? MapColumnName { get; init; } = "AnomalyMap";

    /// <summary>What the model expects of an image; null for <see cref="AnomalyOnnxModel.Preprocessing"/>.</summary>
    public ImagePreprocessing? Preprocessing { get; init; }

    /// <summary>
    /// The height of the pictures that a saved pipeline is for, together with <see cref="PictureWidth"/>; null for that of the first row
    /// that the pipeline is fitted on.
    /// </summary>
    public int? PictureHeight { get; init; }

    /// <summary>The width of the pictures that a saved pipeline is for; null for that of the first row.</summary>
    public int? PictureWidth { get; init; }

    /// <summary>The CUDA device that runs the model, which needs the package Microsoft.ML.OnnxRuntime.Gpu; null for the CPU.</summary>
    public int? GpuDeviceId { get; init; }

    /// <summary>
    /// Stops what the pipeline does, within the model, with an <see cref="OperationCanceledException"/>: its making and fitting, and every
    /// row that it scores until it is saved and loaded again. Whatever reads those rows (learning, an evaluation) ends with it.
    /// </summary>
    public CancellationToken CancellationToken { get; init; }
}
