using System.Globalization;
using Microsoft.ML;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Tests;

namespace MLNet.AnomalyNormalization.Orleans.Tests.Evaluation;

/// <summary>Recorded scores with labels, and a model that normalises them.</summary>
internal sealed class RecordedTest : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly MLContext _mlContext = new(seed: 0);
    private readonly ITransformer _model;
    private readonly Row[] _rows;

    public RecordedTest(int rows)
    {
        var random = new Random(17);
        _rows = [.. Enumerable.Range(0, rows).Select(i => new Row { Score = random.NextSingle() + (i % 3 == 0 ? 0.4f : 0), Label = i % 3 == 0 })];
        IDataView data = _mlContext.Data.LoadFromEnumerable(_rows);
        _model = _mlContext.Transforms.NormalizeAnomaly(new AnomalyThresholds(0.9, 0.9)).Fit(data);
        _mlContext.Model.Save(_model, data.Schema, ModelPath);
    }

    public string ModelPath => _folder["model.zip"];

    public EvaluationShard[] Shards(int shardSize, bool normalized = false)
    {
        Row[] rows = normalized
            ? [.. _mlContext.Data.CreateEnumerable<Normalized>(_model.Transform(_mlContext.Data.LoadFromEnumerable(_rows)), reuseRowObject: false)
                .Select(row => new Row { Score = row.NormalizedScore, Label = row.Label })]
            : _rows;
        return [.. rows.Chunk(shardSize).Select((part, i) => Shard(_folder[$"{i:000}.csv"], part))];

        EvaluationShard Shard(string path, Row[] part)
        {
            IEnumerable<string> lines = part.Select(row => string.Create(CultureInfo.InvariantCulture, $"{row.Label},{row.Score:R}"));
            File.WriteAllLines(path, lines.Prepend(normalized ? "Label,NormalizedScore" : "Label,Score"));
            return EvaluationShard.Scores(path);
        }
    }

    /// <summary>What one process finds in all rows, or in some.</summary>
    public AnomalyEvaluation Alone(Func<int, bool>? takesRow = null)
        => _mlContext.AnomalyDetection.EvaluateNormalized(
            _model.Transform(_mlContext.Data.LoadFromEnumerable(_rows.Where((_, row) => takesRow?.Invoke(row) ?? true))));

    public void Dispose() => _folder.Dispose();

    private sealed class Row
    {
        public float Score { get; set; }

        public bool Label { get; set; }
    }

    private sealed class Normalized
    {
        public float NormalizedScore { get; set; }

        public bool Label { get; set; }
    }
}
