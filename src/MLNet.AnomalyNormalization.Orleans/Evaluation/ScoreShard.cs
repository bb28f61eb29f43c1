using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Scores;

namespace MLNet.AnomalyNormalization.Orleans.Evaluation;

/// <summary>A file of recorded scores.</summary>
[GenerateSerializer, Immutable, Alias("MLNet.AnomalyNormalization.ScoreShard")]
internal sealed class ScoreShard : EvaluationShard
{
    public ScoreShard(string path, string inputColumnName)
        : base(path, inputColumnName)
    {
    }

    internal override ShardRows Read(MLContext mlContext, FleetModel? model, AnomalyEvaluationOptions options)
    {
        if (!File.Exists(Name))
            throw new FileNotFoundException($"There is no file '{Name}'.", Name);

        // A model that reads something else than scores is of use by its normaliser.
        bool readsScores = model?.Input is not { } input || input.GetColumnOrNull(InputColumnName) is not null;
        AnomalyNormalizationTransformer? normalizer = readsScores ? null : RequireNormalizer(model!.Transformer, options);
        string score = normalizer?.Options.ScoreColumnName ?? (model is null ? options.ScoreColumnName ?? InputColumnName : InputColumnName);
        DataViewSchema? schema = normalizer is null ? model?.Input : model!.Transformer.GetOutputSchema(model.Input!);
        DataViewType? type = schema?.GetColumnOrNull(score)?.Type;
        bool? wantsSingle = type is null ? null : ((type as VectorDataViewType)?.ItemType ?? type) == NumberDataViewType.Single;
        RecordedScores recorded = RecordedScores.Read(Name, InputColumnName, options.LabelColumnName, wantsSingle);
        string label = options.LabelColumnName ?? nameof(Row<float>.Label);

        IDataView data = recorded.AreSingle ? Load(value => (float)value) : Load(value => value);
        ITransformer? transformer = normalizer is null ? model?.Transformer : ForScoresAlone(normalizer).Fit(data);
        return new(transformer?.Transform(data) ?? data, _ => null);

        AnomalyNormalizationEstimator ForScoresAlone(AnomalyNormalizationTransformer whole) => mlContext.Transforms.NormalizeAnomaly(
            whole.Thresholds, whole.Options with { MapColumnName = null, BoxScoresColumnName = null });

        IDataView Load<T>(Func<double, T> convert)
        {
            var columns = SchemaDefinition.Create(typeof(Row<T>));
            columns[nameof(Row<T>.Score)].ColumnName = score;
            columns[nameof(Row<T>.Label)].ColumnName = label;
            return mlContext.Data.LoadFromEnumerable(
                recorded.Scores.Zip(recorded.Labels, (value, isAnomalous) => new Row<T> { Score = convert(value), Label = isAnomalous }),
                columns);
        }
    }

    private AnomalyNormalizationTransformer RequireNormalizer(ITransformer model, AnomalyEvaluationOptions options)
    {
        if (options.MaskColumnName is { } mask)
        {
            throw new InvalidDataException(
                $"'{Name}' has scores alone, but masks ('{mask}') are evaluated. Evaluate it apart, or let MaskColumnName be null.");
        }

        return model.FindAnomalyNormalization() is { Options.ScoreColumnName: not null } normalizer
            ? normalizer
            : throw new InvalidDataException(
                $"'{Name}' has scores, but the model reads no column '{InputColumnName}' and normalises no scores. Evaluate it without a model.");
    }

    private sealed class Row<T>
    {
        public T? Score { get; set; }

        public float Label { get; set; }
    }
}
