using System.Globalization;
using Microsoft.ML;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Tests;

namespace MLNet.AnomalyNormalization.Orleans.Tests.Evaluation;

[TestClass]
public sealed class AnomalyFleetTests
{
    public required TestContext TestContext { get; set; }

    [TestMethod]
    [DataRow(1, 1, DisplayName = "one silo, a shard for each row")]
    [DataRow(1, 1000, DisplayName = "one silo, one shard")]
    [DataRow(2, 7, DisplayName = "two silos")]
    [DataRow(4, 3, DisplayName = "four silos")]
    public async Task The_cluster_gives_the_bits_of_one_process(int silos, int shardSize)
    {
        using var folder = new TemporaryFolder();
        var random = new Random(17);
        (double Score, bool IsAnomalous)[] rows =
            [.. Enumerable.Range(0, 120).Select(i => (random.NextDouble() + (i % 3 == 0 ? 0.4 : 0), i % 3 == 0))];

        var mlContext = new MLContext(seed: 0);
        IDataView data = mlContext.Data.LoadFromEnumerable(rows.Select(row => new Row { Score = (float)row.Score, Label = row.IsAnomalous }));
        ITransformer model = mlContext.Transforms.NormalizeAnomaly(new AnomalyThresholds(0.9, 0.9)).Fit(data);
        string modelPath = folder["model.zip"];
        mlContext.Model.Save(model, data.Schema, modelPath);
        AnomalyEvaluation expected = mlContext.AnomalyDetection.EvaluateNormalized(model.Transform(data));

        EvaluationShard[] shards = [.. rows.Chunk(shardSize).Select((part, i) => Csv(folder[$"{i:000}.csv"], part))];
        await using Cluster cluster = await Cluster.Start(silos);
        FleetEvaluation actual = await cluster.Grains.EvaluateNormalizedAsync(modelPath, shards, cancellationToken: TestContext.CancellationToken);

        Assert.AreEqual(expected, actual.Evaluation);
        Assert.IsTrue(actual.IsComplete);
        Assert.AreEqual(rows.Length, actual.RowCount);
        Assert.AreEqual(shards.Length, actual.ShardsBySilo.Values.Sum());
    }

    private static EvaluationShard Csv(string path, IEnumerable<(double Score, bool IsAnomalous)> rows)
    {
        File.WriteAllLines(path, rows.Select(row => string.Create(CultureInfo.InvariantCulture, $"{row.IsAnomalous},{row.Score:R}")).Prepend("Label,Score"));
        return EvaluationShard.Scores(path);
    }

    private sealed class Row
    {
        public float Score { get; set; }

        public bool Label { get; set; }
    }
}
