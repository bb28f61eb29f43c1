using System.Collections.Concurrent;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.Transforms.Image;
using MLNet.AnomalyNormalization.DataViews;
using MLNet.AnomalyNormalization.Onnx.Pictures;

namespace MLNet.AnomalyNormalization.Onnx.Scoring;

/// <summary>
/// A saved pipeline of ML.NET, from a picture to raw scores: what <c>ApplyAnomalyOnnxModel</c> or a trainer, and <c>NormalizeAnomaly</c>,
/// became when they were saved. Its rows are pooled, for one is good for one thread at a time.
/// </summary>
internal sealed class PipelineScorer : IPictureScorer
{
    private readonly string _path;
    private readonly ITransformer _model;
    private readonly IRowToRowMapper _mapper;
    private readonly DataViewSchema.Column _picture;
    private readonly AnomalyColumns _columns;
    private readonly AnomalyColumns _scoreAlone;
    private readonly ConcurrentBag<Row> _scores = [];
    private readonly ConcurrentBag<Row> _maps = [];
    private volatile bool _isDisposed;

    /// <param name="path">The file that <c>mlContext.Model.Save</c> or <c>SaveAnomalyModel</c> wrote.</param>
    /// <param name="imageColumn">The column of images that it takes; null if it takes paths.</param>
    /// <exception cref="InvalidDataException">It is no model, has no normaliser, or needs another column, or more than one.</exception>
    public PipelineScorer(string path, string? imageColumn)
    {
        _path = path;
        _model = new MLContext().Model.LoadAnomalyModel(path, out DataViewSchema? inputs);
        try
        {
            Normalization = _model.FindAnomalyNormalization() is { Options.ScoreColumnName: not null } found
                ? found
                : throw Invalid("has no normaliser of image scores. Append NormalizeAnomaly before it is saved");
            if (!_model.IsRowToRowMapper)
                throw Invalid("takes no single rows");

            _mapper = _model.GetRowToRowMapper(SchemaOf(inputs, imageColumn));
            AnomalyNormalizationOptions options = Normalization.Options;
            _columns = new(_mapper.OutputSchema, options.ScoreColumnName, null, options.MapColumnName);
            _scoreAlone = new(_mapper.OutputSchema, options.ScoreColumnName, null);
            if (_columns.All.FirstOrDefault(column => AnomalyColumns.ItemOf(column.Type) != NumberDataViewType.Single) is { Name: { } wide })
                throw Invalid($"gives '{wide}' as Double. Convert it to Single in the pipeline (ConvertType)");

            DataViewSchema.Column[] needed = [.. _mapper.GetDependencies(_columns.All)];
            _picture = needed is [var only] && PictureColumn.IsPicture(only.Type)
                ? only
                : throw Invalid($"needs {string.Join(", ", needed.Select(column => $"'{column.Name}' ({column.Type})"))}; "
                    + "expected one column, of images or of the paths of picture files");
            MapSize = _columns.Map is not { } map ? null : _columns.SizeOf(((VectorDataViewType)map.Type).Size)
                ?? throw Invalid($"doesn't say the height and width of its maps ('{map.Name}' is {map.Type})");
        }
        catch (Exception e)
        {
            Release();
            if (e is ArgumentOutOfRangeException)
            {
                throw Invalid(
                    $"can't run on what its schema says: {e.Message.TrimEnd('.')}. A saved schema keeps no columns of images; name that of the "
                    + "picture in ImageColumnName of AnomalyInspectorOptions");
            }

            throw;
        }
    }

    /// <summary>The pipeline's normaliser.</summary>
    public AnomalyNormalizationTransformer Normalization { get; }

    // As ML.NET itself reads them: without turning them.
    public ImageLibrary Library => ImageLibrary.Torchvision;

    public (int Height, int Width)? MapSize { get; }

    public PictureArea? InspectedArea => _columns.Map is { } map ? ColumnAnnotations.AreaOf(map) : null;

    public float Score(RgbPicture picture, string? path, Span<float> map, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        cancellationToken.ThrowIfCancellationRequested();
        bool isText = _picture.Type is TextDataViewType;
        if (isText && path is null)
        {
            throw new InvalidOperationException(
                $"'{_path}' reads picture files by their paths. Inspect a file, or save the pipeline over a column of images.");
        }

        ConcurrentBag<Row> pool = map.IsEmpty ? _scores : _maps;
        if (!pool.TryTake(out Row? row))
            row = new(this, map.IsEmpty ? _scoreAlone : _columns);
        using MLImage? image = isText ? null : picture.ToImage();
        try
        {
            float score = row.Read(path, image, map);
            pool.Add(row);
            return score;
        }
        catch (Exception e)
        {
            row.Dispose();
            if (e is OnnxRuntimeException or InvalidOperationException or ArgumentException or FormatException or IOException)
                throw new InvalidDataException($"'{_path}' fails on a picture of {picture.Height} x {picture.Width}: {e.GetBaseException().Message}", e);
            throw;
        }
    }

    public void Dispose()
    {
        _isDisposed = true;
        Release();
    }

    // A saved schema has lost its columns of images, and may be missing.
    private static DataViewSchema SchemaOf(DataViewSchema? saved, string? imageColumn)
    {
        var schema = new DataViewSchema.Builder();
        schema.AddColumns(saved ?? Enumerable.Empty<DataViewSchema.Column>());
        if (imageColumn is not null)
            schema.AddColumn(imageColumn, new ImageDataViewType());
        return schema.ToSchema();
    }

    private void Release()
    {
        foreach (Row row in _scores.Concat(_maps))
            row.Dispose();
        (_model as IDisposable)?.Dispose();
    }

    private InvalidDataException Invalid(string what) => new($"The pipeline '{_path}' {what}.");

    /// <summary>A row of the pipeline whose picture is set from outside.</summary>
    private sealed class Row : IDisposable
    {
        private readonly SourceRow _source;
        private readonly DataViewRow _row;
        private readonly AnomalyRow _values;

        public Row(PipelineScorer owner, AnomalyColumns columns)
        {
            _source = new(owner._mapper.InputSchema, owner._picture);
            _row = owner._mapper.GetRow(_source, columns.All);
            _values = new(columns, _row);
        }

        public float Read(string? path, MLImage? image, Span<float> map)
        {
            _source.Set(path, image);
            float score = (float)_values.ReadScore();
            if (!map.IsEmpty)
                _values.ReadMap().CopyTo(map);
            return score;
        }

        public void Dispose() => _row.Dispose();
    }

    private sealed class SourceRow(DataViewSchema schema, DataViewSchema.Column picture) : DataViewRow
    {
        private long _position = -1;
        private string? _path;
        private MLImage? _image;

        public override DataViewSchema Schema => schema;

        // What depends on a row is computed once for each position.
        public override long Position => _position;

        public override long Batch => 0;

        public void Set(string? path, MLImage? image)
        {
            (_path, _image) = (path, image);
            _position++;
        }

        public override bool IsColumnActive(DataViewSchema.Column column) => column.Index == picture.Index;

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            Delegate getter = picture.Type is TextDataViewType
                ? (ValueGetter<ReadOnlyMemory<char>>)((ref ReadOnlyMemory<char> value) => value = _path.AsMemory())
                : (ValueGetter<MLImage>)((ref MLImage value) => value = _image!);
            return IsColumnActive(column) && getter is ValueGetter<TValue> fitting
                ? fitting
                : throw new InvalidOperationException($"Column '{column.Name}' is not there; expected '{picture.Name}'.");
        }

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new((ulong)_position, 0);
    }
}
