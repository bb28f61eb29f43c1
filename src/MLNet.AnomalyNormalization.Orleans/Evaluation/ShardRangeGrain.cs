using MLNet.AnomalyNormalization.Evaluation.State;
using Orleans.Concurrency;
using Orleans.Placement;

namespace MLNet.AnomalyNormalization.Orleans.Evaluation;

/// <summary>How far a range has come.</summary>
/// <param name="Activation">Tells this attempt from another one, after the silo of this one was lost.</param>
/// <param name="Silo">The silo that evaluates the range.</param>
/// <param name="Done">How many shards are done, failed ones included.</param>
/// <param name="Rows">The number of rows in them.</param>
/// <param name="Failures">The failed shards.</param>
/// <param name="Blocks">The number of blocks of the merged state, once all shards are done; null before.</param>
[GenerateSerializer, Immutable, Alias("MLNet.AnomalyNormalization.RangeProgress")]
internal sealed record RangeProgress(Guid Activation, string Silo, int Done, long Rows, ShardFailure[] Failures, int? Blocks);

/// <summary>
/// Evaluates a range of shards on one silo and merges what was found. A call after the loss of the silo finds a new activation on another
/// one, which does nothing until its caller, who sees by its name that it is another, gives it the range again.
/// </summary>
[Alias("MLNet.AnomalyNormalization.IShardRangeGrain")]
internal interface IShardRangeGrain : IGrainWithGuidKey
{
    /// <summary>Waits a while for more shards to be done than the caller knows of.</summary>
    /// <param name="activation">The attempt that the caller means; another one only says its name.</param>
    /// <param name="range">The range, if the attempt doesn't have it yet.</param>
    /// <param name="knownDone">How many shards the caller knows to be done.</param>
    [Alias("Advance")]
    Task<RangeProgress> Advance(Guid activation, ShardRange? range, int knownDone);

    /// <summary>Gives a block of the merged state; null if this attempt doesn't have it.</summary>
    [Alias("ReadBlock")]
    Task<Immutable<byte[]>?> ReadBlock(Guid activation, int block);

    /// <summary>Ends the range, whether it is done or not.</summary>
    [Alias("End")]
    Task End();
}

/// <inheritdoc cref="IShardRangeGrain"/>
/// <remarks>
/// The caller says where it is placed (see <see cref="SiloSpread"/>); anywhere, once that silo is lost. A caller that is gone asks no more,
/// and the range ends with the age at which Orleans collects it.
/// </remarks>
[RandomPlacement, CollectionAgeLimit(Minutes = 2), Reentrant]
internal sealed class ShardRangeGrain(ILocalSiloDetails silo) : Grain, IShardRangeGrain, IDisposable
{
    // Well below the 30 seconds after which Orleans gives an answer up.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    private readonly Guid _activation = Guid.NewGuid();
    private readonly CancellationTokenSource _end = new();
    private readonly List<ShardFailure> _failures = [];
    private TaskCompletionSource _advanced = new();
    private Task? _work;
    private StateBlocks? _state;
    private int _done;
    private long _rows;

    public async Task<RangeProgress> Advance(Guid activation, ShardRange? range, int knownDone)
    {
        if (activation == _activation)
        {
            _work ??= Evaluate(range ?? throw new InvalidOperationException("The range is missing."));
            if (_done <= knownDone && !_work.IsCompleted)
                await Task.WhenAny(_work, _advanced.Task, Task.Delay(LongestWait, _end.Token));
            if (_work.IsCompleted)
            {
                // What the cluster spoilt, another attempt may finish.
                if (_work.Exception?.InnerException is OrleansException or TimeoutException)
                    DeactivateOnIdle();
                await _work;
            }
        }

        return new(_activation, silo.SiloAddress.ToString(), _done, _rows, [.. _failures], _state?.Blocks.Count);
    }

    public Task<Immutable<byte[]>?> ReadBlock(Guid activation, int block)
        => Task.FromResult<Immutable<byte[]>?>(activation == _activation && _state is not null ? new(_state.Blocks[block]) : null);

    public Task End()
    {
        // A call that still waits would keep the activation, and with it the work.
        _end.Cancel();
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _end.Cancel();
        return base.OnDeactivateAsync(reason, cancellationToken);
    }

    public void Dispose() => _end.Dispose();

    private async Task Evaluate(ShardRange range)
    {
        IShardWorkerGrain worker = GrainFactory.GetGrain<IShardWorkerGrain>(range.Plan.ModelKey);
        var merged = new EvaluationPart(range.Plan.ReadOptions());

        // Ahead of what is merged by as many shards as the silo has processors, and no more: what waits to be merged takes memory.
        var ahead = new Queue<Task<ShardOutcome>>();
        foreach (EvaluationShard shard in range.Shards)
        {
            ahead.Enqueue(worker.Evaluate(shard, range.Plan, _end.Token));
            if (ahead.Count > Environment.ProcessorCount)
                await MergeNext();
        }

        while (ahead.Count > 0)
            await MergeNext();

        var state = new StateBlocks();
        merged.WriteTo(state);
        state.Complete();
        _state = state;

        async Task MergeNext()
        {
            ShardOutcome outcome = await ahead.Dequeue();
            if (outcome.Part is { } part)
                merged.Merge(part);
            else
                _failures.Add(outcome.Failure ?? throw new OrleansException("A shard was evaluated on another silo than its range."));
            (_done, _rows) = (_done + 1, merged.RowCount);
            TaskCompletionSource advanced = _advanced;
            _advanced = new();
            advanced.SetResult();
        }
    }
}
