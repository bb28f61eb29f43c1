using System.Text;

namespace MLNet.AnomalyNormalization.Onnx;

/// <summary>How pixels between the pixels of a picture are found when it is resized.</summary>
public enum ImageInterpolation
{
    /// <summary>From the four pixels around it, linearly; torch's and OpenCV's <c>linear</c>.</summary>
    Bilinear,

    /// <summary>From the sixteen pixels around it, by cubic polynomials.</summary>
    Bicubic,

    /// <summary>The nearest pixel towards the upper left, as torch and OpenCV choose it.</summary>
    Nearest,
}

/// <summary>The Python library whose habits a preparation follows.</summary>
public enum ImageLibrary
{
    /// <summary>
    /// torchvision on floating-point tensors (anomalib 1 and 2): values stay between the steps of a byte, a centre crop begins at
    /// <c>round((size - crop) / 2)</c> with ties to even, an EXIF orientation is ignored.
    /// </summary>
    Torchvision,

    /// <summary>
    /// OpenCV on bytes, through albumentations (anomalib 0.x, quadra): resized pixels are rounded to bytes, a centre crop begins at
    /// <c>floor((size - crop) / 2)</c>, a picture is turned by its EXIF orientation when it is read. OpenCV never antialiases.
    /// </summary>
    OpenCv,
}

/// <summary>
/// How a picture becomes the input of a model: resized to height x width without regard to its proportions, cropped around its centre, then
/// each channel <c>(pixel / PixelDivisor - Mean) / StandardDeviation</c>, with pixels of 0..255. It has to be what the model was trained
/// with.
/// </summary>
/// <remarks>
/// Within 2e-5 of the range of <c>torch.nn.functional.interpolate</c>, and one step of a byte of <c>cv2.resize</c>.
/// </remarks>
public sealed record ImagePreprocessing
{
    /// <summary>The height in pixels that a picture is resized to; null for what the model's own Resize or input says.</summary>
    public int? Height { get; init; }

    /// <summary>The width in pixels that a picture is resized to; null for what the model's own Resize or input says.</summary>
    public int? Width { get; init; }

    /// <summary>How it is resized.</summary>
    public ImageInterpolation Interpolation { get; init; }

    /// <summary>
    /// Whether a picture that becomes smaller is smoothed first, as torchvision does with <c>antialias=True</c>. Without it most of a large
    /// picture is never looked at.
    /// </summary>
    public bool Antialias { get; init; } = true;

    /// <summary>Whose way of rounding, cropping and reading is followed.</summary>
    public ImageLibrary Library { get; init; }

    /// <summary>The height of the crop around the centre of the resized picture; null for no crop.</summary>
    public int? CropHeight { get; init; }

    /// <summary>The width of the crop around the centre of the resized picture; null for no crop.</summary>
    public int? CropWidth { get; init; }

    /// <summary>What pixels are divided by: 255 brings them to 0..1.</summary>
    public double PixelDivisor { get; init; } = 255;

    /// <summary>What is subtracted from each channel, in the order of the channels; one value for all of them.</summary>
    public IReadOnlyList<double> Mean { get; init; } = [0];

    /// <summary>What each channel is divided by, in the order of the channels; one value for all of them.</summary>
    public IReadOnlyList<double> StandardDeviation { get; init; } = [1];

    /// <summary>Whether the channels are in the order blue, green, red; otherwise red, green, blue.</summary>
    public bool IsBlueFirst { get; init; }

    /// <summary>The preparation in one line, for people.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(Height is null && Width is null ? "its size" : FormattableString.Invariant($"{Height} x {Width}"));
        text.Append(FormattableString.Invariant($", {Interpolation.ToString().ToLowerInvariant()}{(Antialias ? ", antialiased" : "")}"));
        text.Append(Library == ImageLibrary.OpenCv ? " (OpenCV)" : " (torchvision)");
        if (CropHeight is not null || CropWidth is not null)
            text.Append(FormattableString.Invariant($", centre {CropHeight} x {CropWidth}"));
        text.Append(IsBlueFirst ? ", blue first" : "");
        text.Append(FormattableString.Invariant($", / {PixelDivisor}"));
        if (Mean.Any(mean => mean != 0))
            text.Append(FormattableString.Invariant($", - [{Join(Mean)}]"));
        if (StandardDeviation.Any(deviation => deviation != 1))
            text.Append(FormattableString.Invariant($", / [{Join(StandardDeviation)}]"));
        return text.ToString();

        static string Join(IReadOnlyList<double> values)
            => string.Join(", ", values.Select(value => FormattableString.Invariant($"{Math.Round(value, 4)}")));
    }
}
