using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Onnx;
using MLNet.AnomalyNormalization.Onnx.Files;
using MLNet.AnomalyNormalization.Onnx.Format;
using MLNet.AnomalyNormalization.Vision.Training;

namespace MLNet.AnomalyNormalization.Vision;

/// <summary>
/// Adds raw scores and maps to a column of photos: distances to the nearest good patch. Made by <see cref="PatchCoreTrainer"/>.
/// </summary>
/// <remarks>
/// It saves itself as stock components, for photos of the size of the first one that it was trained on, and loads without this library.
/// Append <c>NormalizeAnomaly(transformer.Thresholds)</c> to make decisions. Safe to share between threads.
/// </remarks>
public sealed class PatchCoreTransformer : ITransformer, IDisposable
{
    private readonly ModelProto _model;
    private readonly ITransformer _scoring;

    internal PatchCoreTransformer(TrainedPatchCore trained, ITransformer scoring)
    {
        (_model, _scoring) = (trained.Model, scoring);
        (ImageFit, PixelFit, NearDuplicates, BankSize) = (trained.Image, trained.Pixel, trained.NearDuplicates, trained.BankSize);
    }

    /// <summary>The raw thresholds of score and map.</summary>
    public AnomalyThresholds Thresholds => new(ImageFit.Threshold, PixelFit.Threshold);

    /// <summary>The threshold of the score, learned from photos that the scoring model had not seen.</summary>
    public ThresholdFit ImageFit { get; }

    /// <summary>
    /// The threshold of the map, learned from the highest pixel of each map of a photo that the scoring model had not seen.
    /// </summary>
    public ThresholdFit PixelFit { get; }

    /// <summary>
    /// Rows of photos that show nearly the same, in groups of two or more. They were kept in one fold; if they are one part taken twice,
    /// there is less to learn from than it seems.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<int>> NearDuplicates { get; }

    /// <summary>The number of patches that the model compares with.</summary>
    public int BankSize { get; }

    /// <inheritdoc/>
    public bool IsRowToRowMapper => true;

    /// <summary>
    /// Writes the model as one ONNX file that needs no other: input <c>image</c>, Byte, 1 x height x width x 3, a photo of any size;
    /// outputs <c>score</c> and <c>anomaly_map</c>; thresholds in the metadata. <see cref="AnomalyOnnxModel.Open"/> reads it.
    /// </summary>
    /// <param name="path">The file; one that is there is replaced once the new one is complete.</param>
    /// <exception cref="IOException">The file can't be written.</exception>
    public void SaveOnnx(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        OnnxFile.Write(_model, OnnxFile.FolderOf(path), path);
    }

    /// <summary>The schema with the added columns.</summary>
    /// <param name="inputSchema">The schema of the data to transform.</param>
    /// <exception cref="ArgumentOutOfRangeException">The column of photos is missing or of another type.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => _scoring.GetOutputSchema(inputSchema);

    /// <summary>The mapper from rows of the given schema to rows with the added columns.</summary>
    /// <param name="inputSchema">The schema of the rows.</param>
    /// <exception cref="ArgumentOutOfRangeException">As with <see cref="GetOutputSchema"/>.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => _scoring.GetRowToRowMapper(inputSchema);

    /// <summary>The data with the added columns; nothing is computed before a cursor asks for it.</summary>
    /// <param name="input">Data with the column of photos.</param>
    /// <exception cref="ArgumentOutOfRangeException">As with <see cref="GetOutputSchema"/>.</exception>
    public IDataView Transform(IDataView input) => _scoring.Transform(input);

    /// <summary>Lets go of the model in OnnxRuntime.</summary>
    public void Dispose() => (_scoring as IDisposable)?.Dispose();

    void ICanSaveModel.Save(ModelSaveContext ctx) => _scoring.Save(ctx);
}
