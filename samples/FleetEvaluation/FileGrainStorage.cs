using System.Security.Cryptography;
using System.Text;
using Orleans.Storage;

namespace Fleet;

/// <summary>
/// Grain storage for a cluster on one machine: a file for each grain, written beside the old one and moved into its place once it is on the
/// disk. For several machines take a storage that Orleans has: Azure, AWS, Cosmos DB, ADO.NET, Redis.
/// </summary>
internal sealed class FileGrainStorage(string folder, IGrainStorageSerializer serializer) : IGrainStorage
{
    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        string path = PathOf(stateName, grainId);
        if (!File.Exists(path))
            return;

        byte[] bytes = await File.ReadAllBytesAsync(path);
        (grainState.State, grainState.ETag, grainState.RecordExists) = (serializer.Deserialize<T>(bytes), TagOf(bytes), true);
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        string path = PathOf(stateName, grainId);
        await RequireUnchanged(path, grainState.ETag);
        byte[] bytes = serializer.Serialize(grainState.State).ToArray();
        Directory.CreateDirectory(folder);
        string unfinished = Path.Combine(folder, Path.GetRandomFileName());
        await using (FileStream file = File.Create(unfinished))
        {
            await file.WriteAsync(bytes);
            file.Flush(flushToDisk: true);
        }

        File.Move(unfinished, path, overwrite: true);
        (grainState.ETag, grainState.RecordExists) = (TagOf(bytes), true);
    }

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        string path = PathOf(stateName, grainId);
        await RequireUnchanged(path, grainState.ETag);
        File.Delete(path);
        (grainState.State, grainState.ETag, grainState.RecordExists) = (Activator.CreateInstance<T>(), null, false);
    }

    private static async Task RequireUnchanged(string path, string? tag)
    {
        string? stored = File.Exists(path) ? TagOf(await File.ReadAllBytesAsync(path)) : null;
        if (stored != tag)
            throw new InconsistentStateException($"'{path}' was written by somebody else.", stored, tag);
    }

    private static string TagOf(byte[] bytes) => Convert.ToHexString(SHA256.HashData(bytes));

    // A grain's key may be anything; the name of a file may not.
    private string PathOf(string stateName, GrainId grainId)
        => Path.Combine(folder, $"{stateName}-{TagOf(Encoding.UTF8.GetBytes(grainId.ToString()))}.state");
}
