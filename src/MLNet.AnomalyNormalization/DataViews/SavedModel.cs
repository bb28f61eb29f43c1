using System.IO.Compression;
using System.Runtime.ExceptionServices;
using Microsoft.ML;

namespace MLNet.AnomalyNormalization.DataViews;

/// <summary>
/// Loads models that others made. ML.NET trusts what it reads: nesting ends the process, and a length that is too large is read for ever.
/// What can be checked before is checked; what can't is loaded on a thread of its own, for a limited time.
/// </summary>
internal static class SavedModel
{
    // A model has some ten parts in a few folders, one in the other.
    private const int MostEntries = 10_000;
    private const int DeepestEntry = 32;

    // What an entry may expand to beyond a thousand times its packed size: no weights are as uniform as that.
    private const long LargestUniform = 64 << 20;

    // Enough for what the checks let through.
    private const int StackSize = 64 << 20;

    // Loading takes a second for each 100 MB or so; this is for slow disks.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private const long BytesPerSecond = 1 << 20;

    /// <summary>Loads a model from a stream.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="stream">The stream; it can seek.</param>
    /// <param name="source">What messages call it.</param>
    /// <param name="inputSchema">The schema that was saved with the model.</param>
    /// <exception cref="InvalidDataException">It holds no model that can be loaded here.</exception>
    public static ITransformer Load(ModelOperationsCatalog catalog, Stream stream, string source, out DataViewSchema? inputSchema)
    {
        long start = stream.Position;
        try
        {
            using var archive = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
            Check(archive);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{source} is not a model that ML.NET can load here: {e.Message}", e);
        }

        ITransformer? model = null;
        DataViewSchema? schema = null;
        Exception? error = null;
        for (int attempt = 0; attempt == 0 || (attempt == 1 && IsOfOnnxRuntime(error)); attempt++)
        {
            stream.Position = start;
            (model, schema, error) = LoadInTime(catalog, stream, source);
        }

        if (error is not null)
        {
            // A missing assembly is a kind of file that wasn't found, but not the one that was asked for.
            if (error is (IOException or UnauthorizedAccessException) and not (FileNotFoundException or FileLoadException or EndOfStreamException))
                ExceptionDispatchInfo.Throw(error);
            throw new InvalidDataException($"{source} is not a model that ML.NET can load here: {error.GetBaseException().Message}", error);
        }

        inputSchema = schema;
        return model!;
    }

    private static (ITransformer? Model, DataViewSchema? Schema, Exception? Error) LoadInTime(
        ModelOperationsCatalog catalog, Stream stream, string source)
    {
        (ITransformer? Model, DataViewSchema? Schema, Exception? Error) result = default;
        var thread = new Thread(() =>
        {
            try
            {
                ITransformer model = catalog.Load(stream, out DataViewSchema? schema);
                result = (model, schema, null);
            }
            catch (Exception e)
            {
                result = (null, null, e);
            }
        }, StackSize)
        {
            IsBackground = true,
            Name = "LoadAnomalyModel",
        };
        thread.Start();
        TimeSpan patience = s_patience + TimeSpan.FromSeconds((double)stream.Length / BytesPerSecond);
        return thread.Join(patience)
            ? result
            : throw new InvalidDataException(
                $"{source} is not a model that ML.NET can load here: it was not read after {patience.TotalSeconds:F0} s, so that a length in it is wrong.");
    }

    // ML.NET writes a graph to a temporary file of a random name, and one such name in 32,768 ends in ".ort", which OnnxRuntime takes for
    // another format.
    private static bool IsOfOnnxRuntime(Exception? error) => error?.GetBaseException().GetType().Name == "OnnxRuntimeException";

    private static void Check(ZipArchive archive)
    {
        if (archive.Entries.Count > MostEntries)
            throw new InvalidDataException($"it has {archive.Entries.Count} parts; a model has at most {MostEntries}.");

        foreach (ZipArchiveEntry entry in archive.Entries)
        {
            if (entry.FullName.Count(character => character is '/' or '\\') > DeepestEntry)
                throw new InvalidDataException($"it is nested more than {DeepestEntry} parts deep.");
            if (entry.Length > LargestUniform && entry.Length / 1000 > entry.CompressedLength)
                throw new InvalidDataException($"'{entry.FullName}' would expand from {entry.CompressedLength} to {entry.Length} bytes.");
            try
            {
                byte[] content = ModelPart.Read(entry);
                if (ModelPart.IsDescription(entry))
                    ModelPart.Check(content, archive.Entries.Count);
                else if (content.Length > 0)
                    SavedSchema.Check(content);
            }
            catch (Exception e) when (e is ArgumentOutOfRangeException or OverflowException or EndOfStreamException or FormatException)
            {
                throw new InvalidDataException($"'{entry.FullName}' is damaged: an offset or a length in it leads out of it.", e);
            }
        }
    }
}
