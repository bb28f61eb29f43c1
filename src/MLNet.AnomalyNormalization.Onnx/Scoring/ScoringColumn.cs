using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.DataViews;
using MLNet.AnomalyNormalization.Onnx.Pictures;

namespace MLNet.AnomalyNormalization.Onnx.Scoring;

/// <summary>A raw column of a model, the score or the map, made from a column of pictures.</summary>
internal sealed class ScoringColumn(string name, string source, AnomalyScorer scorer, bool isMap) : IAddedColumn
{
    private const string Expected = "a column of images (LoadImages, MLImage), or of text with the paths of picture files";

    public string Name => name;

    public string Source => source;

    public void Check(DataViewSchema schema) => Find(schema, source);

    /// <summary>The column of pictures.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is missing or of another type.</exception>
    public static DataViewSchema.Column Find(DataViewSchema schema, string source)
    {
        if (schema.GetColumnOrNull(source) is not { } column)
            throw MissingColumn.Exception(source, Expected, schema.Select(other => other.Name), nameof(schema));
        if (!PictureColumn.IsPicture(column.Type))
            throw new ArgumentOutOfRangeException(nameof(schema), $"Column '{source}': expected {Expected}, got {column.Type}.");
        return column;
    }

    /// <inheritdoc cref="Find"/>
    public static bool CheckIsText(SchemaShape schema, string source)
    {
        SchemaShape.Column column = schema.FirstOrDefault(column => column.Name == source);
        if (column.Name is null)
            throw MissingColumn.Exception(source, Expected, schema.Select(other => other.Name), nameof(schema));
        if (column.Kind != SchemaShape.Column.VectorKind.Scalar || !PictureColumn.IsPicture(column.ItemType))
            throw new ArgumentOutOfRangeException(nameof(schema), $"Column '{source}': expected {Expected}, got {column.Kind} of {column.ItemType}.");
        return column.ItemType is TextDataViewType;
    }

    public DataViewType OutputType(DataViewType source)
        => isMap && scorer.MapSize is var (height, width)
            ? new VectorDataViewType(NumberDataViewType.Single, 1, 1, height, width)
            : new VectorDataViewType(NumberDataViewType.Single, 1);

    public void Annotate(DataViewSchema.Annotations.Builder annotations, DataViewSchema.Column source)
    {
        if (isMap && scorer.InspectedArea is { } area)
            ColumnAnnotations.Add(annotations, area);
    }

    public Delegate CreateGetter(DataViewRow input, DataViewSchema.Column source, IDictionary<object, object> shared)
    {
        if (!shared.TryGetValue(scorer, out object? row))
            shared[scorer] = row = new ScoredRow(scorer, input, source);
        var scored = (ScoredRow)row;
        scored.NeedsMap |= isMap;
        return isMap
            ? (ValueGetter<VBuffer<float>>)((ref VBuffer<float> result) => scored.CopyMap(ref result))
            : (ref VBuffer<float> result) =>
            {
                VBufferEditor<float> editor = VBufferEditor.Create(ref result, 1);
                editor.Values[0] = scored.Score;
                result = editor.Commit();
            };
    }

    /// <summary>The present row of a cursor: scored once, whichever of its columns are asked for.</summary>
    private sealed class ScoredRow(AnomalyScorer scorer, DataViewRow row, DataViewSchema.Column source)
    {
        private readonly PictureColumn _pictures = new(row, source, scorer.Preprocessing.Library);
        private long _position = -1;
        private bool _hasMap;
        private float _score;
        private float[] _map = [];

        public bool NeedsMap { get; set; }

        public float Score
        {
            get
            {
                Update();
                return _score;
            }
        }

        public void CopyMap(ref VBuffer<float> result)
        {
            Update();
            VBufferEditor<float> editor = VBufferEditor.Create(ref result, _map.Length);
            _map.CopyTo(editor.Values);
            result = editor.Commit();
        }

        private void Update()
        {
            if (_position == row.Position && (_hasMap || !NeedsMap))
                return;

            // Until it has succeeded, the row isn't scored.
            _position = -1;
            if (NeedsMap && scorer.MapSize is var (height, width) && _map.Length == 0)
                _map = new float[height * width];
            _score = scorer.Score(_pictures.Read(), NeedsMap ? _map : [], scorer.Stop);
            (_position, _hasMap) = (row.Position, NeedsMap);
        }
    }
}
