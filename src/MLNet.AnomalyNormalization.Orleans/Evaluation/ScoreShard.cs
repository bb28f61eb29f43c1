using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Orleans;

/// <summary>A file of recorded scores.</summary>
[GenerateSerializer, Immutable, Alias("MLNet.AnomalyNormalization.ScoreShard")]
internal sealed class ScoreShard : EvaluationShard
{
    public ScoreShard(string path, string inputColumnName)
        : base(path, inputColumnName)
    {
    }

    internal override ShardRows Read(MLContext mlContext, bool hasModel, DataViewSchema? modelInput, AnomalyEvaluationOptions options)
    {
        if (!File.Exists(Name))
            throw new FileNotFoundException($"There is no file '{Name}'.", Name);

        string score = hasModel ? InputColumnName : options.ScoreColumnName ?? InputColumnName;
        DataViewType? type = modelInput?.GetColumnOrNull(score)?.Type;
        bool? wantsSingle = type is null ? null : type == NumberDataViewType.Single;
        RecordedScores recorded = RecordedScores.Read(Name, InputColumnName, options.LabelColumnName, wantsSingle);
        string label = options.LabelColumnName ?? nameof(Row<float>.Label);

        return new(recorded.AreSingle ? Load(value => (float)value) : Load(value => value), _ => null);

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

    private sealed class Row<T>
    {
        public T? Score { get; set; }

        public float Label { get; set; }
    }
}
