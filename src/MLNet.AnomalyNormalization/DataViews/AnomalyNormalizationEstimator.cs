using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.DataViews;

namespace MLNet.AnomalyNormalization;

/// <summary>
/// Adds the columns <c>NormalizedScore</c>, <c>PredictedLabel</c> and, where the options name them, <c>NormalizedMap</c> and
/// <c>NormalizedBoxScores</c> to raw anomaly scores and maps; see <see cref="AnomalyNormalizationOptions"/> for the columns and
/// <see cref="ScoreNormalizer"/> for the formula.
/// </summary>
/// <remarks>
/// <list type="table">
/// <listheader><term>Estimator characteristics</term><description></description></listheader>
/// <item><term>Does this estimator need to look at the data?</term><description>Only to learn thresholds; with given ones <c>Fit</c> looks
/// at the schema alone.</description></item>
/// <item><term>Input column data type</term><description>Single or Double; scalar, known-size or variable-size vector.</description></item>
/// <item><term>Output column data type</term><description>As the input; Boolean for the predicted label.</description></item>
/// <item><term>Rows to learn from</term><description>Ones that the model which scored them was not trained on; see
/// <c>mlContext.AnomalyDetection.CalibrateThresholds</c>.</description></item>
/// <item><term>Saved model</term><description>Stock ML.NET components; loads with and without this package.</description></item>
/// </list>
/// </remarks>
public sealed class AnomalyNormalizationEstimator : IEstimator<AnomalyNormalizationTransformer>
{
    // Whatever the thresholds are, the columns have the same names and types.
    private static readonly AnomalyThresholds AnyThresholds = new(1, 1);

    private readonly TransformsCatalog _catalog;
    private readonly AnomalyThresholds? _thresholds;
    private readonly ThresholdLearner? _learner;
    private readonly AnomalyNormalizationOptions _options;

    internal AnomalyNormalizationEstimator(TransformsCatalog catalog, AnomalyThresholds thresholds, AnomalyNormalizationOptions options)
    {
        (_catalog, _thresholds, _options) = (catalog, thresholds, options.On(thresholds));
        _ = NormalizedColumn.From(thresholds, _options);
    }

    internal AnomalyNormalizationEstimator(TransformsCatalog catalog, ThresholdStrategy strategy, AnomalyNormalizationOptions options)
    {
        _ = NormalizedColumn.From(AnyThresholds, options.On(AnyThresholds));
        (_catalog, _learner, _options) = (catalog, new ThresholdLearner(strategy, options), options);
    }

    /// <summary>Checks the columns and makes the transformer. Rows are read only if thresholds are to be learned.</summary>
    /// <param name="input">Data with the raw columns and, for learning, the label and, if named, the mask.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A column is missing or of another type than is due, or its element type can't hold the threshold (it would become infinite or zero);
    /// the message names the column and what it holds.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// The strategy needs rows of a class that isn't there, or more of them; the message says what was found and which strategy would do.
    /// </exception>
    /// <exception cref="InvalidDataException">
    /// A score is NaN, a label is none, or a mask doesn't fit its map; the message names the column and the row.
    /// </exception>
    public AnomalyNormalizationTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        AnomalyThresholds expected = _thresholds ?? AnyThresholds;
        foreach (NormalizedColumn column in NormalizedColumn.From(expected, _options.On(expected)))
            column.RequireItemType(input.Schema);

        _learner?.Warn(
            "The thresholds are learned from the rows that the pipeline is fitted on. If a model before them is trained on the same rows, "
            + "its scores of them are too low, and new normal rows raise more alarms than promised. Learn from rows that it has not seen: "
            + "mlContext.AnomalyDetection.CalibrateThresholds does.");
        (ThresholdFit? image, ThresholdFit? pixel) = _learner?.Learn(new LearningData(input)) ?? default;
        return Fit(input, image, pixel);
    }

    /// <summary>Makes the transformer for thresholds that were given or learned, with what was learned about them.</summary>
    internal AnomalyNormalizationTransformer Fit(IDataView input, ThresholdFit? image, ThresholdFit? pixel)
    {
        AnomalyThresholds thresholds = _thresholds ?? ThresholdLearner.ThresholdsOf(image, pixel);
        AnomalyNormalizationOptions options = _options.On(thresholds);
        NormalizedColumn[] columns = Array.ConvertAll(
            NormalizedColumn.From(thresholds, options), column => column with { ItemType = column.RequireItemType(input.Schema) });
        ITransformer[] portable = Array.ConvertAll(columns,
            column => (ITransformer)PortableExpression.Estimator(_catalog, column, column.ItemType!, thresholds, options).Fit(input));
        return new(thresholds, options, columns, new TransformerChain<ITransformer>(portable)) { ImageFit = image, PixelFit = pixel };
    }

    /// <summary>The shape of the schema with the added columns.</summary>
    /// <param name="inputSchema">The shape of the data's schema.</param>
    /// <exception cref="ArgumentOutOfRangeException">As with <see cref="Fit(IDataView)"/>.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        AnomalyThresholds thresholds = _thresholds ?? AnyThresholds;
        AnomalyNormalizationOptions options = _options.On(thresholds);
        return NormalizedColumn.From(thresholds, options).Aggregate(inputSchema, (shape, column)
            => PortableExpression.Estimator(_catalog, column, column.RequireItemType(inputSchema), thresholds, options).GetOutputSchema(shape));
    }
}
