namespace MLNet.AnomalyNormalization.Files;

/// <summary>Files that end: no pipes, no devices, nothing longer than expected.</summary>
internal static class RegularFile
{
    /// <summary>The most bytes of a text that describes a model.</summary>
    public const int LongestText = 16 << 20;

    /// <summary>Checks a file before it is opened, which would wait for ever for the other end of a pipe.</summary>
    /// <param name="path">The file, or a link to it.</param>
    /// <returns>The length in bytes, at least 1.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is empty, or a pipe or device, which have no length.</exception>
    public static long RequireLength(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no file '{path}'.", path);

        FileSystemInfo target = File.ResolveLinkTarget(path, returnFinalTarget: true) ?? new FileInfo(path);
        return target is FileInfo { Length: > 0 and var length } && IsRegular(path)
            ? length
            : throw new InvalidDataException($"'{path}' is empty, or no regular file. Pass a file with content.");
    }

    /// <summary>Whether a file, or what a link leads to, is no device and no pipe; true where the system doesn't tell.</summary>
    public static bool IsRegular(string path) => Posix.IsRegularFile(path) ?? true;

    /// <summary>Reads a whole file.</summary>
    /// <param name="path">The file, or a link to it.</param>
    /// <param name="longest">The most bytes that it may have.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is empty, longer, or no regular file.</exception>
    public static byte[] ReadAllBytes(string path, int longest = LongestText)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        long length = RequireLength(path);
        if (length > longest)
            throw new InvalidDataException($"'{path}' has {length} bytes; expected at most {longest}.");

        var bytes = new byte[length];
        using FileStream stream = File.OpenRead(path);
        return bytes[..stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
    }
}
