namespace MLNet.AnomalyNormalization.Imaging.Reports;

/// <summary>
/// A folder that is filled beside its place and moved there when it is complete. Disposing it before leaves nothing behind.
/// </summary>
internal sealed class StagedDirectory : IDisposable
{
    private readonly string _target;
    private readonly string _temporary;
    private readonly IReadOnlyCollection<string> _contents;

    /// <param name="target">The place; may hold nothing but what <paramref name="contents"/> names.</param>
    /// <param name="contents">The names at the top level of the folder.</param>
    public StagedDirectory(string target, IReadOnlyCollection<string> contents)
    {
        _target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(target));
        _contents = contents;
        RequireReplaceable();
        _temporary = $"{_target}.{Path.GetRandomFileName()}";
        Directory.CreateDirectory(_temporary);
    }

    /// <summary>The full path of a file in the folder, which parts of its path are made for.</summary>
    public string this[string relativePath]
    {
        get
        {
            string path = Path.Combine(_temporary, relativePath);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            return path;
        }
    }

    public void MoveIntoPlace()
    {
        RequireReplaceable();
        if (!Directory.Exists(_target))
        {
            Directory.Move(_temporary, _target);
            return;
        }

        string old = $"{_target}.{Path.GetRandomFileName()}";
        Directory.Move(_target, old);
        try
        {
            Directory.Move(_temporary, _target);
        }
        catch
        {
            Directory.Move(old, _target);
            throw;
        }

        Directory.Delete(old, recursive: true);
    }

    public void Dispose()
    {
        if (Directory.Exists(_temporary))
            Directory.Delete(_temporary, recursive: true);
    }

    private void RequireReplaceable()
    {
        if (File.Exists(_target))
            throw new IOException($"'{_target}' is a file; expected a folder or nothing. Choose another place.");
        if (!Directory.Exists(_target))
            return;

        string? foreign = Directory.EnumerateFileSystemEntries(_target).Select(Path.GetFileName)
            .FirstOrDefault(name => !_contents.Contains(name));
        if (foreign is not null)
        {
            throw new IOException(
                $"'{_target}' holds '{foreign}', which is no part of a report and would be lost. Move it away or choose another folder.");
        }
    }
}
