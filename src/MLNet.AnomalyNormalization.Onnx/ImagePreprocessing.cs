namespace MLNet.AnomalyNormalization.Onnx;

/// <summary>
/// How an image becomes the input of a model: resized to height x width without regard to its proportions, then each channel
/// <c>(pixel / PixelDivisor - Mean) / StandardDeviation</c>, with pixels of 0..255.
/// </summary>
public sealed record ImagePreprocessing
{
    /// <summary>The height in pixels; null for that of the model's input.</summary>
    public int? Height { get; init; }

    /// <summary>The width in pixels; null for that of the model's input.</summary>
    public int? Width { get; init; }

    /// <summary>What pixels are divided by first: 255 brings them to 0..1.</summary>
    public double PixelDivisor { get; init; } = 255;

    /// <summary>What is subtracted from each channel, in the order of the channels; one value for all of them.</summary>
    public IReadOnlyList<double> Mean { get; init; } = [0];

    /// <summary>What each channel is divided by, in the order of the channels; one value for all of them.</summary>
    public IReadOnlyList<double> StandardDeviation { get; init; } = [1];

    /// <summary>Whether the channels are in the order blue, green, red, as OpenCV reads them; otherwise red, green, blue.</summary>
    public bool IsBlueFirst { get; init; }
}
