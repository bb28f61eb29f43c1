using System.Numerics;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using MLNet.AnomalyNormalization.Scale;
using MLNet.AnomalyNormalization.Thresholds;

namespace MLNet.AnomalyNormalization.DataViews;

/// <summary>Learns the image and the pixel threshold from a data view, both in the same passes over it.</summary>
internal sealed class ThresholdLearner
{
    private readonly AnomalyNormalizationOptions _options;
    private readonly MaskRules _masks;

    // Images have numbers that are of no account but to be different.
    private long _lastImage;

    // Null where a threshold isn't learned.
    private readonly ThresholdStrategy? _ofImages;
    private readonly ThresholdStrategy? _ofPixels;

    /// <exception cref="ArgumentException">The options name nothing to learn from.</exception>
    public ThresholdLearner(ThresholdStrategy strategy, AnomalyNormalizationOptions options)
    {
        _options = options;
        _masks = new MaskRules
        {
            Resize = options.ResizeMasks,
            Threshold = options.MaskThreshold,
            Ignored = options.IgnoredMaskValue,
            Area = options.InspectedArea,
            ValidArea = options.ValidArea,
        };
        _ofImages = options.ScoreColumnName is null ? null : strategy;
        if (options.MapColumnName is null && (options.MaskColumnName is not null || options.PixelStrategy is not null))
        {
            throw new ArgumentException(
                $"The options name {(options.MaskColumnName is { } mask ? $"the mask '{mask}'" : "a PixelStrategy")}, "
                + "but no map to learn a pixel threshold for. Set MapColumnName.",
                nameof(options));
        }

        if (options.MaskColumnName is null && options.PixelStrategy is { NeedsAnomalies: true } needy)
        {
            throw new ArgumentException(
                $"The PixelStrategy {needy} needs anomalous pixels, but the options name no mask that tells them. Set MaskColumnName, or "
                + "use Quantile, MeanPlusDeviations or FalsePositiveRate, which need normal pixels only.",
                nameof(options));
        }

        // A map that is normalised by the image threshold needs no pixel threshold, unless somebody asks for one.
        ThresholdStrategy ofPixels = options.PixelStrategy ?? strategy;
        bool isWanted = options.MaskColumnName is not null || options.PixelStrategy is not null
            || (!ofPixels.NeedsAnomalies && options.ThresholdType == ThresholdType.Pixel);
        _ofPixels = options.MapColumnName is not null && isWanted ? ofPixels : null;
        if (_ofImages is null && _ofPixels is null)
        {
            throw new ArgumentException(
                "There is nothing to learn a threshold from. Set ScoreColumnName, or MapColumnName and MaskColumnName.", nameof(options));
        }
    }

    /// <summary>One threshold stands for both where the other can't be learned.</summary>
    public static AnomalyThresholds ThresholdsOf(ThresholdFit? image, ThresholdFit? pixel)
        => new((image ?? pixel!).Threshold, (pixel ?? image!).Threshold);

    /// <summary>
    /// Reads the data as often as it takes: twice where scores are Single, hardly ever more, and four times or so where they are Double.
    /// All parts have the same columns.
    /// </summary>
    public (ThresholdFit? Image, ThresholdFit? Pixel) Learn(params LearningData[] parts)
    {
        AnomalyColumns columns = Columns(parts[0].View.Schema, _ofImages is not null, _ofPixels is not null);
        NarrowingCounts? images = _ofImages?.StartFit(TypeOf(columns.Score!.Value));
        NarrowingCounts? pixels = _ofPixels?.StartFit(TypeOf(columns.Map!.Value));
        (ThresholdFit? image, ThresholdFit? pixel) = (null, null);
        while (images is not null || pixels is not null)
        {
            foreach (LearningData part in parts)
                Read(part, images, pixels);
            _options.CancellationToken.ThrowIfCancellationRequested();
            if (images is not null && _ofImages!.TryFinish(images, out image))
                images = null;
            if (pixels is not null && _ofPixels!.TryFinish(pixels, out pixel))
                pixels = null;
        }

        foreach (ThresholdFit? fit in (ThresholdFit?[])[image, pixel])
        {
            if (fit?.Warning is { } warning)
                Warn(warning);
        }

        return (image, pixel);
    }

    /// <summary>Learns the thresholds of each group by itself; the data is read anew for each.</summary>
    public SortedDictionary<string, LearnedThresholds> LearnByGroup(IDataView data, string groupColumnName)
    {
        int[] groupOf = Array.ConvertAll(CrossFitting.ReadGroups(data, groupColumnName, out string[] names), group => (int)group);
        var learned = new SortedDictionary<string, LearnedThresholds>(StringComparer.Ordinal);
        for (int group = 0; group < names.Length; group++)
        {
            try
            {
                var rows = new FoldDataView(data, groupOf, group, isHeldOut: true);
                (ThresholdFit? image, ThresholdFit? pixel) = Learn(new LearningData(rows, rows.RowNumbers));
                learned.Add(names[group], new(ThresholdsOf(image, pixel), image, pixel));
            }
            catch (InvalidOperationException e)
            {
                throw new InvalidOperationException($"Group '{names[group]}': {e.Message}", e);
            }
        }

        return learned;
    }

    /// <summary>Tells the log of the options, if they name one.</summary>
    public void Warn(string message)
    {
        using IChannel? channel = _options.Log?.Start("NormalizeAnomaly");
        channel?.Warning(MessageSensitivity.None, message);
    }

    private static ScoreType TypeOf(DataViewSchema.Column column)
        => AnomalyColumns.ItemOf(column.Type) == NumberDataViewType.Double ? ScoreType.Double : ScoreType.Single;

    private AnomalyColumns Columns(DataViewSchema schema, bool ofImages, bool ofPixels)
    {
        if (_options.LabelColumnName is { } label && schema.GetColumnOrNull(label) is null)
        {
            throw new ArgumentOutOfRangeException(nameof(schema),
                $"Column '{label}' is missing, so that nothing tells which rows are normal: expected a label in a schema with "
                + $"{string.Join(", ", schema.Select(column => column.Name))}. Name the label column, or set LabelColumnName to null if all "
                + "rows are normal.");
        }

        return new(schema, ofImages ? _options.ScoreColumnName : null, _options.LabelColumnName,
            ofPixels ? _options.MapColumnName : null, ofPixels ? _options.MaskColumnName : null)
        {
            Masks = _masks,
            NormalLabels = _options.NormalLabels,
        };
    }

    private void Read(LearningData data, NarrowingCounts? images, NarrowingCounts? pixels)
    {
        AnomalyColumns columns = Columns(data.View.Schema, images is not null, pixels is not null);
        CursorSet.Read(data.View, columns.All, data.IsNumbered ? 1 : Environment.ProcessorCount,
            (cursor, token) => Count(data, columns, cursor, images?.StartPart(), pixels?.StartPart(), token),
            cursor => Count(data, columns, cursor, images?.StartPart(), pixels?.StartPart(), _options.CancellationToken),
            _options.CancellationToken);
    }

    /// <summary>Counts all rows of one cursor.</summary>
    /// <returns>Their number.</returns>
    private long Count(
        LearningData data, AnomalyColumns columns, DataViewRowCursor cursor, CountingPart? images, CountingPart? pixels,
        CancellationToken cancellationToken)
    {
        var row = new AnomalyRow(columns, cursor, data.RowNumbers);
        bool[] defects = [];
        int count = 0;
        for (; cursor.MoveNext(); count++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            bool? isAnomalous = columns.Label is null ? false : row.ReadLabel();
            if (images is not null && isAnomalous is { } label)
                images.Add(Checked<double>([row.ReadScore()], columns.Score), [label], data.Groups?[count]);

            if (pixels is null)
                continue;

            long image = data.Groups?[count] ?? Interlocked.Increment(ref _lastImage);
            if (pixels.Type == ScoreType.Single)
                AddMap(row.ReadMap(), image);
            else
                AddMap(row.ReadWideMap(), image);

            void AddMap<T>(ReadOnlySpan<T> map, long image)
                where T : unmanaged, IBinaryFloatingPointIeee754<T>
            {
                if (!TryReadMask(map.Length, isAnomalous, out ReadOnlySpan<byte> mask))
                    return;

                map = Checked(map, columns.Map);
                if (_masks.LeavesOut)
                    MaskRules.LeaveOutUnknown(ref map, ref mask);
                if (defects.Length < mask.Length)
                    defects = new bool[mask.Length];
                for (int p = 0; p < mask.Length; p++)
                    defects[p] = mask[p] != 0;
                pixels.Add(map, defects.AsSpan(0, map.Length), image);
            }
        }

        return count;

        // Without masks the pixels of good images are known, and no others.
        bool TryReadMask(int length, bool? isAnomalous, out ReadOnlySpan<byte> mask)
        {
            if (columns.Mask is not null)
                return row.TryReadMask(length, isAnomalous, out mask);

            mask = row.WithoutDefects(length);
            return isAnomalous == false;
        }

        ReadOnlySpan<T> Checked<T>(ReadOnlySpan<T> values, DataViewSchema.Column? column)
            where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            int index = NaNs.IndexIn(values);
            if (index < 0)
                return values;

            if (!_options.CountNaNAsAnomalous)
            {
                throw row.Invalid(column,
                    $"the score{(values.Length == 1 ? "" : $" at index {index}")} is NaN, which no threshold can be learned from. "
                    + $"Leave the row out, set CountNaNAsAnomalous or, if the model gives NaN to its best rows, put ReplaceMissingValues(\"{column?.Name}\") before");
            }

            T[] replaced = values.ToArray();
            replaced.AsSpan().Replace(T.NaN, T.PositiveInfinity);
            return replaced;
        }
    }
}

/// <summary>Rows to learn from.</summary>
/// <param name="View">The data view.</param>
/// <param name="RowNumbers">What its rows are called, if they are a selection from other data.</param>
/// <param name="Groups">The group of each row, if rows are not independent; null if each stands for itself.</param>
internal readonly record struct LearningData(IDataView View, IReadOnlyList<long>? RowNumbers = null, IReadOnlyList<long>? Groups = null)
{
    /// <summary>Whether something is known of rows by their number, which one cursor alone tells.</summary>
    public bool IsNumbered => RowNumbers is not null || Groups is not null;
}
