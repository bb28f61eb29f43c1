using MLNet.AnomalyNormalization.Files;

namespace MLNet.AnomalyNormalization.Imaging.Reports;

/// <summary>
/// A folder that is filled elsewhere and comes into its place when it is complete. Disposing it before leaves nothing behind.
/// </summary>
/// <remarks>
/// <para>
/// The list of files that it leaves in the folder (<see cref="FileList"/>) proves what is ours: a folder that holds anything else, or one of
/// these files with another content, is refused by the name of that file.
/// </para>
/// <para>
/// On Linux old and new change places in one step. Elsewhere the old one is first set aside; what a killed process set aside is put back by
/// whoever writes there next. Where the folder itself can't be moved (a mount point, the current folder, a parent that can't be written
/// to) its files are replaced one by one.
/// </para>
/// </remarks>
internal sealed class StagedDirectory : IDisposable
{
    private const string Unfinished = ".unfinished";
    private const string Previous = ".previous";
    private const string Lock = ".lock";

    private readonly string _target;
    private readonly string _staging;
    private readonly bool _isWithin;
    private readonly FileStream _lock;
    private bool _isDone;

    /// <param name="target">The place; must be missing, empty, or an older folder of this kind. Links are followed.</param>
    /// <exception cref="IOException">It is something else, or can't be written to.</exception>
    public StagedDirectory(string target)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(target));
        _target = new FileInfo(full).LinkTarget is null ? full : Directory.ResolveLinkTarget(full, returnFinalTarget: true)!.FullName;
        if (File.Exists(_target))
            throw new IOException($"'{target}' is a file; expected a folder or nothing. Choose another place.");

        PutBack();
        RequireOurs();
        try
        {
            (_isWithin, _staging) = Stage();
            _lock = new(Path.Combine(_staging, Lock), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"'{target}' can't be written to: {e.Message}", e);
        }
    }

    /// <summary>The full path of a file in the folder, which parts of its path are made for.</summary>
    public string this[string relativePath]
    {
        get
        {
            string path = Path.Combine(_staging, relativePath);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            return path;
        }
    }

    /// <exception cref="IOException">Something that is not ours has come into the place meanwhile, or it can't be written.</exception>
    public void MoveIntoPlace()
    {
        FileList mine = FileList.Of(_staging, except: Lock);
        FileList old = RequireOurs();
        if (_isWithin)
            ReplaceOneByOne(mine, old);
        else
            ReplaceAsAWhole(mine, old);
        _isDone = true;
        Posix.FlushFolder(Path.GetDirectoryName(_target)!);
    }

    public void Dispose()
    {
        _lock.Dispose();
        if (!_isDone || _isWithin)
            Remove(_staging);
    }

    private void ReplaceAsAWhole(FileList mine, FileList old)
    {
        mine.Write(_staging);
        _lock.Dispose();
        File.Delete(Path.Combine(_staging, Lock));
        if (!Directory.Exists(_target))
        {
            Directory.Move(_staging, _target);
            return;
        }

        if (Posix.TryExchange(_staging, _target))
        {
            old.RemoveFrom(_staging);
            return;
        }

        string previous = SiblingOf(_target, Previous);
        Directory.Move(_target, previous);
        try
        {
            Directory.Move(_staging, _target);
        }
        catch
        {
            Directory.Move(previous, _target);
            throw;
        }

        old.RemoveFrom(previous);
    }

    // While it lasts the list has the old files and the new ones, so that a process that is killed leaves nothing that isn't on it.
    private void ReplaceOneByOne(FileList mine, FileList old)
    {
        mine.And(old).Write(_target);
        foreach (string file in mine.Files)
        {
            string path = Path.Combine(_target, file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Move(Path.Combine(_staging, file), path, overwrite: true);
        }

        old.Except(mine).RemoveFrom(_target, keepsFolder: true);
        mine.Write(_target);
    }

    private (bool IsWithin, string Staging) Stage()
    {
        string name = $".{Path.GetRandomFileName()}{Unfinished}";
        string? parent = Path.GetDirectoryName(_target);
        if (parent is not null && !IsCurrentFolderWithin() && !IsMountPoint(parent))
        {
            try
            {
                Directory.CreateDirectory(parent);
                Sweep(parent);
                string beside = Path.Combine(parent, $".{Path.GetFileName(_target)}{name}");
                Directory.CreateDirectory(beside);
                return (false, beside);
            }
            catch (UnauthorizedAccessException) when (Directory.Exists(_target))
            {
                // Then within.
            }
        }

        Sweep(_target);
        string within = Path.Combine(_target, name);
        Directory.CreateDirectory(within);
        return (true, within);
    }

    // Whoever stands in the folder would stand in the old one afterwards.
    private bool IsCurrentFolderWithin()
        => Environment.CurrentDirectory == _target
            || Environment.CurrentDirectory.StartsWith(_target + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    // Another file system begins there, which a rename doesn't cross.
    private bool IsMountPoint(string parent)
        => Directory.Exists(_target) && Posix.DeviceOf(_target) is { } own && Posix.DeviceOf(parent) is { } outside && own != outside;

    // What a process left that was killed; its lock is free.
    private static void Sweep(string folder)
    {
        if (!Directory.Exists(folder))
            return;

        foreach (string orphan in Directory.EnumerateDirectories(folder, $".*{Unfinished}"))
        {
            try
            {
                if (!File.Exists(Path.Combine(orphan, Lock)))
                    continue;
                using (new FileStream(Path.Combine(orphan, Lock), FileMode.Open, FileAccess.ReadWrite, FileShare.None))
                    Remove(orphan);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Somebody is at it, or it is not ours to remove.
            }
        }
    }

    // Between two renames the old one stands aside under a name that is known.
    private void PutBack()
    {
        string previous = SiblingOf(_target, Previous);
        if (!Directory.Exists(previous))
            return;

        if (!Directory.Exists(_target))
            Directory.Move(previous, _target);
        else
            FileList.Read(previous).RemoveFrom(previous);
    }

    private FileList RequireOurs()
    {
        if (!Directory.Exists(_target))
            return FileList.Empty;

        FileList list = FileList.Read(_target);
        if (list.FindForeign(_target, ignores: name => name.StartsWith('.') && name.EndsWith(Unfinished, StringComparison.Ordinal)) is var (file, why))
        {
            throw new IOException(
                $"'{_target}' holds '{file}', which {why} and would be lost. Move it away or choose another folder.");
        }

        return list;
    }

    private static string SiblingOf(string target, string suffix)
        => Path.Combine(Path.GetDirectoryName(target) ?? target, $".{Path.GetFileName(target)}{suffix}");

    private static void Remove(string folder)
    {
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }
}
