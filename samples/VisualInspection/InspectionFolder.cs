using SkiaSharp;

namespace VisualInspection;

/// <summary>One image of the folder.</summary>
/// <param name="Path">The file.</param>
/// <param name="Class">The name of its folder: <c>good</c>, or the kind of defect.</param>
internal sealed record InspectionImage(string Path, string Class)
{
    public const string Good = "good";

    public bool IsAnomalous => Class != Good;

    public string Name => $"{Class}/{System.IO.Path.GetFileName(Path)}";
}

/// <summary>
/// A folder in the layout of the MVTec data sets: good images to learn from in <c>train/good</c>, images to inspect in
/// <c>test/good</c> and <c>test/&lt;kind of defect&gt;</c>.
/// </summary>
internal sealed class InspectionFolder
{
    // Leave-some-out needs something to leave out, and a deviation needs some to deviate.
    private const int FewestGoodImages = 4;

    private static readonly string[] s_extensions = [".png", ".jpg", ".jpeg", ".bmp"];

    private InspectionFolder(IReadOnlyList<InspectionImage> train, IReadOnlyList<InspectionImage> test, ImageSize imageSize)
        => (Train, Test, ImageSize) = (train, test, imageSize);

    public IReadOnlyList<InspectionImage> Train { get; }

    public IReadOnlyList<InspectionImage> Test { get; }

    /// <summary>The size of the first good image.</summary>
    public ImageSize ImageSize { get; }

    /// <summary>Lists the images and decodes each once, so that a bad file is named before any work is done.</summary>
    /// <exception cref="InputException">The folder isn't there, lacks what is needed, or holds a file that is no image.</exception>
    public static InspectionFolder Open(string path)
    {
        if (!Directory.Exists(path))
            throw new InputException($"There is no folder '{path}'. Expected one with train/good and test/<class>.");

        string good = Path.Combine(path, "train", InspectionImage.Good);
        InspectionImage[] train = ImagesIn(good);
        if (train.Length < FewestGoodImages)
        {
            throw new InputException(
                $"'{good}' has {train.Length} images (png, jpg, jpeg, bmp). Learning needs at least {FewestGoodImages} good ones there.");
        }

        string testFolder = Path.Combine(path, "test");
        InspectionImage[] test = Directory.Exists(testFolder)
            ? [.. Directory.GetDirectories(testFolder).Order(StringComparer.Ordinal).SelectMany(ImagesIn)]
            : [];
        if (test.Length == 0)
        {
            throw new InputException(
                $"'{testFolder}' has no images in its folders. Put those to inspect into test/good and test/<kind of defect>.");
        }


        ImageSize[] sizes = [.. train.Concat(test).Select(Decode).Show("Checking images", train.Length + test.Length)];
        return new InspectionFolder(train, test, sizes[0]);
    }

    private static InspectionImage[] ImagesIn(string folder)
        => !Directory.Exists(folder) ? [] :
        [
            .. Directory.GetFiles(folder)
                .Where(file => s_extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase))
                .Order(StringComparer.Ordinal)
                .Select(file => new InspectionImage(Path.GetFullPath(file), Path.GetFileName(folder))),
        ];

    // LoadImages would say "Invalid path" of a file that is there but is no image, and would take half of one for a whole one.
    private static ImageSize Decode(InspectionImage image)
    {
        try
        {
            using SKCodec? codec = SKCodec.Create(image.Path);
            if (codec?.GetPixels(out _) == SKCodecResult.Success)
                return new ImageSize(codec.Info.Height, codec.Info.Width);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"'{image.Path}' can't be read: {e.Message}");
        }

        throw new InputException($"'{image.Path}' is no image, or a damaged one. Repair or remove it.");
    }
}
