using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Files;
using MLNet.AnomalyNormalization.Imaging.Reports;

namespace MLNet.AnomalyNormalization.Imaging;

/// <summary>One picture of an <see cref="ImageFolder"/>.</summary>
/// <param name="Path">The file, absolute.</param>
/// <param name="Class">The name of its folder: <c>good</c>, or the kind of defect.</param>
/// <param name="MaskPath">The picture of where the defect is; null for a good one, and where the folder has no ground truth.</param>
public sealed record FolderImage(string Path, string Class, string? MaskPath = null)
{
    /// <summary>The class of pictures without a defect.</summary>
    public const string Good = PictureFolder.Good;

    /// <summary>Whether it has a defect: its class is not <see cref="Good"/>, in capitals or not.</summary>
    public bool IsAnomalous => !PictureFolder.IsGood(Class);

    /// <summary>Class and file: <c>cut/003.png</c>; below a class, also the folders between.</summary>
    public string Name { get; init; } = $"{Class}/{System.IO.Path.GetFileName(Path)}";

    /// <summary>Where the defects are, from <see cref="MaskPath"/>: of a picture without one nowhere.</summary>
    /// <param name="height">The number of rows of the map that the mask belongs to.</param>
    /// <param name="width">The number of columns of that map.</param>
    /// <param name="area">The area of the picture that the map covers.</param>
    /// <returns>1 for a defect and 0 elsewhere, row-major, height x width; see <see cref="HeatMap.ReadMask"/>.</returns>
    /// <exception cref="FileNotFoundException">The mask's file is gone.</exception>
    /// <exception cref="InvalidDataException">It is no picture, damaged or truncated, or can't be read as a mask.</exception>
    public byte[] ReadMask(int height, int width, PictureArea area = default)
    {
        if (MaskPath is null)
            return new byte[new MapSize(height, width).RequirePositive().Pixels];
        using MLImage mask = ImageFile.Load(MaskPath);
        return HeatMap.ReadMask(mask, height, width, area: area);
    }
}

/// <summary>
/// A folder of pictures in the layout of the MVTec data sets: good ones to learn from in <c>train/good</c>, those to try in <c>test/good</c>
/// and <c>test/&lt;kind of defect&gt;</c>, and, where it is known, where the defects are in <c>ground_truth/&lt;kind of defect&gt;</c>
/// (<c>003_mask.png</c> or <c>003.png</c> for <c>003.png</c>). A folder that has neither <c>train</c> nor <c>test</c> holds good pictures.
/// </summary>
/// <remarks>Pictures are PNG, JPEG, WebP, BMP and GIF files, also in folders below those of the classes, in the order of their names.</remarks>
public sealed class ImageFolder
{
    private readonly List<string> _leftOut = [];

    private ImageFolder(string path)
    {
        Path = System.IO.Path.GetFullPath(path);
        string train = System.IO.Path.Combine(Path, "train"), test = System.IO.Path.Combine(Path, "test");
        if (!Directory.Exists(train) && !Directory.Exists(test))
        {
            Train =
            [
                .. PictureFolder.PicturesBelow(Path, _leftOut.Add)
                    .Select(file => new FolderImage(file, FolderImage.Good) { Name = Relative(Path, file) }),
            ];
            Test = [];
            return;
        }

        string truth = PictureFolder.GroundTruthOf(test);
        Train = Classes(train);
        Test = Classes(test);
        if (Directory.Exists(truth))
            Test = [.. Test.Select(image => image.IsAnomalous ? image with { MaskPath = MaskOf(image, test, truth) } : image)];
        if (Train.FirstOrDefault(image => image.IsAnomalous) is { } anomalous)
        {
            throw new InvalidDataException(
                $"'{anomalous.Path}' is of class '{anomalous.Class}'. Only good pictures are learned from; put it into '{test}'.");
        }
    }

    /// <summary>The folder, absolute.</summary>
    public string Path { get; }

    /// <summary>The good pictures to learn from.</summary>
    public IReadOnlyList<FolderImage> Train { get; }

    /// <summary>The pictures to try, good ones and others.</summary>
    public IReadOnlyList<FolderImage> Test { get; }

    /// <summary>What is in the folder and was not used, and why; a line each.</summary>
    public IReadOnlyList<string> LeftOut => _leftOut;

    /// <summary>Lists the pictures of a folder; none is opened.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">
    /// It holds no picture, a picture with a defect to learn from, or a ground truth without a mask for one; the message says what was due.
    /// </exception>
    public static ImageFolder Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!Directory.Exists(path))
            throw new DirectoryNotFoundException($"There is no folder '{path}'. Expected one with train/good and test/<class>, or with good pictures.");
        var folder = new ImageFolder(path);
        return folder.Train.Count + folder.Test.Count > 0
            ? folder
            : throw new InvalidDataException(
                $"'{path}' has no pictures ({PictureFolder.Formats}) in train/good or test/<class>. "
                + string.Join(" ", folder.LeftOut));
    }

    private FolderImage[] Classes(string folder)
    {
        if (!Directory.Exists(folder))
            return [];

        foreach (string file in PictureFolder.Pictures(folder, _leftOut.Add))
            _leftOut.Add($"'{file}' lies in no class; put it into '{folder}/good' or '{folder}/<kind of defect>'.");
        return
        [
            .. PictureFolder.Folders(folder, _leftOut.Add).SelectMany(kind => PictureFolder.PicturesBelow(kind, _leftOut.Add)
                .Select(file => new FolderImage(file, System.IO.Path.GetFileName(kind)) { Name = Relative(folder, file) })),
        ];
    }

    private static string Relative(string folder, string file) => System.IO.Path.GetRelativePath(folder, file).Replace('\\', '/');

    private static string MaskOf(FolderImage image, string test, string truth)
    {
        string[] masks = PictureFolder.MasksOf(image.Path, test);
        return Array.Find(masks, File.Exists)
            ?? throw new InvalidDataException(
                $"'{image.Path}' has no mask; expected '{string.Join("' or '", masks)}'. Without any, remove '{truth}' altogether.");
    }
}
