using MLNet.AnomalyNormalization.Onnx;

namespace MLNet.AnomalyNormalization.Hosting;

/// <summary>Which model a <see cref="HostedInspector"/> runs, and how. Can be bound to a section of the configuration.</summary>
public sealed class HostedInspectorOptions
{
    /// <summary>The ONNX file, a folder with one, or a saved pipeline; see <see cref="AnomalyInspector.Open"/>. Must be set.</summary>
    public string ModelPath { get; set; } = "";

    /// <summary>The raw threshold of an image; null, as that of a pixel, for those that came with the model.</summary>
    public double? ImageThreshold { get; set; }

    /// <summary>The raw threshold of a pixel; null, as that of an image, for those that came with the model.</summary>
    public double? PixelThreshold { get; set; }

    /// <summary>The normalised score from which a person decides, together with <see cref="ReviewTo"/>; null for none.</summary>
    public double? ReviewFrom { get; set; }

    /// <summary>The normalised score from which a picture is rejected without being looked at, together with <see cref="ReviewFrom"/>.</summary>
    public double? ReviewTo { get; set; }

    /// <summary>The smallest region that is told, in pixels of the map.</summary>
    public int MinimumArea { get; set; } = 1;

    /// <summary>The most pixels of a picture file; larger ones are refused before they are decoded. Null for what memory can hold.</summary>
    public long? MaximumPixels { get; set; }

    /// <summary>Whether an inspection keeps its pixels, for <see cref="Inspection.SaveOverlay(Stream)"/>.</summary>
    public bool KeepPicture { get; set; }

    /// <summary>What runs the model.</summary>
    public ExecutionProvider Provider { get; set; }

    /// <summary>Which GPU, where the provider has several.</summary>
    public int DeviceId { get; set; }

    /// <summary>How many threads one inspection takes on the processor; null for one a core.</summary>
    public int? Threads { get; set; }

    /// <summary>
    /// The picture that the health check has inspected, and that a model is tried on before it takes over from another; null for a black one.
    /// </summary>
    public string? ReferencePicture { get; set; }

    /// <summary>What has to be decided of <see cref="ReferencePicture"/>; null for anything but a score of NaN.</summary>
    public Decision? ReferenceDecision { get; set; }

    /// <summary>Whether the model is opened anew when its file, or the description beside it, changes.</summary>
    public bool ReloadOnChange { get; set; } = true;

    /// <exception cref="ArgumentException">A value can't be, or half of a pair is missing.</exception>
    internal AnomalyInspectorOptions ToInspectorOptions()
        => new()
        {
            Thresholds = Both(ImageThreshold, PixelThreshold, nameof(ImageThreshold), nameof(PixelThreshold)) is var (image, pixel)
                ? new(image, pixel)
                : null,
            ReviewBand = Both(ReviewFrom, ReviewTo, nameof(ReviewFrom), nameof(ReviewTo)) is var (from, to) ? new(from, to) : null,
            Regions = new() { MinimumArea = MinimumArea },
            MaximumPixels = MaximumPixels,
            KeepPicture = KeepPicture,
            Provider = Provider,
            DeviceId = DeviceId,
            Threads = Threads,
        };

    private static (double First, double Second)? Both(double? first, double? second, string firstName, string secondName)
        => (first, second) switch
        {
            ({ } one, { } other) => (one, other),
            (null, null) => null,
            _ => throw new ArgumentException($"Of {firstName} and {secondName} only one is set; expected both, or neither."),
        };
}
