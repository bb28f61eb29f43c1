using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.DataViews;

/// <summary>The columns of a transformer bound to an input schema: where every output column comes from.</summary>
internal sealed class AddedColumnsMapper : IRowToRowMapper
{
    // For each output column its input column, and what is added from it, if the input isn't passed through.
    private readonly List<(DataViewSchema.Column Source, IAddedColumn? Added)> _origins = [];

    public AddedColumnsMapper(IReadOnlyList<IAddedColumn> columns, DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        foreach (IAddedColumn column in columns)
            column.Check(inputSchema);

        InputSchema = inputSchema;
        var builder = new DataViewSchema.Builder();
        foreach (DataViewSchema.Column input in inputSchema)
        {
            builder.AddColumn(input.Name, input.Type, input.Annotations);
            _origins.Add((input, null));

            // As stock transformers do: a column that hides another stands right after it, a new name at the end.
            if (!input.IsHidden)
                AddAll(columns.Where(column => column.Name == input.Name));
        }

        AddAll(columns.Where(column => inputSchema.GetColumnOrNull(column.Name) is null));
        OutputSchema = builder.ToSchema();

        void AddAll(IEnumerable<IAddedColumn> added)
        {
            foreach (IAddedColumn column in added)
            {
                DataViewSchema.Column source = inputSchema[column.Source];
                var annotations = new DataViewSchema.Annotations.Builder();
                column.Annotate(annotations, source);
                builder.AddColumn(column.Name, column.OutputType(source.Type), annotations.ToAnnotations());
                _origins.Add((source, column));
            }
        }
    }

    public DataViewSchema InputSchema { get; }

    public DataViewSchema OutputSchema { get; }

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns)
        => dependingColumns.SelectMany(column => _origins[column.Index] is (var source, { GroupSource: { } group })
                ? (DataViewSchema.Column[])[source, InputSchema[group]]
                : [_origins[column.Index].Source])
            .DistinctBy(source => source.Index);

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(activeColumns);
        return ReferenceEquals(input.Schema, InputSchema)
            ? new AddedColumnsRow(this, input, activeColumns)
            : throw new ArgumentException("The row has another schema than the one that this mapper was bound to.", nameof(input));
    }

    public Delegate CreateGetter(
        DataViewRow input, int outputIndex, IDictionary<object, object> shared, Func<DataViewSchema.Column, Delegate> passThrough)
    {
        (DataViewSchema.Column source, IAddedColumn? added) = _origins[outputIndex];
        return added is null ? passThrough(source) : added.CreateGetter(input, source, shared);
    }
}
