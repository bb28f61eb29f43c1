using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.DataViews;

/// <summary>
/// Reads the columns of <see cref="AnomalyColumns"/> from the present row of a cursor. Spans are valid until the next row is read.
/// </summary>
/// <remarks>
/// Where pixels and boxes are read as Single, Double becomes the nearest Single that is not greater, so that
/// <c>score &gt;= threshold</c> says the same before and after for every threshold that a Single can hold.
/// </remarks>
internal sealed class AnomalyRow
{
    private readonly AnomalyColumns _columns;
    private readonly DataViewRow _row;
    private readonly IReadOnlyList<long>? _rowNumbers;
    private readonly Reader<double>? _score;
    private readonly Reader<float>? _map;
    private readonly Reader<double>? _wideMap;
    private readonly Reader<float>? _boxScores;
    private readonly Reader<double>? _label;
    private readonly Reader<byte>? _mask;
    private readonly ImageMask? _image;
    private byte[] _noDefects = [];

    /// <param name="columns">The columns.</param>
    /// <param name="row">The cursor, or a row.</param>
    /// <param name="rowNumbers">What the rows are called, if not by their position.</param>
    public AnomalyRow(AnomalyColumns columns, DataViewRow row, IReadOnlyList<long>? rowNumbers = null)
    {
        _columns = columns;
        _row = row;
        _rowNumbers = rowNumbers;
        _score = WideNumbers(columns.Score);
        _map = Numbers(columns.Map);
        _wideMap = WideNumbers(columns.Map);
        _boxScores = Numbers(columns.BoxScores);
        _label = Labels(columns.Label);
        if (columns.Mask is { } mask && ImageMask.IsImage(mask.Type))
            _image = new ImageMask(row, mask);
        _mask = _image is null ? Masks(columns.Mask) : _image.Read;
    }

    private delegate ReadOnlySpan<T> Reader<T>();

    /// <summary>The image score; a Single stays the same number.</summary>
    public double ReadScore()
        => _score!() is [var only] ? only : throw Invalid(_columns.Score, "expected one score, got a vector of another length");

    /// <summary>Whether the row is anomalous; null where the label is unknown or there is no label column.</summary>
    public bool? ReadLabel()
        => _label?.Invoke()[0] switch
        {
            0 => false,
            1 => true,
            null or -1 or double.NaN => null,
            double other => throw Invalid(_columns.Label, $"the label is {other}; expected 0, 1 or, for unknown, -1 or NaN"),
        };

    /// <summary>The scores of the boxes.</summary>
    public ReadOnlySpan<float> ReadBoxScores() => _boxScores!();

    /// <summary>The anomaly map.</summary>
    public ReadOnlySpan<float> ReadMap() => _map!();

    /// <summary>The anomaly map with all digits of a Double column.</summary>
    public ReadOnlySpan<double> ReadWideMap() => _wideMap!();

    /// <summary>
    /// The defects, 0 or not for each pixel of the map. An empty mask is that of a good image, if the label says so; where the label is
    /// unknown too, the result is false: nobody knows the pixels of this row.
    /// </summary>
    /// <param name="pixels">The length of the map.</param>
    /// <param name="isAnomalous">The label of the row.</param>
    /// <param name="mask">The defects.</param>
    public bool TryReadMask(int pixels, bool? isAnomalous, out ReadOnlySpan<byte> mask)
    {
        mask = _mask!();
        if (mask.IsEmpty && pixels > 0)
        {
            if (isAnomalous == true)
                throw Invalid(_columns.Mask, "the row is anomalous but has no mask. Add it, or set the label to unknown (-1)");

            if (_noDefects.Length < pixels)
                _noDefects = new byte[pixels];
            mask = _noDefects.AsSpan(0, pixels);
            return isAnomalous == false;
        }

        if (_columns.ResizeMasks && _image is not null)
        {
            (int Height, int Width) map = SizeOf(pixels);
            if (map != (_image.Height, _image.Width))
            {
                byte[] resized = ImageMask.Resize(mask, (_image.Height, _image.Width), map);
                if (mask.ContainsAnyExcept((byte)0) && !resized.AsSpan().ContainsAnyExcept((byte)0))
                {
                    throw Invalid(_columns.Mask,
                        $"the defects of the mask ({_image.Height} x {_image.Width}) are too small to be seen at the size of the map "
                        + $"({map.Height} x {map.Width}). Give it a mask of that size, or set the label to unknown (-1) and leave the mask out");
                }

                mask = resized;
            }

            return true;
        }

        if (mask.Length != pixels || (_image is not null && _columns.SizeOf(pixels) is { } size && size != (_image.Height, _image.Width)))
        {
            (string found, string remedy) = _image is null
                ? ("", "Resize the mask to the map, with nearest neighbours, or the map to the mask")
                : ($" ({_image.Height} x {_image.Width})", "Set ResizeMasks, or resize the one to the other, the mask with nearest neighbours");
            throw Invalid(_columns.Mask, $"the mask has {mask.Length} pixels{found}, the map {pixels}. {remedy}");
        }

        return true;
    }

    /// <summary>The height and width of the map, after its mask was read.</summary>
    public (int Height, int Width) SizeOf(int pixels)
        => _columns.SizeOf(pixels)
            ?? (_image is not null && (long)_image.Height * _image.Width == pixels
                ? (_image.Height, _image.Width)
                : throw Invalid(_columns.Map, $"the map has {pixels} pixels, but no column tells its height and width. Set MapHeight and MapWidth"));

    /// <summary>Says which column and row something is wrong with.</summary>
    public InvalidDataException Invalid(DataViewSchema.Column? column, string what)
        => Invalid(column, _rowNumbers?[(int)_row.Position] ?? _row.Position, what);

    /// <inheritdoc cref="Invalid(DataViewSchema.Column?, string)"/>
    public static InvalidDataException Invalid(DataViewSchema.Column? column, long position, string what)
        => new($"Column '{column?.Name}', row {position}: {what}.");

    /// <summary>The nearest Single that is not greater.</summary>
    public static float RoundDown(double value) => (float)value is var single && single > value ? MathF.BitDecrement(single) : single;

    private Reader<float>? Numbers(DataViewSchema.Column? column)
        => column is not { } present ? null
            : AnomalyColumns.ItemOf(present.Type) == NumberDataViewType.Single ? Values<float>(present)
            : Converted(Values<double>(present), RoundDown);

    private Reader<double>? WideNumbers(DataViewSchema.Column? column)
        => column is not { } present ? null
            : AnomalyColumns.ItemOf(present.Type) == NumberDataViewType.Double ? Values<double>(present)
            : Converted(Values<float>(present), value => (double)value);

    private Reader<double>? Labels(DataViewSchema.Column? column)
        => column is not { } present ? null
            : present.Type == BooleanDataViewType.Instance ? Converted(Values<bool>(present), label => label ? 1d : 0d)
            : present.Type == NumberDataViewType.Single ? Converted(Values<float>(present), label => (double)label)
            : present.Type == NumberDataViewType.Int32 ? Converted(Values<int>(present), label => (double)label)
            : Values<double>(present);

    private Reader<byte>? Masks(DataViewSchema.Column? column)
        => column is not { } present ? null
            : AnomalyColumns.ItemOf(present.Type) == NumberDataViewType.Byte ? Values<byte>(present)
            : AnomalyColumns.ItemOf(present.Type) == BooleanDataViewType.Instance ? Converted(Values<bool>(present), defect => defect ? (byte)1 : (byte)0)
            : Converted(Values<float>(present), defect => defect == 0 ? (byte)0 : (byte)1);

    private Reader<T> Values<T>(DataViewSchema.Column column)
    {
        if (column.Type is not VectorDataViewType)
        {
            ValueGetter<T> scalar = _row.GetGetter<T>(column);
            var value = new T[1];
            return () =>
            {
                scalar(ref value[0]);
                return value;
            };
        }

        ValueGetter<VBuffer<T>> vector = _row.GetGetter<VBuffer<T>>(column);
        VBuffer<T> values = default;
        T[] dense = [];
        return () =>
        {
            vector(ref values);
            if (values.IsDense)
                return values.GetValues();

            if (dense.Length < values.Length)
                dense = new T[values.Length];
            values.CopyTo(dense.AsSpan(0, values.Length));
            return dense.AsSpan(0, values.Length);
        };
    }

    private static Reader<T> Converted<TSource, T>(Reader<TSource> source, Func<TSource, T> convert)
    {
        T[] converted = [];
        return () =>
        {
            ReadOnlySpan<TSource> values = source();
            if (converted.Length < values.Length)
                converted = new T[values.Length];
            for (int i = 0; i < values.Length; i++)
                converted[i] = convert(values[i]);
            return converted.AsSpan(0, values.Length);
        };
    }
}
