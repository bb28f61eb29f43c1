using System.Numerics;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Scale;

namespace MLNet.AnomalyNormalization.DataViews;

/// <summary>What an added column holds, in the order of the columns: as in ML.NET's own scorers, the label stands before the score.</summary>
internal enum ColumnRole
{
    PredictedLabel,
    Score,
    Map,
    BoxScores,
    Decision,
}

/// <summary>One added column: its name, the column that it reads, and the normaliser that fills it.</summary>
internal sealed record NormalizedColumn(ColumnRole Role, string Name, string Source, ScoreNormalizer Normalizer) : IAddedColumn
{
    /// <summary>What a column of decisions is decided by, and with it the column of scores.</summary>
    public ReviewBand? Band { get; init; }

    private delegate void SpanMap<TSource, TResult>(ReadOnlySpan<TSource> source, Span<TResult> result);

    /// <summary>The source's element type that the column was fitted on, Single or Double; null before.</summary>
    public DataViewType? ItemType { get; init; }

    /// <summary>All columns that the options switch on.</summary>
    /// <exception cref="ArgumentException">There is none, or the names are in each other's way.</exception>
    public static NormalizedColumn[] From(AnomalyThresholds thresholds, AnomalyNormalizationOptions options)
    {
        (ScoreNormalizer image, _, ScoreNormalizer map) = options.NormalizersFor(thresholds);
        var columns = new List<NormalizedColumn>();
        Add(ColumnRole.PredictedLabel, options.PredictedLabelColumnName, options.ScoreColumnName, image);
        Add(ColumnRole.Score, options.NormalizedScoreColumnName, options.ScoreColumnName, image);
        Add(ColumnRole.Map, options.NormalizedMapColumnName, options.MapColumnName, map);
        Add(ColumnRole.BoxScores, options.NormalizedBoxScoresColumnName, options.BoxScoresColumnName, map);
        Add(ColumnRole.Decision, options.ReviewBand is null ? null : options.DecisionColumnName, options.ScoreColumnName, image);
        return columns.Count > 0
            ? [.. columns]
            : throw new ArgumentException(
                "The options name no column to normalise. Set ScoreColumnName, MapColumnName or BoxScoresColumnName.", nameof(options));

        void Add(ColumnRole role, string? name, string? source, ScoreNormalizer normalizer)
        {
            if (name is null || source is null)
                return;

            if (string.IsNullOrWhiteSpace(name) || string.IsNullOrWhiteSpace(source))
            {
                throw new ArgumentException(
                    $"The column for {role} is named '{name}', from '{source}'. Give it a name, or null to leave it out.", nameof(options));
            }

            // In a saved model the columns are computed one after the other, each from what stands there by then.
            if (columns.Find(column => column.Name == name || column.Name == source) is { } other)
            {
                throw new ArgumentException(
                    $"The added column '{other.Name}' would hide a column that '{name}', from '{source}', needs. Choose another name for one of them.",
                    nameof(options));
            }

            bool isDecided = role is ColumnRole.Decision or ColumnRole.Score && options.DecisionColumnName is not null;
            columns.Add(new(role, name, source, normalizer) { Band = isDecided ? options.ReviewBand : null });
        }
    }

    public void Check(DataViewSchema schema) => RequireItemType(schema);

    /// <summary>The checked element type of the source column.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing, of another type, or too narrow for the thresholds.</exception>
    public DataViewType RequireItemType(DataViewSchema schema)
        => schema.GetColumnOrNull(Source) is { } column
            ? RequireItemType(ItemTypeOf(column.Type), $"{column.Type}", nameof(schema))
            : throw Missing(schema.Select(other => other.Name), nameof(schema));

    /// <inheritdoc cref="RequireItemType(DataViewSchema)"/>
    public DataViewType RequireItemType(SchemaShape schema)
        => schema.FirstOrDefault(column => column.Name == Source) is { Name: not null } found
            ? RequireItemType(found.IsKey ? null : found.ItemType, $"{found.Kind} of {(found.IsKey ? "keys" : found.ItemType)}", nameof(schema))
            : throw Missing(schema.Select(other => other.Name), nameof(schema));

    /// <summary>The type of the added column: that of the source, with Boolean elements for a label and Int32 for a decision.</summary>
    public DataViewType OutputType(DataViewType source)
    {
        if (!IsDecided)
            return source;

        PrimitiveDataViewType item = Role == ColumnRole.PredictedLabel ? BooleanDataViewType.Instance : NumberDataViewType.Int32;
        return source switch
        {
            VectorDataViewType { IsKnownSize: true } vector => new VectorDataViewType(item, vector.Dimensions),
            VectorDataViewType => new VectorDataViewType(item),
            _ => item,
        };
    }

    public void Annotate(DataViewSchema.Annotations.Builder annotations, DataViewSchema.Column source)
    {
        ColumnAnnotations.HandOn(annotations, source);
        if (!IsDecided)
            ColumnAnnotations.Add(annotations, Normalizer);
        if (Band is { } band)
            ColumnAnnotations.Add(annotations, band);
    }

    public Delegate CreateGetter(DataViewRow input, DataViewSchema.Column source, IDictionary<object, object> shared)
        => ItemTypeOf(source.Type) == NumberDataViewType.Single
            ? CreateGetter<float>(input, source)
            : CreateGetter<double>(input, source);

    private bool IsDecided => Role is ColumnRole.PredictedLabel or ColumnRole.Decision;

    private Delegate CreateGetter<T>(DataViewRow input, DataViewSchema.Column source)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => Role switch
        {
            ColumnRole.PredictedLabel => CreateGetter<T, bool>(input, source, Label),
            ColumnRole.Decision => CreateGetter<T, int>(input, source, Decide),
            _ => CreateGetter<T, T>(input, source, Normalizer.Normalize),
        };

    private static DataViewType ItemTypeOf(DataViewType type) => type is VectorDataViewType vector ? vector.ItemType : type;

    private static Delegate CreateGetter<TSource, TResult>(DataViewRow input, DataViewSchema.Column source, SpanMap<TSource, TResult> map)
        where TSource : unmanaged
        where TResult : unmanaged, IEquatable<TResult>
        => source.Type is VectorDataViewType
            ? VectorGetter(input.GetGetter<VBuffer<TSource>>(source), map)
            : ScalarGetter(input.GetGetter<TSource>(source), map);

    private static ValueGetter<TResult> ScalarGetter<TSource, TResult>(ValueGetter<TSource> source, SpanMap<TSource, TResult> map)
    {
        TSource raw = default!;
        return (ref TResult result) =>
        {
            source(ref raw);
            map(new(in raw), new(ref result));
        };
    }

    // Out of place: a source may hand out memory that it shares with others.
    private static ValueGetter<VBuffer<TResult>> VectorGetter<TSource, TResult>(ValueGetter<VBuffer<TSource>> source, SpanMap<TSource, TResult> map)
        where TSource : unmanaged
        where TResult : unmanaged, IEquatable<TResult>
    {
        VBuffer<TSource> raw = default;
        TResult ofZero = default;
        map([default], new(ref ofZero));
        bool keepsSparsity = ofZero.Equals(default);
        TResult[] ofValues = [];

        return (ref VBuffer<TResult> result) =>
        {
            source(ref raw);
            ReadOnlySpan<TSource> values = raw.GetValues();
            if (raw.IsDense || keepsSparsity)
            {
                VBufferEditor<TResult> editor = VBufferEditor.Create(ref result, raw.Length, values.Length);
                map(values, editor.Values);
                if (!raw.IsDense)
                    raw.GetIndices().CopyTo(editor.Indices);
                result = editor.Commit();
            }
            else
            {
                VBufferEditor<TResult> editor = VBufferEditor.Create(ref result, raw.Length);
                ReadOnlySpan<int> indices = raw.GetIndices();
                Span<TResult> dense = editor.Values;
                dense.Fill(ofZero);
                if (ofValues.Length < values.Length)
                    ofValues = new TResult[values.Length];
                map(values, ofValues.AsSpan(0, values.Length));
                for (int i = 0; i < indices.Length; i++)
                    dense[indices[i]] = ofValues[i];
                result = editor.Commit();
            }
        };
    }

    private void Decide<T>(ReadOnlySpan<T> scores, Span<int> decisions)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (int i = 0; i < scores.Length; i++)
            decisions[i] = (int)Band!.Value.Decide(Normalizer.Normalize(scores[i]));
    }

    private void Label<T>(ReadOnlySpan<T> scores, Span<bool> isAnomalous)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (int i = 0; i < scores.Length; i++)
            isAnomalous[i] = Normalizer.IsAnomalous(scores[i]);
    }

    private DataViewType RequireItemType(DataViewType? item, string actual, string parameterName)
    {
        if (item is null || (item != NumberDataViewType.Single && item != NumberDataViewType.Double))
        {
            throw new ArgumentOutOfRangeException(parameterName,
                $"Column '{Source}': expected Single or Double, as a scalar or a vector, got {actual}. Convert the column first (ConvertType).");
        }

        if (ItemType is not null && ItemType != item)
        {
            throw new ArgumentOutOfRangeException(parameterName,
                $"Column '{Source}': expected {ItemType}, which the transformer was fitted on, got {actual}. Fit it on data of this type.");
        }

        (double Constant, double Held)? notHeld = item == NumberDataViewType.Single
            ? NormalizationFormula<float>.FirstNotHeld(Normalizer)
            : NormalizationFormula<double>.FirstNotHeld(Normalizer);
        if (notHeld is var (constant, held))
        {
            throw new ArgumentOutOfRangeException(parameterName, constant,
                $"Column '{Source}': its element type {item} can't hold this threshold, which becomes {held}. Use a Double column, or scale the scores.");
        }

        return item;
    }

    private ArgumentOutOfRangeException Missing(IEnumerable<string> names, string parameterName)
        => MissingColumn.Exception(Source, "Single or Double, as a scalar or a vector", names, parameterName);
}
