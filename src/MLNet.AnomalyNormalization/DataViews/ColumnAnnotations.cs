using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.DataViews;

/// <summary>
/// What columns of scores and maps say of themselves in their annotations, which every transformer that keeps a column keeps with it: by
/// what a column was normalised, hence where it is decided, and which area of its picture a map covers.
/// </summary>
internal static class ColumnAnnotations
{
    private const string Normalizer = "AnomalyNormalizer";
    private const string Band = "AnomalyReviewBand";
    private const string InspectedArea = "AnomalyInspectedArea";

    /// <summary>Says by what the values of a column were normalised.</summary>
    public static void Add(DataViewSchema.Annotations.Builder annotations, ScoreNormalizer normalizer)
        => Add(annotations, Normalizer, normalizer.Threshold, normalizer.PreserveDecisions ? 1 : 0,
            normalizer.Evaluation?.Raw ?? double.NaN, normalizer.Evaluation?.Normalized ?? double.NaN);

    /// <summary>Says which normalised values a person decides: of a column of decisions, and of the scores that they were made of.</summary>
    public static void Add(DataViewSchema.Annotations.Builder annotations, ReviewBand band) => Add(annotations, Band, band.From, band.To);

    /// <summary>Says which area of the picture a map covers.</summary>
    public static void Add(DataViewSchema.Annotations.Builder annotations, PictureArea area)
        => Add(annotations, InspectedArea, area.Top, area.Left, area.Height, area.Width);

    /// <summary>Hands on what is true of a column also after its values were normalised.</summary>
    public static void HandOn(DataViewSchema.Annotations.Builder annotations, DataViewSchema.Column source)
        => annotations.Add(source.Annotations, name => name is "SlotNames" or InspectedArea);

    /// <summary>By what the values of a column were normalised; null if the column doesn't say.</summary>
    public static ScoreNormalizer? NormalizerOf(DataViewSchema.Column column)
        => Read(column, Normalizer) is [var threshold, var preserves, var raw, var normalized]
            ? new(threshold, double.IsNaN(raw) ? null : new(raw, normalized), preserves != 0)
            : null;

    /// <summary>Which normalised values a person decides; null if the column doesn't say.</summary>
    public static ReviewBand? BandOf(DataViewSchema.Column column) => Read(column, Band) is [var from, var to] ? new(from, to) : null;

    /// <summary>Which area of the picture a map covers; null if the column doesn't say.</summary>
    public static PictureArea? AreaOf(DataViewSchema.Column column)
        => Read(column, InspectedArea) is [var top, var left, var height, var width] ? new(top, left, height, width) : null;

    private static void Add(DataViewSchema.Annotations.Builder annotations, string name, params double[] values)
        => annotations.Add(name, new VectorDataViewType(NumberDataViewType.Double, values.Length),
            (ref VBuffer<double> value) => new VBuffer<double>(values.Length, values).CopyTo(ref value));

    private static double[] Read(DataViewSchema.Column column, string name)
    {
        if (column.Annotations.Schema.GetColumnOrNull(name) is not { Type: VectorDataViewType type } || type.ItemType != NumberDataViewType.Double)
            return [];

        VBuffer<double> value = default;
        column.Annotations.GetValue(name, ref value);
        return [.. value.DenseValues()];
    }
}
