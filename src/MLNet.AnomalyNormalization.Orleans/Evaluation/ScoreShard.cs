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

    internal override ShardRows Read(MLContext mlContext, DataViewSchema? modelInput, AnomalyEvaluationOptions options)
    {
        if (!File.Exists(Name))
            throw new FileNotFoundException($"There is no file '{Name}'.", Name);

        RecordedScores recorded = RecordedScores.Read(Name, InputColumnName, options.LabelColumnName);
        string score = modelInput is null ? options.ScoreColumnName ?? InputColumnName : InputColumnName;
        string label = options.LabelColumnName ?? nameof(Row<float>.Label);

        // A model that was made for Single gets Single, the nearest one; whatever else reads Double.
        IDataView data = modelInput?.GetColumnOrNull(score)?.Type == NumberDataViewType.Single
            ? Load(value => (float)value)
            : Load(value => value);
        return new(data, row => $"row {row + 1} of '{Name}'");

        IDataView Load<T>(Func<double, T> convert)
        {
            var columns = SchemaDefinition.Create(typeof(Row<T>));
            columns[nameof(Row<T>.Score)].ColumnName = score;
            columns[nameof(Row<T>.Label)].ColumnName = label;
            return mlContext.Data.LoadFromEnumerable(
                recorded.Scores.Zip(recorded.Labels, (value, isAnomalous) => new Row<T> { Score = convert(value), Label = isAnomalous }), columns);
        }
    }

    private sealed class Row<T>
    {
        public T? Score { get; set; }

        public float Label { get; set; }
    }
}
