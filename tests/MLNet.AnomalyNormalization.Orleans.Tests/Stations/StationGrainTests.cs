using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Tests;

namespace MLNet.AnomalyNormalization.Orleans.Tests.Stations;

[TestClass]
public sealed class StationGrainTests
{
    private static readonly float[] Calm = [.. Enumerable.Range(0, 100).Select(i => 20f + (i % 50))];
    private static readonly float[] Drifted = [.. Enumerable.Range(0, 100).Select(i => 60f + (i % 50))];

    [TestMethod]
    public async Task A_batch_counts_once_however_often_and_late_it_comes()
    {
        await using Cluster cluster = await Cluster.Start(silos: 1);
        IStationGrain station = cluster.Grains.GetGrain<IStationGrain>("press 4");

        Assert.IsTrue(await station.Add(new(0, [10, 100, 250])));
        Assert.IsTrue(await station.Add(new(3, [99])));
        Assert.IsFalse(await station.Add(new(0, [10, 100, 250])));
        Assert.AreEqual(2, (await station.GetStatus()).MissingBatchCount);
        Assert.IsTrue(await station.Add(new(1, [5])), "It is late, not known.");
        Assert.IsFalse(await station.Add(new(3, [99])));

        StationStatus status = await station.GetStatus();
        Assert.AreEqual((3L, 5L, 2L), (status.BatchCount, status.RowCount, status.AnomalousCount));
        Assert.AreEqual((4L, 1L), (status.NextBatchNumber, status.MissingBatchCount));
        Assert.AreEqual(0.4, status.AnomalyRate);
        Assert.IsNull(status.Drift);
    }

    [TestMethod]
    public async Task Nothing_acknowledged_is_lost_in_a_crash()
    {
        using var folder = new TemporaryFolder();
        StationStatus before;
        await using (Cluster cluster = await Cluster.Start(silos: 2, folder["stations"]))
        {
            IStationGrain station = cluster.Grains.GetGrain<IStationGrain>("press 4");
            await station.SetReference(new StationReference(Calm) { WindowRows = 150 });
            for (int i = 0; i < 5; i++)
                await station.Add(new(i, i < 3 ? Calm : Drifted, [.. Calm.Select((_, row) => row % 10 == 0 ? (bool?)(i > 3) : null)]));
            before = await station.GetStatus();
            await cluster.Crash();
        }

        await using (Cluster cluster = await Cluster.Start(silos: 1, folder["stations"]))
        {
            IStationGrain station = cluster.Grains.GetGrain<IStationGrain>("press 4");
            Assert.AreEqual(before, await station.GetStatus());
            Assert.IsFalse(await station.Add(new(4, Drifted)), "It was acknowledged.");
            Assert.AreEqual(20 + 0L, (await station.GetEvaluator()).Count, "Ten labels in each of the two batches since the window of 150 began.");
            Assert.IsTrue(await station.Add(new(before.NextBatchNumber, Drifted)));
        }
    }

    [TestMethod]
    public async Task An_alert_is_raised_once_when_the_drift_passes_its_limit_and_again_after_it_was_cleared()
    {
        var alerts = new Alerts();
        await using Cluster cluster = await Cluster.Start(silos: 1, alerts: alerts);
        IStationGrain station = cluster.Grains.GetGrain<IStationGrain>("press 4");
        await station.SetReference(new StationReference(Calm) { WindowRows = 200 });

        for (int i = 0; i < 4; i++)
            await station.Add(new(i, Calm));
        Assert.IsEmpty(alerts.Raised);

        for (int i = 4; i < 10; i++)
            await station.Add(new(i, Drifted));
        Assert.HasCount(1, alerts.Raised);
        Assert.AreEqual("press 4", alerts.Raised[0].Station);
        StationStatus status = await station.GetStatus();
        Assert.AreEqual(alerts.Raised[0], status.Alert);
        Assert.IsGreaterThan(0.25, status.Alert!.Drift.PopulationStabilityIndex);

        await station.ClearAlert();
        Assert.IsNull((await station.GetStatus()).Alert);
        await station.Add(new(10, Drifted));
        Assert.HasCount(2, alerts.Raised);
    }

    [TestMethod]
    public async Task A_board_sees_new_and_known_batches_rows_scores_drift_and_alerts_of_each_station()
    {
        string name = Path.GetRandomFileName();
        using var measured = new Measurements("anomaly.station", name);
        await using Cluster cluster = await Cluster.Start(silos: 1);
        IStationGrain station = cluster.Grains.GetGrain<IStationGrain>(name);
        await station.SetReference(new StationReference(Calm) { WindowRows = 100 });
        float[] other = [.. Drifted, 250, 150];
        for (int i = 0; i < 3; i++)
            await station.Add(new(i, other));
        await station.Add(new(1, other));

        Assert.AreEqual(3, measured.Sum("anomaly.station.batches", "new"));
        Assert.AreEqual(1, measured.Sum("anomaly.station.batches", "known"));
        int anomalous = other.Count(score => score >= 100);
        Assert.AreEqual(3 * anomalous, measured.Sum("anomaly.station.rows", "anomalous"));
        Assert.AreEqual(3 * (other.Length - anomalous), measured.Sum("anomaly.station.rows", "normal"));
        Assert.AreEqual(1, measured.Sum("anomaly.station.alerts", null));
        Assert.AreEqual(3 * other.Sum(score => (double)score), measured.Sum("anomaly.station.score", null), 1e-6);
        Assert.AreEqual(
            (await station.GetStatus()).Drift!.PopulationStabilityIndex, measured.Seen.Last(value => value.Instrument == "anomaly.station.drift").Value);
    }

    [TestMethod]
    public async Task An_alert_that_could_not_be_passed_on_is_passed_on_with_the_next_batch()
    {
        var alerts = new Alerts { Failures = 2 };
        await using Cluster cluster = await Cluster.Start(silos: 1, alerts: alerts);
        IStationGrain station = cluster.Grains.GetGrain<IStationGrain>("press 4");
        await station.SetReference(new StationReference(Calm) { WindowRows = 100 });

        Assert.IsTrue(await station.Add(new(0, Drifted)), "The batch is stored whatever becomes of the alert.");
        await station.Add(new(1, Calm));
        Assert.IsEmpty(alerts.Raised);
        Assert.IsFalse(await station.Add(new(1, Calm)), "A batch that is sent again will do.");
        await station.Add(new(2, Calm));

        Assert.HasCount(1, alerts.Raised);
    }

    [TestMethod]
    public async Task Few_rows_raise_no_alert()
    {
        await using Cluster cluster = await Cluster.Start(silos: 1);
        IStationGrain station = cluster.Grains.GetGrain<IStationGrain>("press 4");
        await station.SetReference(new StationReference(Calm) { WindowRows = 101 });

        await station.Add(new(0, Drifted));

        StationStatus status = await station.GetStatus();
        Assert.IsGreaterThan(0.25, status.Drift!.PopulationStabilityIndex);
        Assert.IsNull(status.Alert);
        await station.Add(new(1, [70]));
        Assert.AreEqual(101, (await station.GetStatus()).Alert!.Drift.RowCount);
    }

    [TestMethod]
    [DataRow(24)]
    [DataRow(1000)]
    public async Task A_drift_is_seen_however_small_the_reference(int referenceRows)
    {
        await using Cluster cluster = await Cluster.Start(silos: 1);
        IStationGrain station = cluster.Grains.GetGrain<IStationGrain>("press 4");
        await station.SetReference(new StationReference(Enumerable.Range(0, referenceRows).Select(i => 20f + (i % 50))) { WindowRows = 200 });

        for (int i = 0; i < 2; i++)
            await station.Add(new(i, Drifted));

        Assert.IsNotNull((await station.GetStatus()).Alert);
    }

    [TestMethod]
    public async Task The_recent_rows_are_between_one_and_two_windows()
    {
        await using Cluster cluster = await Cluster.Start(silos: 1);
        IStationGrain station = cluster.Grains.GetGrain<IStationGrain>("press 4");
        await station.SetReference(new StationReference(Calm) { WindowRows = 30 });

        for (int i = 0; i < 20; i++)
        {
            await station.Add(new(i, [.. Enumerable.Repeat((float)i, 7)]));
            long recent = (await station.GetStatus()).RecentRowCount;
            Assert.IsTrue(recent == Math.Min(recent, 7 * (i + 1)) && (recent == 7 * (i + 1) || recent > 30) && recent <= 60, $"{recent}");
        }
    }

    [TestMethod]
    public async Task The_evaluators_of_stations_merge_into_that_of_the_fleet()
    {
        await using Cluster cluster = await Cluster.Start(silos: 2);
        var random = new Random(3);
        var all = new ImageEvaluator();
        var fleet = new ImageEvaluator();
        for (int name = 0; name < 5; name++)
        {
            IStationGrain station = cluster.Grains.GetGrain<IStationGrain>($"press {name}");
            float[] scores = [.. Enumerable.Range(0, 40).Select(_ => 200 * random.NextSingle())];
            bool?[] labels = [.. scores.Select(score => random.Next(3) switch { 0 => null, 1 => score > 120, _ => (bool?)(score > 80) })];
            await station.Add(new(0, scores, labels));
            fleet.Merge(await station.GetEvaluator());
            foreach ((float score, bool? label) in scores.Zip(labels))
            {
                if (label is { } known)
                    all.Add(score, known);
            }
        }

        Assert.AreEqual(all.Compute(), fleet.Compute());
    }

    [TestMethod]
    [DataRow(0L, new[] { float.NaN }, null, "Batch 0 of station 'press 4' has a score of NaN", DisplayName = "NaN is never normal")]
    [DataRow(0L, new[] { 1000.5f }, null, "has a score outside 0..1000", DisplayName = "a raw score")]
    [DataRow(0L, new[] { 5f }, new bool[0], "has 1 scores, but 0 labels", DisplayName = "fewer labels than scores")]
    [DataRow(-1L, new[] { 5f }, null, "-1", DisplayName = "a negative number")]
    [DataRow(long.MaxValue, new[] { 5f }, null, "9223372036854775807", DisplayName = "a number after which there is none")]
    public async Task A_batch_that_is_refused_leaves_no_trace(long number, float[] scores, bool[]? labels, string message)
    {
        await using Cluster cluster = await Cluster.Start(silos: 1);
        IStationGrain station = cluster.Grains.GetGrain<IStationGrain>("press 4");

        ArgumentException refused = await Assert.ThrowsAsync<ArgumentException>(
            () => station.Add(new(number, [1, .. scores], labels is null ? null : [.. labels.Select(label => (bool?)label), null])));

        Assert.AreEqual(0, (await station.GetStatus()).RowCount);
        StringAssert.Contains(refused.Message, message.Replace("1 scores, but 0", "2 scores, but 1", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task NaN_counts_as_the_highest_score_if_the_reference_says_so()
    {
        await using Cluster cluster = await Cluster.Start(silos: 1);
        IStationGrain station = cluster.Grains.GetGrain<IStationGrain>("press 4");
        await station.SetReference(new StationReference(Calm) { CountNaNAsAnomalous = true });

        await station.Add(new(0, [float.NaN, 7]));

        Assert.AreEqual((2L, 1L), ((await station.GetStatus()).RowCount, (await station.GetStatus()).AnomalousCount));
    }

    // The memory is that of the process, other tests included.
    [TestMethod]
    [DoNotParallelize]
    public async Task A_thousand_stations_take_a_bounded_memory()
    {
        const int StationCount = 1000, MostBytesPerStation = 100_000;
        await using Cluster cluster = await Cluster.Start(silos: 1);
        long before = GC.GetTotalMemory(forceFullCollection: true);

        // A few at a time: a call that waits behind thousands of others is given up on a busy machine.
        await Parallel.ForEachAsync(Enumerable.Range(0, StationCount), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (name, _) =>
        {
            IStationGrain station = cluster.Grains.GetGrain<IStationGrain>($"press {name}");
            await station.SetReference(new StationReference(Calm) { WindowRows = 100 });
            for (int i = 0; i < 6; i++)
                Assert.IsTrue(await station.Add(new(i, Calm, [.. Calm.Select(score => (bool?)(score > 60))])));
        });

        long bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        Console.WriteLine($"{bytes / StationCount:N0} bytes a station, with what is stored of it in memory");
        Assert.IsLessThan(StationCount * (long)MostBytesPerStation, bytes);
    }

    [TestMethod]
    public async Task What_is_kept_of_a_station_does_not_grow_with_the_time_that_it_is_watched()
    {
        using var folder = new TemporaryFolder();
        await using Cluster cluster = await Cluster.Start(silos: 1, folder["stations"]);
        IStationGrain station = cluster.Grains.GetGrain<IStationGrain>("press 4");
        await station.SetReference(new StationReference(Calm) { WindowRows = 100 });

        long afterFew = await LengthAfter(first: 0, count: 3), afterMany = await LengthAfter(first: 3, count: 60);

        // Larger numbers take a byte or two more.
        Assert.IsLessThan(afterFew + 16, afterMany);

        async Task<long> LengthAfter(int first, int count)
        {
            for (int i = first; i < first + count; i++)
                await station.Add(new(i, Calm, [.. Calm.Select(score => (bool?)(score > 60))]));
            return new DirectoryInfo(folder["stations"]).GetFiles("*.state").Single().Length;
        }
    }

    [TestMethod]
    public async Task A_handler_may_ask_the_station_about_itself()
    {
        var alerts = new AskingAlerts();
        await using Cluster cluster = await Cluster.Start(silos: 1, alerts: alerts);
        alerts.Grains = cluster.Grains;
        IStationGrain station = cluster.Grains.GetGrain<IStationGrain>("press 4");
        await station.SetReference(new StationReference(Calm) { WindowRows = 100 });

        await station.Add(new(0, Drifted));

        Assert.AreEqual(100, alerts.Answered);
    }

    private sealed class AskingAlerts : IStationAlertHandler
    {
        public IGrainFactory? Grains { get; set; }

        public long Answered { get; private set; }

        public async Task Raise(StationAlert alert)
            => Answered = (await Grains!.GetGrain<IStationGrain>(alert.Station).GetStatus()).RowCount;
    }

    private sealed class Alerts : IStationAlertHandler
    {
        public int Failures { get; set; }

        public List<StationAlert> Raised { get; } = [];

        public Task Raise(StationAlert alert)
        {
            if (Failures-- > 0)
                throw new InvalidOperationException("The bell is broken.");
            Raised.Add(alert);
            return Task.CompletedTask;
        }
    }
}
