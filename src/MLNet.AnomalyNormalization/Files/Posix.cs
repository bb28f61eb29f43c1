using System.Runtime.InteropServices;

namespace MLNet.AnomalyNormalization.Files;

/// <summary>What .NET has no word for: the kind of a file, a folder flushed to the disk, two folders that change places.</summary>
internal static class Posix
{
    private const int ReadOnly = 0;
    private const int WorkingFolder = -100;
    private const uint Exchange = 2;

    // struct statx has one layout on all Linux systems: https://man7.org/linux/man-pages/man2/statx.2.html
    private const int SizeOfStatx = 256;
    private const int ModeInStatx = 28;
    private const uint WantsType = 1;
    private const int TypeMask = 0xF000;
    private const int RegularType = 0x8000;

    /// <summary>
    /// Makes the names in a folder last: a file that was moved into it is there after the machine has stopped. Nothing happens where the
    /// system can't (Windows, some network file systems).
    /// </summary>
    public static void FlushFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            return;

        int handle = Open(path, ReadOnly);
        if (handle < 0)
            return;

        _ = Flush(handle);
        _ = Close(handle);
    }

    /// <summary>Whether a file is a regular one, no device and no pipe; null where the system doesn't tell. Links are followed.</summary>
    public static bool? IsRegularFile(string path)
    {
        if (!OperatingSystem.IsLinux())
            return null;

        try
        {
            byte[] buffer = new byte[SizeOfStatx];
            return Status(WorkingFolder, path, 0, WantsType, buffer) == 0
                ? (BitConverter.ToUInt16(buffer, ModeInStatx) & TypeMask) == RegularType
                : null;
        }
        catch (EntryPointNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Lets two folders change places in one step; false where the system or the file system can't.</summary>
    public static bool TryExchange(string first, string second)
    {
        if (!OperatingSystem.IsLinux())
            return false;

        try
        {
            return Rename(WorkingFolder, first, WorkingFolder, second, Exchange) == 0;
        }
        catch (EntryPointNotFoundException)
        {
            // A C library older than 2018.
            return false;
        }
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int Flush(int handle);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    private static extern int Close(int handle);

    [DllImport("libc", EntryPoint = "statx", SetLastError = true, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int Status(
        int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, [Out] byte[] buffer);

    [DllImport("libc", EntryPoint = "renameat2", SetLastError = true, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int Rename(
        int firstFolder, [MarshalAs(UnmanagedType.LPUTF8Str)] string first, int secondFolder, [MarshalAs(UnmanagedType.LPUTF8Str)] string second,
        uint flags);
}
