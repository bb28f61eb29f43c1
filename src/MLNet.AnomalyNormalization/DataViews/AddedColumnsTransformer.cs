using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.DataViews;

/// <summary>Adds columns to a data view.</summary>
/// <param name="columns">The columns.</param>
/// <param name="saved">What a saved model holds in its place.</param>
internal sealed class AddedColumnsTransformer(IReadOnlyList<IAddedColumn> columns, ITransformer saved) : ITransformer
{
    public bool IsRowToRowMapper => true;

    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => new AddedColumnsMapper(columns, inputSchema).OutputSchema;

    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => new AddedColumnsMapper(columns, inputSchema);

    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new AddedColumnsDataView(input, new AddedColumnsMapper(columns, input.Schema));
    }

    void ICanSaveModel.Save(ModelSaveContext ctx) => saved.Save(ctx);
}
