using System.CommandLine;
using MLNet.AnomalyNormalization.Imaging;

namespace MLNet.AnomalyNormalization.Tool;

/// <summary>What several commands take.</summary>
internal static class Common
{
    public static Argument<string> Model() => new("model") { Description = "An ONNX file, or a folder with one." };

    public static Argument<string> Folder(string description) => new("folder") { Description = description };

    public static Option<bool> Json() => new("--json") { Description = "Write JSON." };

    public static Option<double?> ImageThreshold()
        => new("--image-threshold") { Description = "The raw threshold of an image, with --pixel-threshold; by default the model's own." };

    public static Option<double?> PixelThreshold()
        => new("--pixel-threshold") { Description = "The raw threshold of a pixel, with --image-threshold; by default the model's own." };

    /// <exception cref="ArgumentException">One is given without the other.</exception>
    public static AnomalyThresholds? Thresholds(double? image, double? pixel)
        => (image, pixel) switch
        {
            ({ } i, { } p) => new(i, p),
            (null, null) => null,
            _ => throw new ArgumentException("Of --image-threshold and --pixel-threshold one is missing; give both, or neither."),
        };

    /// <summary>Opens a folder of pictures, and says what it left out.</summary>
    public static ImageFolder Open(string path, ToolConsole console)
    {
        ImageFolder folder = ImageFolder.Open(path);
        foreach (string line in folder.LeftOut)
            console.Error.WriteLine($"Left out: {line}");
        return folder;
    }
}
