namespace MLNet.AnomalyNormalization.Onnx;

/// <summary>How an <see cref="AnomalyInspector"/> sees and decides.</summary>
public sealed record AnomalyInspectorOptions
{
    /// <summary>The raw thresholds; null for those that came with the model.</summary>
    public AnomalyThresholds? Thresholds { get; init; }

    /// <summary>
    /// Which normalised scores a person decides; null for those of the band that was kept with the model's thresholds, if it was and these are
    /// not given here, and for none otherwise.
    /// </summary>
    public ReviewBand? ReviewBand { get; init; }

    /// <summary>
    /// Which regions of the normalised map are told, masked and drawn; null for all at 100. Threshold and peak are on that scale. The decision
    /// stays that of the image score: a pipeline with <c>FindAnomalyRegions</c> decides by regions.
    /// </summary>
    public AnomalyRegionOptions? Regions { get; init; }

    /// <summary>Whether maps, masks and regions are wanted; a score alone needs less memory.</summary>
    public bool IncludeMap { get; init; } = true;

    /// <summary>What the model expects of a picture; null for <see cref="AnomalyOnnxModel.Preprocessing"/>.</summary>
    public ImagePreprocessing? Preprocessing { get; init; }

    /// <summary>
    /// The column of images that a saved pipeline takes, for its schema doesn't keep columns of that type; null for one that takes the paths of
    /// picture files, and for ONNX models.
    /// </summary>
    public string? ImageColumnName { get; init; }

    /// <summary>
    /// Whether an inspection keeps the pixels that it was made of, for <see cref="Inspection.SaveOverlay(string)"/>. Of a file they are read
    /// again where they aren't kept.
    /// </summary>
    public bool KeepPicture { get; init; }

    /// <summary>
    /// The most pixels of a picture file, which can claim gigabytes in a few bytes; larger ones are refused before they are decoded. Null
    /// for what memory can hold.
    /// </summary>
    public long? MaximumPixels { get; init; }

    /// <summary>What runs the model.</summary>
    public ExecutionProvider Provider { get; init; }

    /// <summary>Which GPU, where the provider has several.</summary>
    public int DeviceId { get; init; }

    /// <summary>
    /// How many threads one inspection takes on the processor, at least 1; null for one a core. Whoever inspects several pictures at once
    /// gets more of them done with few.
    /// </summary>
    public int? Threads { get; init; }
}
