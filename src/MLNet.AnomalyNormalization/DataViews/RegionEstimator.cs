using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.DataViews;

/// <summary>
/// Adds the columns of regions; see <c>mlContext.Transforms.FindAnomalyRegions</c>. No stock component finds regions: a saved model holds what it takes
/// to make the transformer again, for <c>LoadAnomalyModel</c>, and lacks the columns where it is loaded without.
/// </summary>
internal sealed class RegionEstimator : IEstimator<ITransformer>
{
    private readonly TransformsCatalog _catalog;
    private readonly AnomalyRegionColumnOptions _options;

    public RegionEstimator(TransformsCatalog catalog, AnomalyRegionColumnOptions options)
    {
        options.Check();
        (_catalog, _options) = (catalog, options);
    }

    public ITransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        _ = new AddedColumnsMapper(RegionColumn.From(_options), input.Schema);
        return new AddedColumnsTransformer(RegionColumn.From(_options), SavedRegions.Write(_catalog, _options, input));
    }

    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        SchemaShape.Column map = inputSchema.FirstOrDefault(column => column.Name == _options.MapColumnName);
        const string Expected = "a vector of Single or Double";
        if (map.Name is null)
            throw MissingColumn.Exception(_options.MapColumnName, Expected, inputSchema.Select(column => column.Name), nameof(inputSchema));
        if (map.Kind == SchemaShape.Column.VectorKind.Scalar || map.IsKey
            || (map.ItemType != NumberDataViewType.Single && map.ItemType != NumberDataViewType.Double))
        {
            throw new ArgumentOutOfRangeException(nameof(inputSchema),
                $"Column '{_options.MapColumnName}': expected {Expected}, got {map.Kind} of {map.ItemType}.");
        }

        // A stock estimator that adds columns of the same types says what the schema will be like.
        SchemaDefinition added = SchemaDefinition.Create(typeof(Added));
        Name(nameof(Added.Score), _options.ScoreColumnName);
        Name(nameof(Added.Boxes), _options.BoxesColumnName);
        Name(nameof(Added.BoxScores), _options.BoxScoresColumnName);
        return _catalog.CustomMapping<Nothing, Added>((_, _) => { }, contractName: null, outputSchemaDefinition: added).GetOutputSchema(inputSchema);

        void Name(string member, string? name)
        {
            if (name is null)
                added.Remove(added[member]);
            else
                added[member].ColumnName = name;
        }
    }

    private sealed class Nothing;

    private sealed class Added
    {
        public float Score { get; set; }

        public int[] Boxes { get; set; } = [];

        public float[] BoxScores { get; set; } = [];
    }
}
