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

    /// <summary>Reads what is left of a stream, at most <see cref="LongestText"/> bytes.</summary>
    /// <exception cref="InvalidDataException">The stream holds nothing, or more.</exception>
    public static byte[] ReadToEnd(Stream stream)
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[1 << 16];
        while (stream.Read(buffer) is > 0 and var read)
        {
            bytes.Write(buffer, 0, read);
            if (bytes.Length > LongestText)
                throw new InvalidDataException($"The stream has more than {LongestText} bytes; expected at most so many.");
        }

        return bytes.Length > 0 ? bytes.ToArray() : throw new InvalidDataException("The stream is empty, or was read to its end before. Rewind it.");
    }

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
