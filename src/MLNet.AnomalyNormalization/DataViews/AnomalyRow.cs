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
    private readonly Func<bool?>? _label;
    private readonly Reader<ReadOnlyMemory<char>>? _id;
    private readonly Reader<ReadOnlyMemory<char>>? _group;
    private readonly Func<double>? _weight;
    private readonly Reader<byte>? _mask;
    private readonly ImageMask? _image;
    private byte[] _noDefects = [];
    private byte[] _left = [];

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
        _id = columns.Id is { } id ? Values<ReadOnlyMemory<char>>(id) : null;
        _group = columns.Group is { } group ? Values<ReadOnlyMemory<char>>(group) : null;
        _label = columns.Label is { } label ? LabelReader.Of(row, label, columns.NormalLabels) : null;
        _weight = columns.Weight is { } weight ? NumberReader.Of(row, weight) : null;
        if (columns.Mask is { } mask && ImageMask.IsImage(mask.Type))
            _image = new ImageMask(row, mask, columns.Masks);
        _mask = _image is null ? Masks(columns.Mask) : _image.Read;
    }

    private delegate ReadOnlySpan<T> Reader<T>();

    /// <summary>The image score; a Single stays the same number.</summary>
    public double ReadScore()
        => _score!() is [var only] ? only : throw Invalid(_columns.Score, "expected one score, got a vector of another length");

    /// <summary>Whether the row is anomalous; null where the label is unknown or there is no label column.</summary>
    public bool? ReadLabel()
    {
        try
        {
            return _label?.Invoke();
        }
        catch (FormatException e)
        {
            throw Invalid(_columns.Label, e.Message);
        }
    }

    /// <summary>The name of the row; null if no column tells it.</summary>
    public string? ReadId() => _id?.Invoke()[0].ToString();

    /// <summary>The name of the row's group; null if there is no such column.</summary>
    public string? ReadGroup() => _group?.Invoke()[0].ToString();

    /// <summary>How many rows the row stands for; 1 if there is no such column.</summary>
    public int ReadWeight()
        => _weight?.Invoke() switch
        {
            null => 1,
            >= 0 and <= int.MaxValue and var weight when weight == Math.Floor(weight) => (int)weight,
            var weight => throw Invalid(_columns.Weight, FormattableString.Invariant(
                $"the weight is {weight}; expected a whole number of rows, 0 to {int.MaxValue}. Scale the weights, for only their proportions matter")),
        };

    /// <summary>The scores of the boxes.</summary>
    public ReadOnlySpan<float> ReadBoxScores() => _boxScores!();

    /// <summary>The anomaly map.</summary>
    public ReadOnlySpan<float> ReadMap() => _map!();

    /// <summary>The anomaly map with all digits of a Double column.</summary>
    public ReadOnlySpan<double> ReadWideMap() => _wideMap!();

    /// <summary>
    /// The defects, for each pixel of the map 0, <see cref="MaskRules.Unknown"/> if the rules leave it out, or else a defect. A
    /// missing mask is that of a good image, if the label says so; where the label is unknown too, the result is false: nobody knows the
    /// pixels of this row.
    /// </summary>
    /// <param name="pixels">The length of the map.</param>
    /// <param name="isAnomalous">The label of the row.</param>
    /// <param name="mask">The defects.</param>
    public bool TryReadMask(int pixels, bool? isAnomalous, out ReadOnlySpan<byte> mask)
    {
        try
        {
            mask = _mask!();
        }
        catch (FormatException e)
        {
            throw Invalid(_columns.Mask, e.Message);
        }

        if (mask.IsEmpty && pixels > 0)
        {
            if (isAnomalous == true)
                throw Invalid(_columns.Mask, "the row is anomalous but has no mask. Add it, or set the label to unknown (-1)");

            mask = WithoutDefects(pixels);
            return isAnomalous == false;
        }

        ReadOnlySpan<byte> ofMap = _image is null
            ? Fitting(mask, pixels, "", "Resize the mask to the map, with nearest neighbours, or the map to the mask")
            : _columns.Masks.Resize ? Resized(mask, _image, pixels)
            : OfMapsArea(mask, _image, pixels);
        int firstDefect = FirstDefect(mask);
        if (isAnomalous == true && firstDefect < 0 && !mask.Contains(MaskRules.Unknown))
        {
            throw Invalid(_columns.Mask,
                "the row is anomalous but its mask has no defect. Correct the one or the other, "
                + "or set the label to unknown (-1) and leave the mask out");
        }

        if (isAnomalous == false && firstDefect >= 0)
        {
            throw Invalid(_columns.Mask,
                $"the row is normal but its mask has a defect at index {firstDefect}. Correct the one or the other, "
                + "or set the label to unknown (-1)");
        }

        mask = InValidArea(ofMap);
        return true;
    }

    /// <summary>The mask of a map that has no defects: 0, or <see cref="MaskRules.Unknown"/> for pixels that don't count.</summary>
    public ReadOnlySpan<byte> WithoutDefects(int pixels)
    {
        if (_noDefects.Length != pixels)
            _noDefects = InValidArea(new byte[pixels]).ToArray();
        return _noDefects;
    }

    /// <summary>Checks that a valid area has the size of the map.</summary>
    public void RequireValidArea(IReadOnlyList<byte>? valid, int pixels)
    {
        if (valid is not null && valid.Count != pixels)
            throw Invalid(_columns.Map, $"the map has {pixels} pixels, the valid area {valid.Count}. Scale it to the map's size");
    }

    private ReadOnlySpan<byte> InValidArea(ReadOnlySpan<byte> mask)
    {
        if (_columns.Masks.ValidArea is not { } valid)
            return mask;

        RequireValidArea(valid, mask.Length);
        if (_left.Length < mask.Length)
            _left = new byte[mask.Length];
        for (int i = 0; i < mask.Length; i++)
            _left[i] = valid[i] == 0 ? MaskRules.Unknown : mask[i];
        return _left.AsSpan(0, mask.Length);
    }

    /// <summary>The height and width of the map, after its mask was read.</summary>
    public (int Height, int Width) SizeOf(int pixels)
        => _columns.SizeOf(pixels)
            ?? (_image is not null && (long)_image.Height * _image.Width == pixels
                ? (_image.Height, _image.Width)
                : throw Invalid(_columns.Map,
                    $"the map has {pixels} pixels, but neither its own column nor its mask tells its height and width. Set MapHeight and MapWidth"
                    + (_columns.SizesOfOthers.Length == 0 ? "" : $" (column {_columns.SizesOfOthers})")));

    private int FirstDefect(ReadOnlySpan<byte> mask)
        => !_columns.Masks.LeavesOut ? mask.IndexOfAnyExcept((byte)0) : mask.IndexOfAnyExcept((byte)0, MaskRules.Unknown);

    private ReadOnlySpan<byte> Resized(ReadOnlySpan<byte> mask, ImageMask image, int pixels)
    {
        (int Height, int Width) map = SizeOf(pixels);
        PictureArea area = _columns.InspectedArea;
        if (area.IsWhole && map == (image.Height, image.Width))
            return mask;

        byte[] resized = ImageMask.Resize(mask, (image.Height, image.Width), map, area);
        if (FirstDefect(mask) >= 0 && FirstDefect(resized) < 0)
        {
            throw Invalid(_columns.Mask,
                $"the defects of the mask ({image.Height} x {image.Width}) are too small to be seen at the size of the map "
                + $"({map.Height} x {map.Width}){(area.IsWhole ? "" : $", or lie outside of its area ({area})")}. Give it a mask of that size, "
                + "or set the label to unknown (-1) and leave the mask out");
        }

        return resized;
    }

    private ReadOnlySpan<byte> OfMapsArea(ReadOnlySpan<byte> mask, ImageMask image, int pixels)
    {
        const string Remedy = "Set ResizeMasks, or resize the one to the other, the mask with nearest neighbours";
        string found = $" ({image.Height} x {image.Width})";
        if (_columns.SizeOf(pixels) is { } size && size != (image.Height, image.Width))
            throw Misfit(mask.Length, pixels, found, Remedy);

        return _columns.InspectedArea.IsWhole || mask.Length != pixels
            ? Fitting(mask, pixels, found, Remedy)
            : throw Invalid(_columns.Mask,
                $"the map covers a part of the photo ({_columns.InspectedArea}), and the mask{found} may show that part or the photo. "
                + "Set ResizeMasks if it is the photo, or InspectedArea to PictureArea.Whole if it is the part");
    }

    private ReadOnlySpan<byte> Fitting(ReadOnlySpan<byte> mask, int pixels, string size, string remedy)
        => mask.Length == pixels ? mask : throw Misfit(mask.Length, pixels, size, remedy);

    private InvalidDataException Misfit(int maskPixels, int pixels, string size, string remedy)
        => Invalid(_columns.Mask, $"the mask has {maskPixels} pixels{size}, the map {pixels}. {remedy}");

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

    private Reader<byte>? Masks(DataViewSchema.Column? column)
        => column is not { } present ? null
            : AnomalyColumns.ItemOf(present.Type) == BooleanDataViewType.Instance
                ? Converted(Values<bool>(present), defect => defect ? (byte)1 : (byte)0)
            : AnomalyColumns.ItemOf(present.Type) == NumberDataViewType.Single
                ? Converted(Values<float>(present), defect => _columns.Masks.Read(defect))
            : !_columns.Masks.LeavesOut ? Values<byte>(present)
            : Converted(Values<byte>(present), defect => _columns.Masks.Read(defect));

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
