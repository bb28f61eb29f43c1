namespace MLNet.AnomalyNormalization.Files;

/// <summary>
/// What lies where in the layout of the MVTec data sets: pictures in <c>test/good</c> and <c>test/&lt;kind of defect&gt;</c>, also in folders
/// below, and where the defects are in <c>ground_truth/&lt;kind of defect&gt;</c>.
/// </summary>
internal static class PictureFolder
{
    /// <summary>The class of pictures without a defect.</summary>
    public const string Good = "good";

    /// <summary>What a person calls the formats that are read.</summary>
    public const string Formats = "PNG, JPEG, WebP, BMP and GIF";

    private const int DeepestFolder = 16;

    private static readonly string[] s_endings = [".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif"];

    /// <summary>Whether pictures of a class, by the name of its folder, have no defect.</summary>
    public static bool IsGood(string name) => name.Equals(Good, StringComparison.OrdinalIgnoreCase);

    /// <summary>The folders in a folder, in the order of their names.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="leaveOut">Is told what is left out, and why.</param>
    public static IEnumerable<string> Folders(string folder, Action<string>? leaveOut = null)
        => Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal).Where(path => IsWanted(path, leaveOut));

    /// <summary>The pictures that lie in a folder itself, in the order of their names.</summary>
    /// <inheritdoc cref="Folders"/>
    public static IEnumerable<string> Pictures(string folder, Action<string>? leaveOut = null)
        => Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal)
            .Where(path => IsWanted(path, leaveOut) && IsPicture(path, leaveOut));

    /// <summary>The pictures in a folder and in those below it, the folder's own first.</summary>
    /// <inheritdoc cref="Folders"/>
    public static List<string> PicturesBelow(string folder, Action<string>? leaveOut = null)
    {
        var pictures = new List<string>();
        Collect(folder, 0);
        return pictures;

        void Collect(string folder, int depth)
        {
            pictures.AddRange(Pictures(folder, leaveOut));
            foreach (string inner in Folders(folder, leaveOut))
            {
                if (depth < DeepestFolder)
                    Collect(inner, depth + 1);
                else
                    leaveOut?.Invoke($"'{inner}' lies more than {DeepestFolder} folders deep.");
            }
        }
    }

    /// <summary>The folder with the masks of a test set.</summary>
    /// <param name="test">The folder with its classes.</param>
    public static string GroundTruthOf(string test) => Path.Combine(Path.GetDirectoryName(Path.GetFullPath(test)) ?? "", "ground_truth");

    /// <summary>Where the mask of a picture may lie: MVTec adds to the name of the picture, others keep it.</summary>
    /// <param name="picture">The picture.</param>
    /// <param name="test">The folder with its class.</param>
    public static string[] MasksOf(string picture, string test)
    {
        string name = Path.ChangeExtension(Path.Combine(GroundTruthOf(test), Path.GetRelativePath(test, picture)), null);
        return [$"{name}_mask.png", $"{name}.png"];
    }

    // What systems and tools leave behind: ._003.png, .DS_Store, .ipynb_checkpoints.
    private static bool IsWanted(string path, Action<string>? leaveOut)
    {
        if (!Path.GetFileName(path).StartsWith('.'))
            return true;
        leaveOut?.Invoke($"'{path}' is hidden.");
        return false;
    }

    private static bool IsPicture(string file, Action<string>? leaveOut)
    {
        if (s_endings.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase))
            return true;
        leaveOut?.Invoke($"'{file}' is of a format that can't be read; {Formats} can.");
        return false;
    }
}
