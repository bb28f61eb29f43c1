using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization;

/// <summary>
/// Adds the columns <c>NormalizedScore</c>, <c>PredictedLabel</c> and, where the options name them, <c>NormalizedMap</c> and
/// <c>NormalizedBoxScores</c> to raw anomaly scores and maps; see <see cref="AnomalyNormalizationOptions"/> for the columns and
/// <see cref="ScoreNormalizer"/> for the formula.
/// </summary>
/// <remarks>
/// <list type="table">
/// <listheader><term>Estimator characteristics</term><description></description></listheader>
/// <item><term>Does this estimator need to look at the data?</term><description>No; <c>Fit</c> looks at the schema only.</description></item>
/// <item><term>Input column data type</term><description>Single or Double; scalar, known-size or variable-size vector.</description></item>
/// <item><term>Output column data type</term><description>As the input; Boolean for the predicted label.</description></item>
/// <item><term>Saved model</term><description>Stock ML.NET components; loads with and without this package.</description></item>
/// </list>
/// </remarks>
public sealed class AnomalyNormalizationEstimator : IEstimator<AnomalyNormalizationTransformer>
{
    private readonly TransformsCatalog _catalog;
    private readonly AnomalyThresholds _thresholds;
    private readonly AnomalyNormalizationOptions _options;
    private readonly NormalizedColumn[] _columns;

    internal AnomalyNormalizationEstimator(TransformsCatalog catalog, AnomalyThresholds thresholds, AnomalyNormalizationOptions options)
    {
        _catalog = catalog;
        _thresholds = thresholds;
        _options = options;
        _columns = NormalizedColumn.From(thresholds, options);
    }

    /// <summary>Checks the columns and makes the transformer; no row is read.</summary>
    /// <param name="input">Data with the raw columns.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A column is missing or of another type than Single or Double, or its element type can't hold the threshold (it would become infinite
    /// or zero); the message names the column and what it holds.
    /// </exception>
    public AnomalyNormalizationTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        NormalizedColumn[] columns = Array.ConvertAll(_columns, column => column with { ItemType = column.RequireItemType(input.Schema) });
        ITransformer[] portable = Array.ConvertAll(columns,
            column => (ITransformer)PortableExpression.Estimator(_catalog, column, column.ItemType!, _thresholds, _options).Fit(input));
        return new(_thresholds, columns, new TransformerChain<ITransformer>(portable));
    }

    /// <summary>The shape of the schema with the added columns.</summary>
    /// <param name="inputSchema">The shape of the data's schema.</param>
    /// <exception cref="ArgumentOutOfRangeException">As with <see cref="Fit"/>.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        return _columns.Aggregate(inputSchema, (shape, column)
            => PortableExpression.Estimator(_catalog, column, column.RequireItemType(inputSchema), _thresholds, _options).GetOutputSchema(shape));
    }
}
