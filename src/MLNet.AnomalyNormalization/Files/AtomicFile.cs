namespace MLNet.AnomalyNormalization.Files;

/// <summary>
/// The one way in which this library writes a file: beside its place first, to the disk, then moved into it, so that whoever looks sees the
/// old file or the new one, whole, whenever the process or the machine stops.
/// </summary>
internal static class AtomicFile
{
    private const string Suffix = ".unfinished";

    // Between making a file and locking it lies a moment in which it looks like an orphan.
    private static readonly TimeSpan s_youngestOrphan = TimeSpan.FromMinutes(1);

    /// <summary>Writes a file; one that is there is replaced, and keeps its permissions.</summary>
    /// <param name="path">The file. A link is followed: what it leads to is written, and the link stays.</param>
    /// <param name="write">Writes the content.</param>
    /// <param name="cancellationToken">Gives it up, until the file is in its place.</param>
    /// <exception cref="IOException">
    /// It can't be written, or what stands there is no regular file (a folder, a device, a pipe). What was there before is unchanged, and
    /// nothing is left beside it.
    /// </exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written to.</exception>
    /// <exception cref="OperationCanceledException">It was given up; all is as it was before.</exception>
    public static void Write(string path, Action<Stream> write, CancellationToken cancellationToken = default)
    {
        string target = TargetOf(path);
        string folder = Path.GetDirectoryName(target)!;
        Sweep(folder);
        string unfinished = Path.Combine(folder, $".{Path.GetFileName(target)}.{Path.GetRandomFileName()}{Suffix}");
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,

            // Held until the file is in its place: whoever sweeps sees by the lock that somebody is at it.
            Share = FileShare.Delete,
        };
        if (!OperatingSystem.IsWindows() && File.Exists(target))
            options.UnixCreateMode = File.GetUnixFileMode(target);

        var stream = new FileStream(unfinished, options);
        try
        {
            using (stream)
            {
                write(stream);
                cancellationToken.ThrowIfCancellationRequested();
                stream.Flush(flushToDisk: true);

                // The mode that a file is made with passes through the process's mask.
                if (!OperatingSystem.IsWindows() && options.UnixCreateMode is { } mode)
                    File.SetUnixFileMode(unfinished, mode);
                File.Move(unfinished, target, overwrite: true);
            }
        }
        catch
        {
            File.Delete(unfinished);
            throw;
        }

        Posix.FlushFolder(folder);
    }

    /// <summary>Where a file that is written by this name ends up: behind all links.</summary>
    /// <exception cref="IOException">What stands there is no regular file, or the links go round in circles.</exception>
    public static string TargetOf(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string full = Path.GetFullPath(path);
        string target = new FileInfo(full).LinkTarget is null ? full : File.ResolveLinkTarget(full, returnFinalTarget: true)!.FullName;
        return Directory.Exists(target) || (File.Exists(target) && !RegularFile.IsRegular(target))
            ? throw new IOException($"'{path}' is a folder, a device or a pipe; expected a file, or a place for one.")
            : target;
    }

    // What a process left that was killed: a file of this name that nobody holds.
    private static void Sweep(string folder)
    {
        foreach (string file in Directory.EnumerateFiles(folder, $".*{Suffix}"))
        {
            try
            {
                if (DateTime.UtcNow - File.GetLastWriteTimeUtc(file) < s_youngestOrphan)
                    continue;
                using var orphan = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
                File.Delete(file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Somebody is at it, or it is not ours to remove.
            }
        }
    }
}
