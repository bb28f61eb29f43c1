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

    public string Take(string imagePath)
    {
        string directory = Path.GetFileName(Path.GetDirectoryName(imagePath)) ?? "";
        string folder = directory.Length == 0 ? "" : Safe(directory) + "/";
        string name = Safe(Path.GetFileNameWithoutExtension(imagePath));
        string path = $"{folder}{name}.png";
        for (int i = 2; !_taken.Add(path); i++)
            path = $"{folder}{name}_{i}.png";
        return path;
    }

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
