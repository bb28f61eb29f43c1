using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.DataViews;

namespace MLNet.AnomalyNormalization;

/// <summary>
/// Adds normalised anomaly columns to a data view: 100 is the decision threshold. Made by <see cref="AnomalyNormalizationEstimator"/>, or
/// put back into a loaded model by <c>mlContext.Model.LoadAnomalyModel</c>.
/// </summary>
/// <remarks>
/// It saves itself as <see cref="Portable"/>, so that a saved model needs stock ML.NET only and gives the same bits. Columns are lazy: a
/// map that nobody asks for is never read. Instances are immutable and safe to share between threads.
/// </remarks>
[DebuggerDisplay("image {Thresholds.Image}, pixel {Thresholds.Pixel}")]
public sealed class AnomalyNormalizationTransformer : ITransformer
{
    private readonly NormalizedColumn[] _columns;
    private readonly AddedColumnsTransformer _added;

    internal AnomalyNormalizationTransformer(
        AnomalyThresholds thresholds, AnomalyNormalizationOptions options, NormalizedColumn[] columns, ITransformer portable)
    {
        Thresholds = thresholds;
        Options = options;
        (ImageNormalizer, PixelNormalizer, _) = options.NormalizersFor(thresholds);
        _columns = columns;
        _added = new(columns, portable);
        Portable = portable;
    }

    /// <summary>The raw thresholds that 100 stands for.</summary>
    public AnomalyThresholds Thresholds { get; }

    /// <summary>
    /// What it was made with: the names of the columns, and how they are normalised. In a loaded model what is only needed for learning has
    /// its default, and columns that were not added have no names.
    /// </summary>
    public AnomalyNormalizationOptions Options { get; }

    /// <summary>By what image scores are normalised and decided (<see cref="ScoreNormalizer.Decision"/>).</summary>
    public ScoreNormalizer ImageNormalizer { get; }

    /// <summary>By what pixels are normalised and decided, if <see cref="AnomalyNormalizationOptions.ThresholdType"/> says so.</summary>
    public ScoreNormalizer PixelNormalizer { get; }

    /// <summary>What the image threshold achieves on the data that it was learned from; null if it was given, and in a loaded model.</summary>
    public ThresholdFit? ImageFit { get; init; }

    /// <summary>What the pixel threshold achieves on the masks that it was learned from; null if there were none, and in a loaded model.</summary>
    public ThresholdFit? PixelFit { get; init; }

    /// <summary>
    /// The same columns with the same bits, computed by stock ML.NET components alone (Expression). Slower, and a map's height and width
    /// are flattened to its length; it is what a saved model holds.
    /// </summary>
    public ITransformer Portable { get; }

    /// <inheritdoc/>
    public bool IsRowToRowMapper => true;

    /// <summary>The schema with the added columns.</summary>
    /// <param name="inputSchema">The schema of the data to transform.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A column is missing or has another element type than the one that was fitted; the message names the column and both types.
    /// </exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => _added.GetOutputSchema(inputSchema);

    /// <summary>The mapper from rows of the given schema to rows with the added columns.</summary>
    /// <param name="inputSchema">The schema of the rows.</param>
    /// <exception cref="ArgumentOutOfRangeException">As with <see cref="GetOutputSchema"/>.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => _added.GetRowToRowMapper(inputSchema);

    /// <summary>The data with the added columns; nothing is computed before a cursor asks for it.</summary>
    /// <param name="input">Data with the raw columns.</param>
    /// <exception cref="ArgumentOutOfRangeException">As with <see cref="GetOutputSchema"/>.</exception>
    public IDataView Transform(IDataView input) => _added.Transform(input);

    /// <summary>A line for each added column: from which one, and where it is decided.</summary>
    public override string ToString() => string.Join('\n', _columns.Select(column => string.Create(CultureInfo.InvariantCulture,
        $"{column.Name} from {column.Source}: 100 is {column.Normalizer.Threshold}, "
        + $"anomalous from {column.Normalizer.Decision.Raw} on, which is {column.Normalizer.Decision.Normalized}")));

    void ICanSaveModel.Save(ModelSaveContext ctx) => Portable.Save(ctx);
}
