using System.Diagnostics;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Evaluation.State;
using Orleans.Runtime.Placement;

namespace MLNet.AnomalyNormalization.Orleans.Evaluation;

/// <summary>
/// One evaluation, as its caller sees it: hands out ranges of shards, outlives the loss of silos, and merges in order. What it doesn't reach
/// it names.
/// </summary>
internal sealed class ClusterEvaluation(
    IGrainFactory grains, EvaluationPlan plan, IReadOnlyList<EvaluationShard> shards, IProgress<FleetProgress>? progress)
{
    // What is asked of a cluster is answered within seconds, unless it is losing a silo: that is noticed within half a minute or so; in one
    // and a half, if too few are left to vote.
    private static readonly TimeSpan s_longestSilence = TimeSpan.FromMinutes(2);

    // Where the silos are is good to know, but nothing to wait for.
    private static readonly TimeSpan s_longestSearch = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

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
    private long _lastAnswer = Stopwatch.GetTimestamp();
    private volatile bool _isSilent;
    private int _unreached;

    /// <summary>For how long nothing may answer.</summary>
    public TimeSpan LongestSilence { get; init; } = s_longestSilence;

    /// <summary>How long all of it may take.</summary>
    public TimeSpan TimeLimit { get; init; } = Timeout.InfiniteTimeSpan;

    public async Task<FleetEvaluation> Run(AnomalyEvaluationOptions options, CancellationToken cancellationToken)
    {
        var merged = new EvaluationPart(options);
        using var limit = new CancellationTokenSource(TimeLimit);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        var ahead = new Queue<Task<RangeOutcome>>();
        try
        {
            await FindSilos(stop.Token);
            int length = Math.Clamp(shards.Count / (_silos.Count * RangesPerSilo), 1, LongestRange);
            foreach (EvaluationShard[] range in shards.Chunk(length))
            {
                ahead.Enqueue(Evaluate(range, stop.Token));
                if (ahead.Count >= _silos.Count * RangesPerSilo)
                {
                    Merge(await ahead.Dequeue());
                    await FindSilos(stop.Token);
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

        if (_unreached > 0 && _unreached == shards.Count)
            throw new TimeoutException($"Nothing was evaluated. {_failures[0].Reason}");

        return new FleetEvaluation
        {
            Evaluation = merged.Compute(options, cancellationToken: cancellationToken),
            Failures = _failures,
            RowCount = merged.RowCount,
            ShardsBySilo = _shardsBySilo,
        };

        void Merge(RangeOutcome outcome)
        {
            // To the ranges all ends are the same.
            cancellationToken.ThrowIfCancellationRequested();
            foreach (EvaluationPart part in outcome.Parts)
                merged.Merge(part);
            _failures.AddRange(outcome.Failures);
            foreach ((string silo, int count) in outcome.ShardsBySilo)
                _shardsBySilo[silo] = _shardsBySilo.GetValueOrDefault(silo) + count;
        }
    }

    // It only says where to work and how far ahead. While a silo is being lost, no answer is no reason to end.
    private async Task FindSilos(CancellationToken cancellationToken)
    {
        if (_isSilent || cancellationToken.IsCancellationRequested)
            return;

        try
        {
            IManagementGrain management = grains.GetGrain<IManagementGrain>(0);
            Task<Dictionary<SiloAddress, SiloStatus>> hosts = management.GetHosts(onlyActive: true, cancellationToken);
            _silos.Know((await hosts.WaitAsync(s_longestSearch, cancellationToken)).Keys);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException or OperationCanceledException)
        {
        }
    }

    /// <summary>Asks for as long as the cluster, not what was asked, fails it: while it notices that it has lost a silo.</summary>
    /// <exception cref="TimeoutException">There was no answer for <see cref="LongestSilence"/>.</exception>
    private async Task<T> Ask<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(LongestSilence);
        Exception? last = null;
        try
        {
            while (!_isSilent)
            {
                try
                {
                    T answer = await call().WaitAsync(patience.Token);
                    Volatile.Write(ref _lastAnswer, Stopwatch.GetTimestamp());
                    return answer;
                }
                catch (Exception e) when (e is OrleansException or TimeoutException)
                {
                    last = e;
                    await Task.Delay(s_pause, patience.Token);
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // If others are answered, one silo is silent; else there is no use in asking for what is left.
            _isSilent = Stopwatch.GetElapsedTime(Volatile.Read(ref _lastAnswer)) >= LongestSilence;
        }

        string reason = last is null ? "." : $": {last.Message}";
        throw new TimeoutException($"The cluster has not answered for {LongestSilence.TotalSeconds} s{reason}", last);
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
                RangeProgress now = await Ask(() => grain.Advance(told.Activation, unknown, told.Done), cancellationToken);
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
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            return NotReached(e.Message);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return NotReached($"The time limit of {TimeLimit.TotalSeconds} s was over before.");
        }
        finally
        {
            // An answer is not waited for: a grain that is not reached ends for not being asked any more.
            grain.End().Ignore();
            _silos.Return(place);
        }

        RangeOutcome NotReached(string reason)
        {
            Interlocked.Add(ref _unreached, range.Length);
            return new([], [.. range.Select(shard => new ShardFailure(shard.Name, $"It was not reached. {reason}"))], []);
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

    private async Task<EvaluationPart?> Read(
        IShardRangeGrain grain, Guid activation, int blocks, CancellationToken cancellationToken)
    {
        using var state = new StateBlocks();
        for (int i = 0; i < blocks; i++)
        {
            if (await Ask(() => grain.ReadBlock(activation, i), cancellationToken) is not { } block)
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
