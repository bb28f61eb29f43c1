using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

namespace MLNet.AnomalyNormalization.DataViews;

/// <summary>Normalises each row by the thresholds of its group; see <c>mlContext.Transforms.NormalizeAnomaly</c>.</summary>
internal sealed class GroupNormalizationEstimator : IEstimator<ITransformer>
{
    private readonly TransformsCatalog _catalog;
    private readonly SortedDictionary<string, AnomalyThresholds> _thresholds;
    private readonly string _groupColumn;
    private readonly AnomalyNormalizationOptions _options;

    public GroupNormalizationEstimator(
        TransformsCatalog catalog, IReadOnlyDictionary<string, AnomalyThresholds> thresholds, string groupColumn,
        AnomalyNormalizationOptions options)
    {
        if (thresholds.Count == 0)
            throw new ArgumentException("There are thresholds for no group. Give those of one at least.", nameof(thresholds));
        if (options.ImageEvaluation is not null || options.PixelEvaluation is not null)
        {
            throw new ArgumentException(
                "Groups are decided at their own thresholds, which 100 stands for. Leave ImageEvaluation and PixelEvaluation out.", nameof(options));
        }

        (_catalog, _groupColumn, _options) = (catalog, groupColumn, options);
        _thresholds = new(thresholds.ToDictionary(), StringComparer.Ordinal);
        if (NormalizedColumn.From(_thresholds.Values.First(), options).FirstOrDefault(column => column.Name == groupColumn) is { } hiding)
            throw new ArgumentException($"The added column '{hiding.Name}' would hide the groups. Choose another name for one of them.", nameof(options));
    }

    public ITransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        (string Group, NormalizedColumn[] Columns)[] groups =
            [.. _thresholds.Select(group => (group.Key, NormalizedColumn.From(group.Value, _options)))];
        GroupedColumn[] columns = [.. Enumerable.Range(0, groups[0].Columns.Length).Select(i => new GroupedColumn(_groupColumn,
            groups.ToDictionary(
                group => group.Group, group => group.Columns[i] with { ItemType = group.Columns[i].RequireItemType(input.Schema) })))];
        _ = new AddedColumnsMapper(columns, input.Schema);
        return new AddedColumnsTransformer(columns, Portable(groups, input.Schema).Fit(input));
    }

    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        SchemaShape.Column group = inputSchema.FirstOrDefault(column => column.Name == _groupColumn);
        const string Expected = "text (ConvertType makes it of numbers)";
        if (group.Name is null)
            throw MissingColumn.Exception(_groupColumn, Expected, inputSchema.Select(column => column.Name), nameof(inputSchema));
        if (group.Kind != SchemaShape.Column.VectorKind.Scalar || group.ItemType != TextDataViewType.Instance)
        {
            throw new ArgumentOutOfRangeException(nameof(inputSchema),
                $"Column '{_groupColumn}': expected {Expected}, got {group.Kind} of {group.ItemType}.");
        }

        return new AnomalyNormalizationEstimator(_catalog, _thresholds.Values.First(), _options).GetOutputSchema(inputSchema);
    }

    // For each added column the row's threshold is looked up first, in a column that is dropped again. What isn't in a table is 0 to ML.NET; the
    // threshold of an unknown group becomes NaN instead.
    private EstimatorChain<ColumnSelectingTransformer> Portable((string Group, NormalizedColumn[] Columns)[] groups, DataViewSchema schema)
    {
        string known = Unused("group is known");
        IEstimator<ITransformer> chain = _catalog.Conversion.MapValue(
            known, groups.Select(group => KeyValuePair.Create(group.Group, 1f)), _groupColumn);
        var looked = new List<string> { known };
        for (int i = 0; i < groups[0].Columns.Length; i++)
        {
            NormalizedColumn column = groups[0].Columns[i];
            string threshold = Unused($"threshold of {column.Name}");
            looked.Add(threshold);
            DataViewType item = column.RequireItemType(schema);
            chain = chain
                .Append(item == NumberDataViewType.Single ? Look(value => (float)value) : Look(value => value))
                .Append(_catalog.Expression(
                    threshold, item == NumberDataViewType.Single ? "(t, k) => k > 0f ? t : 0f / 0f" : "(t, k) => k > 0f ? t : 0d / 0d", threshold, known))
                .Append(PortableExpression.ByGroup(_catalog, column, item, threshold));

            IEstimator<ITransformer> Look<T>(Func<double, T> hold)
                => _catalog.Conversion.MapValue(
                    threshold, groups.Select(group => KeyValuePair.Create(group.Group, hold(group.Columns[i].Normalizer.Threshold))), _groupColumn);
        }

        return chain.Append(_catalog.DropColumns([.. looked]));

        string Unused(string name)
        {
            while (schema.GetColumnOrNull(name) is not null)
                name += "'";
            return name;
        }
    }
}
