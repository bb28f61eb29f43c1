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
    private const int DeviceInStatx = 136;

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
        => StatusOf(path) is { } status ? (BitConverter.ToUInt16(status, ModeInStatx) & TypeMask) == RegularType : null;

    /// <summary>The device that a file or folder is on; null where the system doesn't tell.</summary>
    public static (uint Major, uint Minor)? DeviceOf(string path)
        => StatusOf(path) is { } status
            ? (BitConverter.ToUInt32(status, DeviceInStatx), BitConverter.ToUInt32(status, DeviceInStatx + sizeof(uint)))
            : null;

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
            return false;
        }
    }

    private static byte[]? StatusOf(string path)
    {
        if (!OperatingSystem.IsLinux())
            return null;

        try
        {
            byte[] buffer = new byte[SizeOfStatx];
            return Status(WorkingFolder, path, 0, WantsType, buffer) == 0 ? buffer : null;
        }
        catch (EntryPointNotFoundException)
        {
            // A C library older than 2018.
            return null;
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
