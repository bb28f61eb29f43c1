using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Regions;

namespace MLNet.AnomalyNormalization.DataViews;

/// <summary>A column that is made of the regions of a map.</summary>
internal sealed class RegionColumn : IAddedColumn
{
    private readonly AnomalyRegionColumnOptions _options;
    private readonly DataViewType _type;
    private readonly Func<MapRow, Delegate> _getter;

    private RegionColumn(string name, AnomalyRegionColumnOptions options, DataViewType type, Func<MapRow, Delegate> getter)
        => (Name, _options, _type, _getter) = (name, options, type, getter);

    public string Name { get; }

    public string Source => _options.MapColumnName;

    /// <summary>All columns that the options switch on.</summary>
    public static RegionColumn[] From(AnomalyRegionColumnOptions options)
    {
        var columns = new List<RegionColumn>();
        if (options.ScoreColumnName is { } score)
        {
            columns.Add(new(score, options, NumberDataViewType.Single,
                row => (ValueGetter<float>)((ref float value) => value = row.ReadScore())));
        }

        if (options.BoxesColumnName is { } boxes)
        {
            columns.Add(new(boxes, options, new VectorDataViewType(NumberDataViewType.Int32), row => Vector(() => row.ReadRegions()
                .SelectMany(region => (int[])[region.Top, region.Left, region.Height, region.Width]))));
        }

        if (options.BoxScoresColumnName is { } peaks)
        {
            columns.Add(new(peaks, options, new VectorDataViewType(NumberDataViewType.Single),
                row => Vector(() => row.ReadRegions().Select(region => region.Peak))));
        }

        return [.. columns];
    }

    public void Check(DataViewSchema schema) => _ = Columns(schema);

    public DataViewType OutputType(DataViewType source) => _type;

    /// <summary>What is decided by the map's scale is decided where the map is.</summary>
    public void Annotate(DataViewSchema.Annotations.Builder annotations, DataViewSchema.Column source)
    {
        if (_type != NumberDataViewType.Int32 && ColumnAnnotations.NormalizerOf(source) is { } normalizer)
            ColumnAnnotations.Add(annotations, normalizer);
    }

    public Delegate CreateGetter(DataViewRow input, DataViewSchema.Column source, IDictionary<object, object> shared)
    {
        if (!shared.TryGetValue(_options, out object? row))
            shared[_options] = row = new MapRow(_options, input, Columns(input.Schema));
        return _getter((MapRow)row);
    }

    private AnomalyColumns Columns(DataViewSchema schema)
        => new(schema, score: null, label: null, _options.MapColumnName,
            size: _options.MapHeight is { } height && _options.MapWidth is { } width ? (height, width) : null);

    private static ValueGetter<VBuffer<T>> Vector<T>(Func<IEnumerable<T>> read)
        => (ref VBuffer<T> value) =>
        {
            T[] values = [.. read()];
            VBufferEditor<T> editor = VBufferEditor.Create(ref value, values.Length);
            values.CopyTo(editor.Values);
            value = editor.Commit();
        };

    /// <summary>The present row of a cursor: its regions are found once, whichever columns are asked for.</summary>
    private sealed class MapRow(AnomalyRegionColumnOptions options, DataViewRow row, AnomalyColumns columns)
    {
        private readonly AnomalyRow _row = new(columns, row);
        private readonly RegionScore _score = new(options.Regions);
        private IReadOnlyList<AnomalyRegion> _regions = [];
        private long _position = -1;

        public float ReadScore()
        {
            ReadOnlySpan<float> map = ReadMap(out int height, out int width);
            return _score.Of(map, height, width);
        }

        public IReadOnlyList<AnomalyRegion> ReadRegions()
        {
            // A row that is no cursor's may change without moving.
            if (_position != row.Position || row is not DataViewRowCursor)
            {
                ReadOnlySpan<float> map = ReadMap(out int height, out int width);
                _regions = AnomalyRegions.Find(map, height, width, options.Regions);
                _position = row.Position;
            }

            return _regions;
        }

        private ReadOnlySpan<float> ReadMap(out int height, out int width)
        {
            ReadOnlySpan<float> map = _row.ReadMap();
            (height, width) = _row.SizeOf(map.Length);
            _row.RequireValidArea(options.Regions.ValidArea, map.Length);
            return map;
        }
    }
}
