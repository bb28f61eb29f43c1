using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Onnx.Pictures;

namespace MLNet.AnomalyNormalization.Onnx.Scoring;

/// <summary>Applies a model to a column of pictures; see <see cref="AnomalyOnnxCatalog.ApplyAnomalyOnnxModel"/>.</summary>
internal sealed class AnomalyScoringEstimator : IEstimator<ITransformer>
{
    private readonly TransformsCatalog _catalog;
    private readonly AnomalyOnnxModel _model;
    private readonly string _source;
    private readonly AnomalyOnnxScoringOptions _options;
    private AnomalyScorer? _first;

    public AnomalyScoringEstimator(TransformsCatalog catalog, AnomalyOnnxModel model, string source, AnomalyOnnxScoringOptions options)
    {
        (_catalog, _model, _source, _options) = (catalog, model, source, options);

        // What is wrong with the model or the options is said before there are any rows.
        _first = CreateScorer();
    }

    private string? MapColumn => _model.MapOutputName is null ? null : _options.MapColumnName;

    public ITransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        AnomalyScorer scorer = Interlocked.Exchange(ref _first, null) ?? CreateScorer();
        try
        {
            var transformer = new AnomalyScoringTransformer(scorer, _source, _options.ScoreColumnName, MapColumn, _options.GpuDeviceId);
            _ = transformer.GetOutputSchema(input.Schema);
            return transformer.For(input.Schema[_source].Type, _options is { PictureHeight: { } height, PictureWidth: { } width }
                ? (height, width) : SizeOfFirst(input, scorer.Preprocessing.Library));
        }
        catch
        {
            scorer.Dispose();
            throw;
        }
    }

    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
        => OutputSchema(_catalog, inputSchema, _source, _options.ScoreColumnName, MapColumn);

    /// <summary>The shape of a schema with the raw columns, whatever model they come from.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column of pictures is missing or of another type.</exception>
    public static SchemaShape OutputSchema(TransformsCatalog catalog, SchemaShape inputSchema, string source, string score, string? map)
    {
        // Stock estimators that make columns of the same kinds say what the schema will be like.
        ArgumentNullException.ThrowIfNull(inputSchema);
        bool isText = ScoringColumn.CheckIsText(inputSchema, source);
        string image = $"{score}.Image";
        if (isText)
            inputSchema = catalog.LoadImages(image, null, source).GetOutputSchema(inputSchema);
        inputSchema = catalog.ResizeImages(image, 1, 1, isText ? image : source).GetOutputSchema(inputSchema);
        inputSchema = catalog.ExtractPixels(score, image).GetOutputSchema(inputSchema);
        if (map is not null)
            inputSchema = catalog.ExtractPixels(map, image).GetOutputSchema(inputSchema);
        return catalog.DropColumns(image).GetOutputSchema(inputSchema);
    }

    private AnomalyScorer CreateScorer() => new(_model, _options.Preprocessing, OnnxDevice.Of(_options.GpuDeviceId), "options", _options.CancellationToken);

    private (int Height, int Width)? SizeOfFirst(IDataView data, ImageLibrary library)
    {
        DataViewSchema.Column column = data.Schema[_source];
        using DataViewRowCursor cursor = data.GetRowCursor([column]);
        return cursor.MoveNext() ? new PictureColumn(cursor, column, library).ReadSize() : null;
    }
}

/// <summary>
/// Adds raw scores and maps to a data view of pictures. It saves itself as stock components that give the same bits for pictures of the
/// size that it was fitted on.
/// </summary>
internal sealed class AnomalyScoringTransformer(
    AnomalyScorer scorer, string source, string score, string? map, int? gpuDeviceId) : ITransformer, IDisposable
{
    private readonly ScoringColumn[] _columns = map is null
        ? [new(score, source, scorer, isMap: false)]
        : [new(score, source, scorer, isMap: false), new(map, source, scorer, isMap: true)];

    private DataViewType _sourceType = TextDataViewType.Instance;
    private (int Height, int Width)? _pictureSize;

    public bool IsRowToRowMapper => true;

    public AnomalyScoringTransformer For(DataViewType sourceType, (int Height, int Width)? pictureSize)
    {
        (_sourceType, _pictureSize) = (sourceType, pictureSize);
        return this;
    }

    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => new DataViews.AddedColumnsMapper(_columns, inputSchema).OutputSchema;

    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => new DataViews.AddedColumnsMapper(_columns, inputSchema);

    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new DataViews.AddedColumnsDataView(input, new DataViews.AddedColumnsMapper(_columns, input.Schema));
    }

    void ICanSaveModel.Save(ModelSaveContext ctx)
        => StockScoring.Save(ctx, scorer, _sourceType is TextDataViewType, source, score, map, gpuDeviceId, _pictureSize
            ?? throw new InvalidOperationException(
                $"The pipeline was fitted on no row, so that nothing tells the size of the pictures in column '{source}', which a saved one needs. "
                + "Fit it on at least one picture, or set PictureHeight and PictureWidth of the options."));

    public void Dispose() => scorer.Dispose();
}
