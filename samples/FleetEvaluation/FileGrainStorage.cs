using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Orleans.Storage;

namespace Fleet;

/// <summary>
/// Grain storage for a cluster on one machine: a file for each grain, with the grain's id and a checksum, written beside the old one and
/// moved into its place once it is on the disk, by one writer at a time. For several machines take a storage that Orleans has: Azure, AWS,
/// Cosmos DB, ADO.NET, Redis.
/// </summary>
internal sealed class FileGrainStorage(string folder, IGrainStorageSerializer serializer) : IGrainStorage
{
    private const int ChecksumLength = SHA256.HashSizeInBytes;

    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(10);

    /// <exception cref="InvalidDataException">The file is damaged, or another grain's; the message names grain and file.</exception>
    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        string path = PathOf(stateName, grainId);
        if (await ReadFile(path) is not { } bytes)
            return;

        (grainState.State, grainState.ETag, grainState.RecordExists) = (Parse<T>(bytes, stateName, grainId, path), TagOf(bytes), true);
    }

    /// <exception cref="InconsistentStateException">Somebody else has written since the state was read; nothing of this is stored.</exception>
    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        string path = PathOf(stateName, grainId);
        byte[] bytes = Format(grainState.State, stateName, grainId);
        Directory.CreateDirectory(folder);
        await using FileStream writer = await BecomeOnlyWriter(path);
        await RequireUnchanged(path, grainId, grainState.ETag);
        string unfinished = Path.Combine(folder, Path.GetRandomFileName());
        try
        {
            await using (FileStream file = File.Create(unfinished))
            {
                await file.WriteAsync(bytes);
                file.Flush(flushToDisk: true);
            }

            File.Move(unfinished, path, overwrite: true);
        }
        catch
        {
            File.Delete(unfinished);
            throw;
        }

        (grainState.ETag, grainState.RecordExists) = (TagOf(bytes), true);
    }

    /// <exception cref="InconsistentStateException">Somebody else has written since the state was read.</exception>
    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        string path = PathOf(stateName, grainId);
        Directory.CreateDirectory(folder);
        await using FileStream writer = await BecomeOnlyWriter(path);
        await RequireUnchanged(path, grainId, grainState.ETag);
        File.Delete(path);
        (grainState.State, grainState.ETag, grainState.RecordExists) = (Activator.CreateInstance<T>(), null, false);
    }

    // The id, the state, and the checksum of both.
    private byte[] Format<T>(T state, string stateName, GrainId grainId)
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write(NameOf(stateName, grainId));
        writer.Write(serializer.Serialize(state).ToArray());
        writer.Write(SHA256.HashData(bytes.ToArray()));
        return bytes.ToArray();
    }

    private T? Parse<T>(byte[] bytes, string stateName, GrainId grainId, string path)
    {
        if (bytes.Length < ChecksumLength
            || !bytes.AsSpan(^ChecksumLength..).SequenceEqual(SHA256.HashData(bytes.AsSpan(..^ChecksumLength))))
        {
            throw Unusable("is damaged: its checksum is not that of its content");
        }


        using var reader = new BinaryReader(new MemoryStream(bytes));
        string name = reader.ReadString();
        if (name != NameOf(stateName, grainId))
            throw Unusable($"is that of {name}");

        try
        {
            return serializer.Deserialize<T>(new BinaryData(bytes.AsMemory((int)reader.BaseStream.Position..^ChecksumLength)));
        }
        catch (Exception e)
        {
            throw Unusable($"was written by another version ({e.Message})");
        }

        InvalidDataException Unusable(string reason) => new(
            $"The state of {NameOf(stateName, grainId)} can't be used: '{path}' {reason}. Put a copy back, or remove it to begin anew.");
    }

    // The lock is the system's, which takes it away from a process that ends.
    private static async Task<FileStream> BecomeOnlyWriter(string path)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream($"{path}.lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (Stopwatch.GetElapsedTime(start) < s_longestWait)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(5));
            }
        }
    }

    private static async Task RequireUnchanged(string path, GrainId grainId, string? tag)
    {
        string? stored = await ReadFile(path) is { } bytes ? TagOf(bytes) : null;
        if (stored != tag)
            throw new InconsistentStateException($"The state of {grainId} in '{path}' was written by somebody else.", stored, tag);
    }

    private static async Task<byte[]?> ReadFile(string path)
    {
        try
        {
            return await File.ReadAllBytesAsync(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private static string TagOf(byte[] bytes) => Convert.ToHexString(SHA256.HashData(bytes));

    private static string NameOf(string stateName, GrainId grainId) => $"{stateName} '{grainId}'";

    // A grain's key may be anything; the name of a file may not.
    private string PathOf(string stateName, GrainId grainId)
        => Path.Combine(folder, $"{stateName}-{TagOf(Encoding.UTF8.GetBytes(grainId.ToString()))}.state");
}
