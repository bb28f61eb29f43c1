namespace MLNet.AnomalyNormalization.Orleans.Tests;

/// <summary>The README's code, compiled and run; a test there compares it line by line.</summary>
[TestClass]
public sealed class ReadmeExamples
{
    [TestMethod]
    public async Task A_cluster_evaluates_what_it_can_and_a_station_answers()
    {
        await using Cluster local = await Cluster.Start(silos: 1);
        IGrainFactory cluster = local.Grains;
        float[] normalizedScoresOfTheFit = [10, 20, 30];

        await Assert.ThrowsExactlyAsync<FileNotFoundException>(() => Evaluate(cluster));
        Assert.AreEqual(3, (await Watch(cluster, normalizedScoresOfTheFit)).RowCount);
    }

    private static async Task Evaluate(IGrainFactory cluster)
    {
        FleetEvaluation fleet = await cluster.EvaluateNormalizedAsync("pipeline.zip",
            [EvaluationShard.Folder("/data/test/good"), EvaluationShard.Folder("/data/test/cut"), EvaluationShard.Scores("/data/monday.parquet")]);
        Console.WriteLine($"{fleet.Evaluation.Image!.AreaUnderRocCurve}, {(fleet.IsComplete ? "complete" : string.Join("; ", fleet.Failures))}");
    }

    private static async Task<StationStatus> Watch(IGrainFactory cluster, float[] normalizedScoresOfTheFit)
    {
        IStationGrain station = cluster.GetGrain<IStationGrain>("line 4, camera 2");
        await station.SetReference(new StationReference(normalizedScoresOfTheFit));
        await station.Add(new StationBatch(Number: 0, Scores: [12.5f, 99.1f, 240f]));
        StationStatus status = await station.GetStatus();   // counts, rates, drift (stability index, KS distance), alert
        return status;
    }
}
