using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Orleans.Evaluation;
using Orleans.TestingHost;

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
    public async Task Recorded_scores_give_the_bits_of_one_process(int silos, int shardSize)
    {
        using var test = new RecordedTest(rows: 120);
        EvaluationShard[] shards = test.Shards(shardSize);

        await using Cluster cluster = await Cluster.Start(silos);
        FleetEvaluation actual = await cluster.Grains.EvaluateNormalizedAsync(
            test.ModelPath, shards, cancellationToken: TestContext.CancellationToken);

        Assert.AreEqual(test.Alone(), actual.Evaluation);
        Assert.IsTrue(actual.IsComplete);
        Assert.AreEqual(120, actual.RowCount);
        Assert.AreEqual(shards.Length, actual.ShardsBySilo.Values.Sum());
    }

    [TestMethod]
    [DataRow(1, 12, EvaluationPrecision.Exact, DisplayName = "one silo")]
    [DataRow(3, 1, EvaluationPrecision.Exact, DisplayName = "three silos, a shard for each image")]
    [DataRow(2, 5, EvaluationPrecision.Grid, DisplayName = "two silos, grid precision")]
    public async Task Images_and_masks_give_the_bits_of_one_process(int silos, int shardSize, EvaluationPrecision precision)
    {
        using var test = new ImageTest();
        AnomalyEvaluationOptions options = ImageTest.Options(precision);
        EvaluationShard[] shards =
            [.. test.Images.Chunk(shardSize).Select((images, i) => EvaluationShard.Images($"{i}", images, inputColumnName: "Photo"))];

        await using Cluster cluster = await Cluster.Start(silos);
        FleetEvaluation actual = await cluster.Grains.EvaluateNormalizedAsync(
            test.ModelPath, shards, options, cancellationToken: TestContext.CancellationToken);

        Assert.IsTrue(actual.IsComplete, string.Join(Environment.NewLine, actual.Failures));
        Assert.AreEqual(test.Alone(options), actual.Evaluation);
    }

    [TestMethod]
    public async Task Folders_are_listed_where_they_are_evaluated()
    {
        using var test = new ImageTest();
        AnomalyEvaluationOptions options = ImageTest.Options(EvaluationPrecision.Exact);

        await using Cluster cluster = await Cluster.Start(silos: 2);
        FleetEvaluation actual = await cluster.Grains.EvaluateNormalizedAsync(
            test.ModelPath, [.. test.Folders.Select(folder => EvaluationShard.Folder(folder, inputColumnName: "Photo"))], options,
            cancellationToken: TestContext.CancellationToken);

        Assert.AreEqual(test.Alone(options), actual.Evaluation);
    }

    // Many threads wait here for each other, for five seconds and no longer.
    [TestMethod]
    [DoNotParallelize]
    [DataRow(2)]
    [DataRow(3)]
    [DataRow(4)]
    public async Task The_first_evaluation_of_a_cluster_is_spread_evenly(int silos)
    {
        // As many shards as can be at work at a time if every silo has its share.
        int share = Math.Min(2, Environment.ProcessorCount);
        await using Cluster cluster = await Cluster.Start(silos);
        using var areAllAtWork = new CountdownEvent(share * silos);
        EvaluationShard[] shards = [.. Enumerable.Range(0, share * silos).Select(i => new HookedShard($"{i} of {silos}"))];
        foreach (EvaluationShard shard in shards)
        {
            HookedShard.Hooks[shard.Name] = () =>
            {
                areAllAtWork.Signal();

                // Only ever this long where some silo has more than its share.
                areAllAtWork.Wait(TimeSpan.FromSeconds(5));
            };
        }

        FleetEvaluation actual = await cluster.Grains.EvaluateNormalizedAsync(
            modelPath: null, shards, cancellationToken: TestContext.CancellationToken);

        foreach (EvaluationShard shard in shards)
            HookedShard.Hooks.Remove(shard.Name, out _);
        CollectionAssert.AreEqual(Enumerable.Repeat(share, silos).ToArray(), actual.ShardsBySilo.Values.ToArray());
    }

    [TestMethod]
    public async Task A_poisoned_shard_is_reported_with_its_name_and_the_rest_is_evaluated()
    {
        using var test = new RecordedTest(rows: 60);
        EvaluationShard[] shards = test.Shards(shardSize: 10);
        File.WriteAllText(shards[1].Name, "Label,Score\n1,0.5\n0,NaN\n");
        File.WriteAllText(shards[3].Name, "Label,Points\n1,0.5\n");
        File.Delete(shards[4].Name);

        await using Cluster cluster = await Cluster.Start(silos: 2);
        FleetEvaluation actual = await cluster.Grains.EvaluateNormalizedAsync(
            test.ModelPath, shards, cancellationToken: TestContext.CancellationToken);

        Assert.IsFalse(actual.IsComplete);
        CollectionAssert.AreEqual(
            new[] { shards[1].Name, shards[3].Name, shards[4].Name }, actual.Failures.Select(failure => failure.Shard).ToArray());
        StringAssert.Contains(actual.Failures[0].Reason, "row 1: the score is NaN", StringComparison.Ordinal);
        StringAssert.Contains(actual.Failures[1].Reason, "has no column 'Score'; it has Label, Points", StringComparison.Ordinal);
        StringAssert.Contains(actual.Failures[2].Reason, "There is no file", StringComparison.Ordinal);
        Assert.AreEqual(30, actual.RowCount);
        Assert.AreEqual(test.Alone(row => row / 10 is 0 or 2 or 5), actual.Evaluation);
    }

    [TestMethod]
    public async Task The_loss_of_a_silo_costs_no_bit()
    {
        using var test = new RecordedTest(rows: 300);
        EvaluationShard[] shards = test.Shards(shardSize: 2);
        await using Cluster cluster = await Cluster.Start(silos: 3, isImpatient: true);
        var progress = new Watcher();

        Task<FleetEvaluation> evaluation = cluster.Grains.EvaluateNormalizedAsync(
            test.ModelPath, shards, progress: progress, cancellationToken: TestContext.CancellationToken);
        await progress.Reached(20);
        InProcessSiloHandle victim = cluster.Silos.Silos[^1];
        await cluster.Silos.KillSiloAsync(victim);
        FleetEvaluation actual = await evaluation;

        Assert.IsTrue(actual.IsComplete);
        Assert.AreEqual(test.Alone(), actual.Evaluation);
        Assert.AreEqual((shards.Length, shards.Length, 300L), (progress.Last.ShardsDone, progress.Last.ShardCount, progress.Last.RowsDone));
    }

    [TestMethod]
    public async Task A_shard_that_takes_its_silo_down_every_time_is_reported_and_the_rest_is_evaluated()
    {
        await using Cluster cluster = await Cluster.Start(silos: 5, isImpatient: true);
        using var end = new ManualResetEventSlim();
        int kills = 0;
        HookedShard.Hooks["deadly"] = () =>
        {
            // As a crash would: nobody hears of the shard again, and the silo is gone.
            SiloAddress victim = Cluster.CurrentSilo!;
            Interlocked.Increment(ref kills);
            _ = Task.Run(() => cluster.Silos.KillSiloAsync(cluster.Silos.Silos.First(silo => silo.SiloAddress.Equals(victim))));
            end.Wait();
        };
        try
        {
            FleetEvaluation actual = await cluster.Grains.EvaluateNormalizedAsync(
                modelPath: null, [new HookedShard("first"), new HookedShard("deadly"), new HookedShard("last")],
                cancellationToken: TestContext.CancellationToken);

            Assert.AreEqual(new ShardFailure("deadly", "The silo that evaluated it was lost 3 times."), actual.Failures.Single());
            Assert.AreEqual(3, kills);
            Assert.AreEqual(4, actual.RowCount);
        }
        finally
        {
            end.Set();
            HookedShard.Hooks.Remove("deadly", out _);
        }
    }

    [TestMethod]
    public async Task What_is_evaluated_when_the_time_limit_is_over_is_given_back_and_the_rest_is_named()
    {
        const int ShardCount = 12;
        await using Cluster cluster = await Cluster.Start(silos: 2);
        using var end = new ManualResetEventSlim();
        HookedShard.Hooks["hangs"] = end.Wait;
        try
        {
            FleetEvaluation actual = await cluster.Grains.EvaluateNormalizedAsync(
                modelPath: null, [new HookedShard("hangs"), .. Enumerable.Range(1, ShardCount - 1).Select(i => new HookedShard($"{i}"))],
                timeLimit: TimeSpan.FromSeconds(8), cancellationToken: TestContext.CancellationToken);

            Assert.AreEqual(new("hangs", "It was not reached. The time limit of 8 s was over before."), actual.Failures[0]);
            Assert.IsGreaterThan(0, actual.RowCount);
            Assert.AreEqual(2 * (ShardCount - actual.Failures.Count), actual.RowCount);
            Assert.AreEqual(1, actual.Evaluation.Image!.AreaUnderRocCurve);
        }
        finally
        {
            end.Set();
            HookedShard.Hooks.Remove("hangs", out _);
        }
    }

    [TestMethod]
    public async Task A_cluster_that_is_alive_but_does_not_answer_keeps_nobody_longer_than_the_time_limit()
    {
        await using Cluster cluster = await Cluster.Start(silos: 2);
        cluster.Freeze();

        TimeoutException told = await Assert.ThrowsExactlyAsync<TimeoutException>(() => cluster.Grains.EvaluateNormalizedAsync(
            modelPath: null, [new HookedShard("a"), new HookedShard("b")], timeLimit: TimeSpan.FromSeconds(2),
            cancellationToken: TestContext.CancellationToken));

        Assert.AreEqual("Nothing was evaluated. It was not reached. The time limit of 2 s was over before.", told.Message);
    }

    [TestMethod]
    public async Task A_cluster_that_stops_answering_is_not_waited_for()
    {
        using var test = new RecordedTest(rows: 300);
        EvaluationShard[] shards = test.Shards(shardSize: 2);
        await using Cluster cluster = await Cluster.Start(silos: 2);
        var progress = new Watcher();
        var evaluation = new ClusterEvaluation(cluster.Grains, EvaluationPlan.For(test.ModelPath, new()), shards, progress)
        {
            LongestSilence = TimeSpan.FromSeconds(8),
        };

        Task<FleetEvaluation> run = evaluation.Run(new(), TestContext.CancellationToken);

        // Six ranges of sixteen are under way at a time: the seventh is begun when the first is merged.
        await progress.Reached((6 * 16) + 1);
        cluster.Freeze();
        FleetEvaluation actual = await run;

        AssertIsOfTheReached(test, shards, actual);
        Assert.IsFalse(actual.IsComplete);
        Assert.AreEqual("It was not reached. The cluster has not answered for 8 s.", actual.Failures[^1].Reason);
    }

    [TestMethod]
    public async Task The_loss_of_most_silos_spoils_nothing_of_what_is_reached()
    {
        using var test = new RecordedTest(rows: 300);
        EvaluationShard[] shards = test.Shards(shardSize: 2);
        await using Cluster cluster = await Cluster.Start(silos: 3, isImpatient: true);
        var progress = new Watcher();
        var evaluation = new ClusterEvaluation(cluster.Grains, EvaluationPlan.For(test.ModelPath, new()), shards, progress)
        {
            LongestSilence = TimeSpan.FromSeconds(12),
        };

        Task<FleetEvaluation> run = evaluation.Run(new(), TestContext.CancellationToken);
        await progress.Reached(20);
        await Task.WhenAll(cluster.Silos.Silos.ToArray()[1..].Select(cluster.Silos.KillSiloAsync));
        FleetEvaluation actual = await run;

        AssertIsOfTheReached(test, shards, actual);
    }

    [TestMethod]
    public async Task What_a_shard_throws_is_its_own_failure()
    {
        await using Cluster cluster = await Cluster.Start(silos: 1);
        HookedShard.Hooks["slow"] = () => throw new TaskCanceledException("The file server took too long.");
        HookedShard.Hooks["large"] = () => throw new InsufficientMemoryException("The image is too large.");

        FleetEvaluation actual = await cluster.Grains.EvaluateNormalizedAsync(
            modelPath: null, [new HookedShard("slow"), new HookedShard("good"), new HookedShard("large")],
            cancellationToken: TestContext.CancellationToken);

        HookedShard.Hooks.Remove("slow", out _);
        HookedShard.Hooks.Remove("large", out _);
        CollectionAssert.AreEqual(
            new ShardFailure[] { new("slow", "The file server took too long."), new("large", "The image is too large.") },
            actual.Failures.ToArray());
        Assert.AreEqual(2, actual.RowCount);
    }

    [TestMethod]
    public async Task A_model_that_a_silo_does_not_see_is_found_once_it_is_there()
    {
        using var test = new RecordedTest(rows: 20);
        await using Cluster cluster = await Cluster.Start(silos: 1);
        IShardWorkerGrain worker = cluster.Grains.GetGrain<IShardWorkerGrain>(EvaluationPlan.KeyOf(test.ModelPath));
        EvaluationPlan plan = EvaluationPlan.For(test.ModelPath, new());

        FileNotFoundException absent = await Assert.ThrowsExactlyAsync<FileNotFoundException>(
            () => worker.Evaluate(test.Shards(20)[0], plan with { ModelPath = test.ModelPath + "?" }, CancellationToken.None));
        StringAssert.Contains(absent.Message, "sees no model file", StringComparison.Ordinal);
        InvalidDataException other = await Assert.ThrowsExactlyAsync<InvalidDataException>(
            () => worker.Evaluate(test.Shards(20)[0], plan with { ModelKey = "another" }, CancellationToken.None));
        StringAssert.Contains(other.Message, "but the caller's has another. Give all the same file.", StringComparison.Ordinal);

        FleetEvaluation actual = await cluster.Grains.EvaluateNormalizedAsync(test.ModelPath, test.Shards(5));
        Assert.AreEqual(test.Alone(), actual.Evaluation);
    }

    [TestMethod]
    public async Task A_cancelled_evaluation_ends_on_all_silos()
    {
        using var test = new RecordedTest(rows: 200);
        await using Cluster cluster = await Cluster.Start(silos: 2);
        using var cancellation = new CancellationTokenSource();
        var progress = new Watcher();

        Task<FleetEvaluation> evaluation = cluster.Grains.EvaluateNormalizedAsync(
            test.ModelPath, test.Shards(shardSize: 1), progress: progress, cancellationToken: cancellation.Token);
        await progress.Reached(5);
        await cancellation.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => evaluation);
    }

    [TestMethod]
    public async Task Normalized_scores_need_no_model()
    {
        using var test = new RecordedTest(rows: 50);
        EvaluationShard[] shards =
            [.. test.Shards(shardSize: 20, normalized: true).Select(shard => EvaluationShard.Scores(shard.Name, "NormalizedScore"))];

        await using Cluster cluster = await Cluster.Start(silos: 1);
        FleetEvaluation actual = await cluster.Grains.EvaluateNormalizedAsync(
            modelPath: null, shards, cancellationToken: TestContext.CancellationToken);

        // Recorded scores say nothing of where they are decided.
        Assert.AreEqual(test.Alone() with { ImageThresholdOrigin = ThresholdOrigin.Scale }, actual.Evaluation);
    }

    [TestMethod]
    public async Task Images_and_recorded_scores_are_evaluated_under_one_model()
    {
        using var test = new ImageTest();
        (string modelPath, string scoresPath, AnomalyEvaluation alone) = test.Record();
        EvaluationShard[] shards =
            [.. test.Folders.Select(folder => EvaluationShard.Folder(folder, inputColumnName: "Photo")), EvaluationShard.Scores(scoresPath)];

        await using Cluster cluster = await Cluster.Start(silos: 1);
        FleetEvaluation actual = await cluster.Grains.EvaluateNormalizedAsync(
            modelPath, shards, cancellationToken: TestContext.CancellationToken);
        FleetEvaluation pixels = await cluster.Grains.EvaluateNormalizedAsync(
            modelPath, shards, ImageTest.Options(EvaluationPrecision.Exact), cancellationToken: TestContext.CancellationToken);
        FleetEvaluation maps = await cluster.Grains.EvaluateNormalizedAsync(
            test.ModelPath, [shards[^1]], cancellationToken: TestContext.CancellationToken);

        Assert.IsTrue(actual.IsComplete, string.Join(Environment.NewLine, actual.Failures));
        Assert.AreEqual(alone, actual.Evaluation);
        StringAssert.Contains(pixels.Failures.Single().Reason, "has scores alone, but masks ('Truth') are evaluated", StringComparison.Ordinal);
        StringAssert.Contains(
            maps.Failures.Single().Reason, "the model reads no column 'Score' and normalises no scores", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task What_is_wrong_with_the_request_is_said_before_any_shard_is_read()
    {
        using var test = new RecordedTest(rows: 10);
        EvaluationShard[] shards = test.Shards(shardSize: 5);
        await using Cluster cluster = await Cluster.Start(silos: 1);
        IGrainFactory grains = cluster.Grains;

        ArgumentException twice = await Assert.ThrowsExactlyAsync<ArgumentException>(
            () => grains.EvaluateNormalizedAsync(test.ModelPath, [shards[0], shards[0]]));
        StringAssert.Contains(twice.Message, $"2 shards have the name '{shards[0].Name}'", StringComparison.Ordinal);
        await Assert.ThrowsExactlyAsync<ArgumentException>(() => grains.EvaluateNormalizedAsync(
            test.ModelPath, shards, new() { Callbacks = [new ThresholdNormalizationCallback(new AnomalyThresholds(1, 1))] }));
        await Assert.ThrowsExactlyAsync<FileNotFoundException>(() => grains.EvaluateNormalizedAsync("absent.zip", shards));
        await Assert.ThrowsExactlyAsync<ArgumentOutOfRangeException>(
            () => grains.EvaluateNormalizedAsync(test.ModelPath, shards, timeLimit: TimeSpan.Zero));
        InvalidDataException broken = await Assert.ThrowsExactlyAsync<InvalidDataException>(
            () => grains.EvaluateNormalizedAsync(shards[0].Name, shards));
        StringAssert.Contains(broken.Message, "is not a model that ML.NET can load", StringComparison.Ordinal);
    }

    private static void AssertIsOfTheReached(RecordedTest test, EvaluationShard[] shards, FleetEvaluation actual)
    {
        var unreached = actual.Failures.Select(failure => failure.Shard).ToHashSet();
        Assert.IsLessThan(shards.Length, unreached.Count);
        Assert.AreEqual(2 * (shards.Length - unreached.Count), actual.RowCount);
        Assert.AreEqual(test.Alone(row => !unreached.Contains(shards[row / 2].Name)), actual.Evaluation);
    }

    [TestMethod]
    public async Task No_shards_give_undefined_metrics()
    {
        using var test = new RecordedTest(rows: 10);
        await using Cluster cluster = await Cluster.Start(silos: 1);

        FleetEvaluation actual = await cluster.Grains.EvaluateNormalizedAsync(test.ModelPath, []);

        Assert.IsTrue(actual.IsComplete);
        Assert.AreEqual(double.NaN, actual.Evaluation.Image!.AreaUnderRocCurve);
    }

    /// <summary>Lets a test wait for progress.</summary>
    private sealed class Watcher : IProgress<FleetProgress>
    {
        private readonly List<(int Shards, TaskCompletionSource Reached)> _waiting = [];

        public FleetProgress Last { get; private set; }

        public Task Reached(int shards)
        {
            lock (_waiting)
            {
                if (Last.ShardsDone >= shards)
                    return Task.CompletedTask;
                var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _waiting.Add((shards, source));
                return source.Task;
            }
        }

        public void Report(FleetProgress value)
        {
            lock (_waiting)
            {
                Last = value;
                foreach ((int shards, TaskCompletionSource reached) in _waiting)
                {
                    if (value.ShardsDone >= shards)
                        reached.TrySetResult();
                }
            }
        }
    }
}
