using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Evaluation.State;
using Orleans.Runtime.Placement;

namespace MLNet.AnomalyNormalization.Orleans;

/// <summary>One evaluation, as its caller sees it: hands out ranges of shards, outlives the loss of silos, and merges in order.</summary>
internal sealed class ClusterEvaluation(
    IGrainFactory grains, EvaluationPlan plan, IReadOnlyList<EvaluationShard> shards, IProgress<FleetProgress>? progress)
{
    // Few enough that the loss of one is soon made up for, many enough that most merging is done on the silos.
    private const int LongestRange = 16;

    // Two for a silo to work at while the others wait their turn to be merged.
    private const int RangesPerSilo = 3;

    // A shard that takes its silo down goes on doing so; one that was merely on a silo that went down is soon done elsewhere.
    private const int MostLosses = 3;

    private readonly List<ShardFailure> _failures = [];
    private readonly Dictionary<string, int> _shardsBySilo = [];
    private readonly SiloSpread _silos = new();
    private readonly object _counting = new();
    private int _shardsDone;
    private long _rowsDone;

    public async Task<FleetEvaluation> Run(AnomalyEvaluationOptions options, CancellationToken cancellationToken)
    {
        var merged = new EvaluationPart(options);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ahead = new Queue<Task<RangeOutcome>>();
        try
        {
            await FindSilos();
            int length = Math.Clamp(shards.Count / (_silos.Count * RangesPerSilo), 1, LongestRange);
            foreach (EvaluationShard[] range in shards.Chunk(length))
            {
                ahead.Enqueue(Evaluate(range, stop.Token));
                if (ahead.Count >= _silos.Count * RangesPerSilo)
                {
                    Merge(await ahead.Dequeue());
                    await FindSilos();
                }
            }

            while (ahead.Count > 0)
                Merge(await ahead.Dequeue());
        }
        finally
        {
            await stop.CancelAsync();
            await ((Task)Task.WhenAll(ahead)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return new FleetEvaluation
        {
            Evaluation = merged.Compute(options),
            Failures = _failures,
            RowCount = merged.RowCount,
            ShardsBySilo = _shardsBySilo,
        };

        void Merge(RangeOutcome outcome)
        {
            foreach (EvaluationPart part in outcome.Parts)
                merged.Merge(part);
            _failures.AddRange(outcome.Failures);
            foreach ((string silo, int count) in outcome.ShardsBySilo)
                _shardsBySilo[silo] = _shardsBySilo.GetValueOrDefault(silo) + count;
        }
    }

    // It only says where to work and how far ahead. While a silo is being lost, no answer is no reason to end.
    private async Task FindSilos()
    {
        try
        {
            _silos.Know((await grains.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true)).Keys);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
        }
    }

    private async Task<RangeOutcome> Evaluate(EvaluationShard[] range, CancellationToken cancellationToken)
    {
        IShardRangeGrain grain = grains.GetGrain<IShardRangeGrain>(Guid.NewGuid());
        var work = new ShardRange(range, plan);
        var told = new Told();
        SiloAddress? place = _silos.Take();
        if (place is not null)
            RequestContext.Set(IPlacementDirector.PlacementHintKey, place);
        try
        {
            while (true)
            {
                ShardRange? unknown = told.HasBegun ? null : work;
                RangeProgress now = await PatientCall.Make(() => grain.Advance(told.Activation, unknown, told.Done), cancellationToken);
                told.HasBegun = now.Activation == told.Activation;
                if (!told.HasBegun && told.Activation != Guid.Empty && ++told.Losses == MostLosses)
                {
                    Tell(told, Guid.Empty, 0, 0);
                    return await GiveUp(range, cancellationToken);
                }

                Tell(told, now.Activation, now.Done, now.Rows);
                if (now.Blocks is { } blocks && await Read(grain, now.Activation, blocks, cancellationToken) is { } part)
                    return new([part], now.Failures, new() { [now.Silo] = range.Length - now.Failures.Length });
            }
        }
        finally
        {
            // An answer is not waited for: a grain that is not reached ends for not being asked any more.
            grain.End().Ignore();
            _silos.Return(place);
        }
    }

    /// <summary>Finds the shard that takes silos down, so that it alone fails.</summary>
    private async Task<RangeOutcome> GiveUp(EvaluationShard[] range, CancellationToken cancellationToken)
    {
        if (range is [var only])
        {
            Count(moreShards: 1, moreRows: 0);
            return new([], [new(only.Name, $"The silo that evaluated it was lost {MostLosses} times.")], []);
        }

        var all = new RangeOutcome([], [], []);
        foreach (EvaluationShard shard in range)
        {
            RangeOutcome one = await Evaluate([shard], cancellationToken);
            all.Parts.AddRange(one.Parts);
            all = all with { Failures = [.. all.Failures, .. one.Failures] };
            foreach ((string silo, int count) in one.ShardsBySilo)
                all.ShardsBySilo[silo] = all.ShardsBySilo.GetValueOrDefault(silo) + count;
        }

        return all;
    }

    private static async Task<EvaluationPart?> Read(
        IShardRangeGrain grain, Guid activation, int blocks, CancellationToken cancellationToken)
    {
        using var state = new StateBlocks();
        for (int i = 0; i < blocks; i++)
        {
            if (await PatientCall.Make(() => grain.ReadBlock(activation, i), cancellationToken) is not { } block)
                return null;
            state.Append(block.Value);
        }

        return EvaluationPart.ReadFrom(state);
    }

    private void Tell(Told told, Guid activation, int done, long rows)
    {
        (int moreShards, long moreRows) = (done - told.Done, rows - told.Rows);
        (told.Activation, told.Done, told.Rows) = (activation, done, rows);
        if (moreShards != 0)
            Count(moreShards, moreRows);
    }

    private void Count(int moreShards, long moreRows)
    {
        lock (_counting)
        {
            _shardsDone += moreShards;
            _rowsDone += moreRows;
            progress?.Report(new(_shardsDone, shards.Count, _rowsDone));
        }
    }

    private sealed class Told
    {
        public Guid Activation { get; set; }

        public bool HasBegun { get; set; }

        public int Done { get; set; }

        public long Rows { get; set; }

        public int Losses { get; set; }
    }

    private sealed record RangeOutcome(List<EvaluationPart> Parts, ShardFailure[] Failures, Dictionary<string, int> ShardsBySilo);
}
