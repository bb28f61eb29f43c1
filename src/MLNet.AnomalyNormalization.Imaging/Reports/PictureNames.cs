using System.Collections.Frozen;

namespace MLNet.AnomalyNormalization.Imaging.Reports;

/// <summary>
/// Gives every image a path of its own for its pictures: class/name.png, in names that every file system takes and that don't lead out of
/// the folder.
/// </summary>
internal sealed class PictureNames
{
    // 255 bytes are what most file systems take, and a UTF-16 unit needs at most three bytes of UTF-8.
    private const int LongestName = 80;

    // Forbidden on Windows, where a report may be unpacked; the slash everywhere.
    private const string Forbidden = "<>:\"/\\|?*";

    private static readonly FrozenSet<string> s_devices = new[] { "CON", "PRN", "AUX", "NUL" }
        .Concat(Enumerable.Range(1, 9).SelectMany(i => new[] { $"COM{i}", $"LPT{i}" }))
        .ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private readonly HashSet<string> _taken = new(StringComparer.OrdinalIgnoreCase);

    // For a name that is taken, the number to try next: a thousand images of one name need no thousand tries each.
    private readonly Dictionary<string, int> _next = new(StringComparer.OrdinalIgnoreCase);

    // A class x.png and an image x.png without a class can't lie side by side.
    private readonly Dictionary<string, string> _folders = [];

    public string Take(string imagePath)
    {
        string folder = FolderOf(Path.GetFileName(Path.GetDirectoryName(imagePath)) ?? "");
        string name = folder + Safe(Path.GetFileNameWithoutExtension(imagePath));
        string path = $"{name}.png";
        while (!IsFree(path) || !_taken.Add(path))
            path = $"{name}_{_next[name] = _next.GetValueOrDefault(name, 1) + 1}.png";
        return path;
    }

    private string FolderOf(string directory)
    {
        if (directory.Length == 0)
            return "";

        if (!_folders.TryGetValue(directory, out string? folder))
        {
            folder = Safe(directory);
            while (_taken.Contains(folder))
                folder += "_";
            _folders[directory] = folder;
        }

        return folder + "/";
    }

    private bool IsFree(string path)
        => path.Contains('/', StringComparison.Ordinal) || !_folders.Values.Contains(path, StringComparer.OrdinalIgnoreCase);

    private static string Safe(string name)
    {
        int length = Math.Min(name.Length, LongestName);
        if (length > 0 && length < name.Length && char.IsHighSurrogate(name[length - 1]))
            length--;

        string safe = string.Create(length, name, static (result, name) =>
        {
            for (int i = 0; i < result.Length; i++)
                result[i] = char.IsControl(name[i]) || Forbidden.Contains(name[i], StringComparison.Ordinal) ? '_' : name[i];
        });

        // Windows drops dots and spaces at the end; this also takes care of "..".
        string trimmed = safe.TrimEnd('.', ' ');
        return trimmed.Length == 0 || s_devices.Contains(trimmed.Split('.')[0]) ? trimmed + "_" : trimmed;
    }
}
