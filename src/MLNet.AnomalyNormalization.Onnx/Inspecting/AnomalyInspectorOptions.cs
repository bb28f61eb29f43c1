namespace MLNet.AnomalyNormalization.Onnx;

/// <summary>How an <see cref="AnomalyInspector"/> sees and decides.</summary>
public sealed record AnomalyInspectorOptions
{
    /// <summary>The raw thresholds; null for those that came with the model.</summary>
    public AnomalyThresholds? Thresholds { get; init; }

    /// <summary>Which normalised scores a person decides; null for none.</summary>
    public ReviewBand? ReviewBand { get; init; }

    /// <summary>Which regions of the normalised map are told; null for all at 100.</summary>
    public AnomalyRegionOptions? Regions { get; init; }

    /// <summary>Whether maps, masks and regions are wanted; a score alone needs less memory.</summary>
    public bool IncludeMap { get; init; } = true;

    /// <summary>What the model expects of a picture; null for <see cref="AnomalyOnnxModel.Preprocessing"/>.</summary>
    public ImagePreprocessing? Preprocessing { get; init; }

    /// <summary>The CUDA device that runs the model, which needs the package Microsoft.ML.OnnxRuntime.Gpu; null for the CPU.</summary>
    public int? GpuDeviceId { get; init; }
}
