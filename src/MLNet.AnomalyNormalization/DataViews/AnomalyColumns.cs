using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.DataViews;

/// <summary>
/// The columns that a threshold is learned from, or an evaluation is made of, bound to a schema and checked. A name of null leaves the
/// column out.
/// </summary>
internal sealed class AnomalyColumns
{
    private readonly List<DataViewSchema.Column> _all = [];
    private readonly (int Height, int Width)? _size;

    /// <param name="schema">The schema of the data.</param>
    /// <param name="score">The image score: Single or Double, a scalar or a vector of one element.</param>
    /// <param name="label">Whether a row is anomalous; see <see cref="LabelReader"/>.</param>
    /// <param name="map">The anomaly map: a vector of Single or Double.</param>
    /// <param name="mask">The defects: a vector of Byte, Boolean or Single, or an image.</param>
    /// <param name="boxScores">The scores of detected boxes: a vector of Single or Double.</param>
    /// <param name="size">The size of the maps, if the schema doesn't tell.</param>
    /// <param name="id">A text that names the row.</param>
    /// <param name="group">A text that names the row's group.</param>
    /// <param name="weight">How many rows the row stands for.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    public AnomalyColumns(
        DataViewSchema schema, string? score, string? label, string? map = null, string? mask = null, string? boxScores = null,
        (int Height, int Width)? size = null, string? id = null, string? group = null, string? weight = null)
    {
        Score = Find(score, "Single or Double, as a scalar or a vector of one element", type => ItemOf(type) is var item
            && (item == NumberDataViewType.Single || item == NumberDataViewType.Double) && type is not VectorDataViewType { Size: > 1 });
        Label = Find(label, LabelReader.Expected, LabelReader.CanRead);
        Map = Find(map, "a vector of Single or Double", IsVectorOfNumbers);
        BoxScores = Find(boxScores, "a vector of Single or Double", IsVectorOfNumbers);
        Mask = Find(mask, "a vector of Byte, Boolean or Single, or an image", type => ImageMask.IsImage(type)
            || (type is VectorDataViewType && ItemOf(type) is var item
                && (item == NumberDataViewType.Byte || item == BooleanDataViewType.Instance || item == NumberDataViewType.Single)));
        Id = Find(id, "text (ConvertType makes it of numbers)", type => type is TextDataViewType);
        Group = Find(group, "text (ConvertType makes it of numbers)", type => type is TextDataViewType);
        Weight = Find(weight, "a number", NumberReader.CanRead);
        _size = size ?? SizeOfMap();
        SizesOfOthers = string.Join(", ", schema
            .Where(column => !column.IsHidden)
            .Select(column => column.Type is VectorDataViewType { Size: > 1 } type && ShapeOf(type) is var (height, width)
                ? $"'{column.Name}' has {height} x {width}"
                : null)
            .OfType<string>());

        DataViewSchema.Column? Find(string? name, string expected, Func<DataViewType, bool> fits)
        {
            if (name is null)
                return null;

            if (schema.GetColumnOrNull(name) is not { } column)
                throw MissingColumn.Exception(name, expected, schema.Select(other => other.Name), nameof(schema));
            if (!fits(column.Type))
                throw new ArgumentOutOfRangeException(nameof(schema), $"Column '{name}': expected {expected}, got {column.Type}.");

            _all.Add(column);
            return column;
        }
    }

    public DataViewSchema.Column? Score { get; }

    public DataViewSchema.Column? Label { get; }

    public DataViewSchema.Column? Id { get; }

    public DataViewSchema.Column? Group { get; }

    public DataViewSchema.Column? Weight { get; }

    public DataViewSchema.Column? Map { get; }

    public DataViewSchema.Column? Mask { get; }

    public DataViewSchema.Column? BoxScores { get; }

    /// <summary>How masks are read.</summary>
    public MaskRules Masks { get; init; } = new();

    /// <summary>The labels of normal rows, where labels are text.</summary>
    public IReadOnlyList<string> NormalLabels { get; init; } = AnomalyEvaluationOptions.DefaultNormalLabels;

    /// <summary>Which area of the picture the maps cover.</summary>
    public PictureArea InspectedArea => Masks.Area ?? (Map is { } map ? ColumnAnnotations.AreaOf(map) : null) ?? PictureArea.Whole;

    /// <summary>What a cursor has to be asked for.</summary>
    public IReadOnlyList<DataViewSchema.Column> All => _all;

    /// <summary>The height and width of a map of so many pixels, or null if neither the schema nor the caller tells them.</summary>
    public (int Height, int Width)? SizeOf(int pixels) => _size is var (height, width) && (long)height * width == pixels ? _size : null;

    /// <summary>The columns that have a height and width, for messages: a map that stock components normalised has lost its own.</summary>
    public string SizesOfOthers { get; }

    public static DataViewType ItemOf(DataViewType type) => type is VectorDataViewType vector ? vector.ItemType : type;

    private static bool IsVectorOfNumbers(DataViewType type)
        => type is VectorDataViewType vector && (vector.ItemType == NumberDataViewType.Single || vector.ItemType == NumberDataViewType.Double);

    private (int Height, int Width)? SizeOfMap()
        => Map?.Type is not VectorDataViewType map ? null
            : ShapeOf(map) ?? (Mask?.Type is VectorDataViewType mask ? ShapeOf(mask) : null);

    private static (int Height, int Width)? ShapeOf(VectorDataViewType type)
        => type.IsKnownSize && type.Dimensions is [.., var height, var width] && (long)height * width == type.Size ? (height, width) : null;
}
