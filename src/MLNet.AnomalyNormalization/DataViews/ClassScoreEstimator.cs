using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

namespace MLNet.AnomalyNormalization.DataViews;

/// <summary>
/// Makes the raw anomaly score of what a classifier says of its classes; see <c>mlContext.Transforms.MapClassScoresToAnomalyScore</c>.
/// </summary>
internal sealed class ClassScoreEstimator(TransformsCatalog catalog, string output, string normalClass, string source) : IEstimator<ITransformer>
{
    private const string Expected = "the scores of a multi-class trainer, a vector of Single that names its classes";

    // No stock component takes an element of a vector but the selection of features. It keeps those that some row has, and the row that it is
    // fitted on here has the normal class alone.
    public ITransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (input.Schema.GetColumnOrNull(source) is not { } column)
            throw MissingColumn.Exception(source, Expected, input.Schema.Select(other => other.Name), nameof(input));
        if (column.Type is not VectorDataViewType { IsKnownSize: true } type || type.ItemType != NumberDataViewType.Single)
            throw Misfit($"{column.Type}", nameof(input));
        if (LabelReader.ValuesOf(column, "TrainingLabelValues") is not { } classes || classes.Length != type.Size)
            throw Misfit($"{column.Type} whose classes have no names", nameof(input));

        int[] found = [.. Enumerable.Range(0, classes.Length).Where(i => classes[i].Equals(normalClass, StringComparison.OrdinalIgnoreCase))];
        if (found is not [var normal])
        {
            throw new ArgumentOutOfRangeException(nameof(input),
                $"Column '{source}': expected one class '{normalClass}', got {string.Join(", ", classes.Select(name => $"'{name}'"))}. "
                + "Name the class of the normal rows, which is one to the classifier, too.");
        }

        SchemaDefinition schema = SchemaDefinition.Create(typeof(Row));
        SchemaDefinition.Column scores = schema[nameof(Row.Scores)];
        (scores.ColumnName, scores.ColumnType) = (source, new VectorDataViewType(NumberDataViewType.Single, classes.Length));
        IDataView normalAlone = new MLContext().Data.LoadFromEnumerable(
            [new Row { Scores = new VBuffer<float>(classes.Length, 1, [1], [normal]) }], schema);
        ITransformer selection = catalog.FeatureSelection.SelectFeaturesBasedOnCount(output, source, count: 1).Fit(normalAlone);
        return new TransformerChain<ITransformer>(selection, Rest().Fit(selection.Transform(input)));
    }

    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        SchemaShape.Column column = inputSchema.FirstOrDefault(column => column.Name == source);
        if (column.Name is null)
            throw MissingColumn.Exception(source, Expected, inputSchema.Select(other => other.Name), nameof(inputSchema));
        if (column.Kind == SchemaShape.Column.VectorKind.Scalar || column.IsKey || column.ItemType != NumberDataViewType.Single)
            throw Misfit($"{column.Kind} of {(column.IsKey ? "keys" : column.ItemType)}", nameof(inputSchema));
        return Rest().GetOutputSchema(catalog.FeatureSelection.SelectFeaturesBasedOnCount(output, source, count: 1).GetOutputSchema(inputSchema));
    }

    private ExpressionEstimator Rest() => catalog.Expression(output, "x => 1f - x", output);

    private ArgumentOutOfRangeException Misfit(string found, string parameterName)
        => new(parameterName, $"Column '{source}': expected {Expected}, got {found}.");

    private sealed class Row
    {
        public VBuffer<float> Scores { get; set; }
    }
}
