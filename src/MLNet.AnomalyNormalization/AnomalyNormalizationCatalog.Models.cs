using MLNet.AnomalyNormalization;
using MLNet.AnomalyNormalization.DataViews;
using MLNet.AnomalyNormalization.Files;

namespace Microsoft.ML;

// Models: saved, loaded, looked into.
public static partial class AnomalyNormalizationCatalog
{
    /// <summary>
    /// Saves a model as <c>mlContext.Model.Save</c> does, but so that whoever looks sees the old file or the new one, whole: beside its place
    /// first, to the disk, then moved into it. A link is followed, and the permissions of a file that is replaced stay.
    /// </summary>
    /// <param name="catalog">The model catalog.</param>
    /// <param name="model">The model.</param>
    /// <param name="inputSchema">The schema of its input, which is saved with it; null for none.</param>
    /// <param name="path">The zip file to write.</param>
    /// <exception cref="IOException">
    /// It can't be written, or what stands there is no regular file. What was there before is unchanged then.
    /// </exception>
    public static void SaveAnomalyModel(this ModelOperationsCatalog catalog, ITransformer model, DataViewSchema? inputSchema, string path)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        AtomicFile.Write(path, stream => catalog.Save(model, inputSchema, stream));
    }

    /// <summary>
    /// Loads a saved model and puts the fast <see cref="AnomalyNormalizationTransformer"/> back wherever one was saved, with its exact
    /// thresholds. <c>mlContext.Model.Load</c> gives the same bits from stock components.
    /// </summary>
    /// <remarks>
    /// Load only models that you trust: a model names the components that ML.NET makes of it, and ML.NET takes them at their word. What is
    /// checked before is what was damaged, by the sum of each part of the file, and what would end the process or never return: the number,
    /// sizes and depth of the parts, their offsets, the length of expressions, and the types in schemas. The rest is loaded on a thread of its
    /// own; after a minute, and a second for each MiB, the file is given up, and the thread with it. The numbers within a component are
    /// ML.NET's: it sets aside as much memory as they ask for, and a trainer may compute with them for ever.
    /// </remarks>
    /// <param name="catalog">The model catalog.</param>
    /// <param name="path">The zip file that <c>mlContext.Model.Save</c> wrote.</param>
    /// <param name="inputSchema">The schema that was saved with the model, or null if there was none.</param>
    /// <returns>The model; one that holds no normaliser is returned as it was loaded.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">
    /// The file is no regular one, damaged, or not a model that ML.NET can load here (an assembly is missing, say); the message says why.
    /// </exception>
    public static ITransformer LoadAnomalyModel(this ModelOperationsCatalog catalog, string path, out DataViewSchema? inputSchema)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentException.ThrowIfNullOrEmpty(path);
        _ = RegularFile.RequireLength(path);
        using FileStream stream = File.OpenRead(path);
        return LoadAnomalyModel(catalog, stream, $"'{path}'", out inputSchema);
    }

    /// <summary>Loads a saved model as <see cref="LoadAnomalyModel(ModelOperationsCatalog, string, out DataViewSchema?)"/> does.</summary>
    /// <param name="catalog">The model catalog.</param>
    /// <param name="stream">What <c>mlContext.Model.Save</c> wrote; it can seek, and is left open.</param>
    /// <param name="inputSchema">The schema that was saved with the model, or null if there was none.</param>
    /// <returns>The model; one that holds no normaliser is returned as it was loaded.</returns>
    /// <exception cref="ArgumentException">The stream can't seek.</exception>
    /// <exception cref="InvalidDataException">The stream holds no model that ML.NET can load here; the message says why.</exception>
    public static ITransformer LoadAnomalyModel(this ModelOperationsCatalog catalog, Stream stream, out DataViewSchema? inputSchema)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanSeek)
            throw new ArgumentException("The stream can't seek. Copy it into a MemoryStream.", nameof(stream));
        return LoadAnomalyModel(catalog, stream, "The stream", out inputSchema);
    }

    /// <summary>Finds the normaliser of a model, to read its thresholds and options.</summary>
    /// <param name="model">A fitted pipeline, or one that <c>LoadAnomalyModel</c> has loaded; chains within chains are looked into.</param>
    /// <returns>The last one, which has the last word; null without any.</returns>
    public static AnomalyNormalizationTransformer? FindAnomalyNormalization(this ITransformer model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return model as AnomalyNormalizationTransformer
            ?? (model as IEnumerable<ITransformer>)?.Reverse().Select(FindAnomalyNormalization).FirstOrDefault(found => found is not null);
    }

    private static ITransformer LoadAnomalyModel(ModelOperationsCatalog catalog, Stream stream, string source, out DataViewSchema? inputSchema)
    {
        ITransformer model = SavedModel.Load(catalog, stream, source, out inputSchema);
        return PortableExpression.PutBack(catalog, model);
    }
}
