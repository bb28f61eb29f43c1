using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Thresholds;

namespace MLNet.AnomalyNormalization.DataViews;

/// <summary>Learns the image and the pixel threshold from a data view, both in the same passes over it.</summary>
internal sealed class ThresholdLearner
{
    private readonly ThresholdStrategy _strategy;
    private readonly AnomalyNormalizationOptions _options;

    /// <exception cref="ArgumentException">The options name nothing to learn from.</exception>
    public ThresholdLearner(ThresholdStrategy strategy, AnomalyNormalizationOptions options)
    {
        (_strategy, _options) = (strategy, options);
        if (options.MaskColumnName is not null && options.MapColumnName is null)
        {
            throw new ArgumentException(
                $"The options name the mask '{options.MaskColumnName}', but no map to learn a pixel threshold for. Set MapColumnName.", nameof(options));
        }

        if (options.MaskColumnName is null && options.ScoreColumnName is null)
        {
            throw new ArgumentException(
                "There is nothing to learn a threshold from. Set ScoreColumnName, or MapColumnName and MaskColumnName.", nameof(options));
        }
    }

    /// <summary>One threshold stands for both where the other can't be learned.</summary>
    public static AnomalyThresholds ThresholdsOf(ThresholdFit? image, ThresholdFit? pixel)
        => new((image ?? pixel!).Threshold, (pixel ?? image!).Threshold);

    /// <summary>Reads the data as often as it takes: twice, hardly ever more. All parts have the same columns.</summary>
    public (ThresholdFit? Image, ThresholdFit? Pixel) Learn(params LearningData[] parts)
    {
        DataViewSchema schema = parts[0].View.Schema;
        string? map = _options.MaskColumnName is null ? null : _options.MapColumnName;
        (ThresholdFit? image, ThresholdFit? pixel) = (null, null);
        ScoreCounts? images = _options.ScoreColumnName is null ? null : _strategy.StartFit();
        ScoreCounts? pixels = map is null ? null : _strategy.StartFit();
        while (images is not null || pixels is not null)
        {
            foreach (LearningData part in parts)
                Read(part, images, pixels);
            if (images is not null && _strategy.TryFinish(images, out image))
                (images, image) = (null, Held(image, schema[_options.ScoreColumnName!]));
            if (pixels is not null && _strategy.TryFinish(pixels, out pixel))
                (pixels, pixel) = (null, Held(pixel, schema[map!]));
        }

        return (image, pixel);
    }

    // Double scores are learned from as Single, rounded down; only a threshold that is itself a Single then means the same for both.
    private static ThresholdFit Held(ThresholdFit fit, DataViewSchema.Column column)
        => AnomalyColumns.ItemOf(column.Type) == NumberDataViewType.Double ? fit with { Threshold = (float)fit.Threshold } : fit;

    private void Read(LearningData data, ScoreCounts? images, ScoreCounts? pixels)
    {
        var columns = new AnomalyColumns(data.View.Schema, images is null ? null : _options.ScoreColumnName, _options.LabelColumnName,
            pixels is null ? null : _options.MapColumnName, pixels is null ? null : _options.MaskColumnName);
        using DataViewRowCursor cursor = data.View.GetRowCursor(columns.All);
        var row = new AnomalyRow(columns, cursor, data.RowNumbers);
        bool[] defects = [];
        float[] scores = [];
        while (cursor.MoveNext())
        {
            bool? isAnomalous = columns.Label is null ? false : row.ReadLabel();
            if (images is not null && isAnomalous is { } label)
                images.Add(Checked([row.ReadScore()], columns.Score), [label]);

            if (pixels is null)
                continue;

            ReadOnlySpan<float> map = row.ReadMap();
            if (!row.TryReadMask(map.Length, isAnomalous, out ReadOnlySpan<byte> mask))
                continue;

            if (defects.Length < mask.Length)
                defects = new bool[mask.Length];
            for (int i = 0; i < mask.Length; i++)
                defects[i] = mask[i] != 0;
            pixels.Add(Checked(map, columns.Map), defects.AsSpan(0, map.Length));
        }

        ReadOnlySpan<float> Checked(ReadOnlySpan<float> values, DataViewSchema.Column? column)
        {
            int index = ScoreCounts.IndexOfNaN(values);
            if (index < 0)
                return values;

            if (!_options.CountNaNAsAnomalous)
            {
                throw row.Invalid(column,
                    $"the score{(values.Length == 1 ? "" : $" at index {index}")} is NaN, which no threshold can be learned from. "
                    + "Leave the row out, or set CountNaNAsAnomalous");
            }

            scores = values.ToArray();
            scores.AsSpan().Replace(float.NaN, float.PositiveInfinity);
            return scores;
        }
    }
}

/// <summary>Rows to learn from.</summary>
/// <param name="View">The data view.</param>
/// <param name="RowNumbers">What its rows are called, if they are a selection from other data.</param>
internal readonly record struct LearningData(IDataView View, IReadOnlyList<long>? RowNumbers = null);
