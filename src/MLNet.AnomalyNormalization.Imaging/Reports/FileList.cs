using System.Security.Cryptography;
using MLNet.AnomalyNormalization.Files;

namespace MLNet.AnomalyNormalization.Imaging.Reports;

/// <summary>
/// The files of a folder with their sums, in the format of <c>sha256sum</c>, which can check them (<c>sha256sum -c report.sha256</c>). It
/// stands in the folder and says what of it is ours.
/// </summary>
internal sealed class FileList
{
    public const string Name = "report.sha256";

    private const int LengthOfSum = 64;

    // A file may be listed with two sums while it is being replaced.
    private readonly ILookup<string, string> _sums;

    private FileList(IEnumerable<(string File, string Sum)> entries) => _sums = entries.ToLookup(entry => entry.File, entry => entry.Sum);

    public static FileList Empty { get; } = new([]);

    public IEnumerable<string> Files => _sums.Select(entry => entry.Key);

    /// <summary>The files that are in a folder now.</summary>
    public static FileList Of(string folder, string except)
        => new(FilesIn(folder).Where(file => file != except).Select(file => (file, SumOf(Path.Combine(folder, file)))));

    /// <summary>The list in a folder; empty if there is none that can be read.</summary>
    public static FileList Read(string folder)
    {
        string path = Path.Combine(folder, Name);
        return File.Exists(path) && new FileInfo(path).LinkTarget is null && RegularFile.IsRegular(path)
            ? new(File.ReadLines(path).Where(line => line.Length > LengthOfSum + 2).Select(line => (line[(LengthOfSum + 2)..], line[..LengthOfSum])))
            : Empty;
    }

    public void Write(string folder)
        => AtomicFile.Write(Path.Combine(folder, Name), stream =>
        {
            using var writer = new StreamWriter(stream, leaveOpen: true) { NewLine = "\n" };
            foreach (IGrouping<string, string> entry in _sums.OrderBy(entry => entry.Key, StringComparer.Ordinal))
            {
                foreach (string sum in entry)
                    writer.WriteLine($"{sum}  {entry.Key}");
            }
        });

    public FileList And(FileList other) => new(Entries.Concat(other.Entries));

    public FileList Except(FileList other) => new(Entries.Where(entry => !other._sums.Contains(entry.File)));

    /// <summary>The first thing in a folder that isn't on the list, and what it is; null if all is.</summary>
    public (string File, string Why)? FindForeign(string folder, Predicate<string> ignores)
    {
        foreach (string file in FilesIn(folder))
        {
            if (file == Name || ignores(file.Split(Path.DirectorySeparatorChar, '/')[0]))
                continue;
            if (!_sums.Contains(file))
                return (file, "is no part of a report");
            string path = Path.Combine(folder, file);
            if (new FileInfo(path).LinkTarget is not null || !RegularFile.IsRegular(path) || !_sums[file].Contains(SumOf(path)))
                return (file, "was changed since the report was written");
        }

        return null;
    }

    /// <summary>Removes what is on the list, and the folders that are empty then.</summary>
    public void RemoveFrom(string folder, bool keepsFolder = false)
    {
        foreach (string file in Files)
            File.Delete(Path.Combine(folder, file));
        if (!keepsFolder)
            File.Delete(Path.Combine(folder, Name));

        string[] folders = [.. Directory.EnumerateDirectories(folder, "*", SearchOption.AllDirectories).OrderByDescending(path => path.Length)];
        foreach (string empty in keepsFolder ? folders : [.. folders, folder])
        {
            if (!Directory.EnumerateFileSystemEntries(empty).Any())
                Directory.Delete(empty);
        }
    }

    private IEnumerable<(string File, string Sum)> Entries => _sums.SelectMany(entry => entry, (entry, sum) => (entry.Key, sum));

    // Links are entries like others, and never entered.
    private static IEnumerable<string> FilesIn(string folder, string prefix = "")
    {
        foreach (FileSystemInfo entry in new DirectoryInfo(folder).EnumerateFileSystemInfos("*", new EnumerationOptions { AttributesToSkip = 0 }))
        {
            if (entry is DirectoryInfo && entry.LinkTarget is null)
            {
                foreach (string file in FilesIn(entry.FullName, $"{prefix}{entry.Name}/"))
                    yield return file;
            }
            else
            {
                yield return prefix + entry.Name;
            }
        }
    }

    private static string SumOf(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return Convert.ToHexString(SHA256.HashData(stream)).ToLowerInvariant();
    }
}
