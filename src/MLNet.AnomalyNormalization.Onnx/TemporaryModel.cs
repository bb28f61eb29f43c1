namespace MLNet.AnomalyNormalization.Onnx;

/// <summary>
/// Rewritten models in the temporary folder. ApplyOnnxModel reads its file again, by name, whenever it is saved, and doesn't tell when it
/// is done with it; so they stay until the process ends.
/// </summary>
internal static class TemporaryModel
{
    private static readonly object Gate = new();
    private static readonly List<string> Folders = [];

    static TemporaryModel() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        lock (Gate)
            Folders.ForEach(Delete);
    };

    /// <summary>Writes a graph to a file of its own; gives the path.</summary>
    /// <exception cref="InvalidDataException">As with <see cref="ScoringGraph.Write"/>; nothing is left then.</exception>
    public static string Write(ScoringGraph graph, string pixels, string score, string? map)
    {
        string folder = Directory.CreateTempSubdirectory("AnomalyOnnx").FullName;
        try
        {
            string path = Path.Combine(folder, "model.onnx");
            graph.Write(path, pixels, score, map);
            lock (Gate)
                Folders.Add(folder);
            return path;
        }
        catch
        {
            Delete(folder);
            throw;
        }
    }

    private static void Delete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Windows doesn't let go of a file that a transformer still has open; the system clears its temporary folder.
        }
    }
}
