using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.DataViews;

/// <summary>An added column that each row gets as its group's own thresholds make it.</summary>
/// <param name="groupColumn">The text that tells a row's group.</param>
/// <param name="byGroup">The column of each group; all but their normalisers are alike.</param>
internal sealed class GroupedColumn(string groupColumn, IReadOnlyDictionary<string, NormalizedColumn> byGroup) : IAddedColumn
{
    private readonly NormalizedColumn _any = byGroup.Values.First();

    public string Name => _any.Name;

    public string Source => _any.Source;

    public string? GroupSource => groupColumn;

    public void Check(DataViewSchema schema)
    {
        _ = new AnomalyColumns(schema, score: null, label: null, group: groupColumn);
        foreach (NormalizedColumn column in byGroup.Values)
            column.Check(schema);
    }

    public DataViewType OutputType(DataViewType source) => _any.OutputType(source);

    /// <summary>No single normaliser has made the column, but all groups share the band.</summary>
    public void Annotate(DataViewSchema.Annotations.Builder annotations, DataViewSchema.Column source)
    {
        ColumnAnnotations.HandOn(annotations, source);
        if (_any.Band is { } band)
            ColumnAnnotations.Add(annotations, band);
    }

    public Delegate CreateGetter(DataViewRow input, DataViewSchema.Column source, IDictionary<object, object> shared)
        => OutputType(source.Type).RawType switch
        {
            var type when type == typeof(float) => Choose<float>(input, source, shared),
            var type when type == typeof(double) => Choose<double>(input, source, shared),
            var type when type == typeof(bool) => Choose<bool>(input, source, shared),
            var type when type == typeof(int) => Choose<int>(input, source, shared),
            var type when type == typeof(VBuffer<float>) => Choose<VBuffer<float>>(input, source, shared),
            var type when type == typeof(VBuffer<double>) => Choose<VBuffer<double>>(input, source, shared),
            var type when type == typeof(VBuffer<bool>) => Choose<VBuffer<bool>>(input, source, shared),
            _ => Choose<VBuffer<int>>(input, source, shared),
        };

    // Groups that aren't met take no memory.
    private ValueGetter<T> Choose<T>(DataViewRow input, DataViewSchema.Column source, IDictionary<object, object> shared)
    {
        ValueGetter<ReadOnlyMemory<char>> readGroup = input.GetGetter<ReadOnlyMemory<char>>(input.Schema[groupColumn]);
        ReadOnlyMemory<char> group = default;
        var getters = new Dictionary<string, ValueGetter<T>>(StringComparer.Ordinal);
        return (ref T value) =>
        {
            readGroup(ref group);
            string name = group.ToString();
            if (!getters.TryGetValue(name, out ValueGetter<T>? getter))
            {
                getter = byGroup.TryGetValue(name, out NormalizedColumn? column)
                    ? (ValueGetter<T>)column.CreateGetter(input, source, shared)
                    : throw AnomalyRow.Invalid(input.Schema[groupColumn], input.Position,
                        $"there are no thresholds for the group '{name}', only for '{string.Join("', '", byGroup.Keys.Take(10))}'"
                        + $"{(byGroup.Count > 10 ? $" and {byGroup.Count - 10} more" : "")}. Learn or give them, or leave the row out");
                getters.Add(name, getter);
            }

            getter(ref value);
        };
    }
}
