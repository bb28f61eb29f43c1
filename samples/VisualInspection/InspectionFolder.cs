namespace VisualInspection;

/// <summary>One image of the folder.</summary>
/// <param name="Path">The file.</param>
/// <param name="Class">The name of its folder: <c>good</c>, or the kind of defect.</param>
/// <param name="Mask">The picture of where the defect is; null for a good image, and where the folder has no ground truth.</param>
internal sealed record InspectionImage(string Path, string Class, string? Mask = null)
{
    public const string Good = "good";

    public bool IsAnomalous => Class != Good;

    public string Name => $"{Class}/{System.IO.Path.GetFileName(Path)}";
}

/// <summary>
/// A folder in the layout of the MVTec data sets: good images to learn from in <c>train/good</c>, images to inspect in
/// <c>test/good</c> and <c>test/&lt;kind of defect&gt;</c> and, if where the defects are is known, a mask for each of those in
/// <c>ground_truth/&lt;kind of defect&gt;</c>.
/// </summary>
internal sealed class InspectionFolder
{
    // Thresholds come from images that the model has not seen.
    private const int FewestGoodImages = 2;

    private static readonly string[] Extensions = [".png", ".jpg", ".jpeg", ".bmp"];

    private InspectionFolder(IReadOnlyList<InspectionImage> train, IReadOnlyList<InspectionImage> test) => (Train, Test) = (train, test);

    public IReadOnlyList<InspectionImage> Train { get; }

    public IReadOnlyList<InspectionImage> Test { get; }

    /// <summary>Lists the images.</summary>
    /// <exception cref="InputException">The folder isn't there, or lacks what is needed.</exception>
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
        string groundTruth = Path.Combine(path, "ground_truth");
        InspectionImage[] test = Directory.Exists(testFolder)
            ? [.. Directory.GetDirectories(testFolder).Order(StringComparer.Ordinal).SelectMany(ImagesIn)]
            : [];
        if (Directory.Exists(groundTruth))
            test = Array.ConvertAll(test, image => image.IsAnomalous ? image with { Mask = MaskOf(image, groundTruth) } : image);
        if (test.Length == 0)
        {
            throw new InputException(
                $"'{testFolder}' has no images in its folders. Put those to inspect into test/good and test/<kind of defect>.");
        }

        return new InspectionFolder(train, test);
    }

    private static InspectionImage[] ImagesIn(string folder)
        => !Directory.Exists(folder) ? [] :
        [
            .. Directory.GetFiles(folder)
                .Where(file => Extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase))
                .Order(StringComparer.Ordinal)
                .Select(file => new InspectionImage(Path.GetFullPath(file), Path.GetFileName(folder))),
        ];

    // MVTec adds to the name of the image; others keep it.
    private static string MaskOf(InspectionImage image, string groundTruth)
    {
        string folder = Path.Combine(Path.GetFullPath(groundTruth), image.Class);
        string name = Path.GetFileNameWithoutExtension(image.Path);
        return new[] { $"{name}_mask.png", $"{name}.png" }.Select(file => Path.Combine(folder, file)).FirstOrDefault(File.Exists)
            ?? throw new InputException(
                $"'{image.Path}' has no mask. Put {name}_mask.png or {name}.png into '{folder}', or remove '{groundTruth}' altogether.");
    }
}
