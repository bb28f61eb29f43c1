using Microsoft.ML;
using MLNet.AnomalyNormalization.DataViews;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Evaluation.State;
using Orleans.Concurrency;

namespace MLNet.AnomalyNormalization.Orleans.Evaluation;

/// <summary>What became of a shard. It stays within the silo: only ranges travel.</summary>
[GenerateSerializer, Immutable, Alias("MLNet.AnomalyNormalization.ShardOutcome")]
internal sealed class ShardOutcome
{
    /// <summary>What was found; null after a failure.</summary>
    [NonSerialized]
    public EvaluationPart? Part;

    /// <summary>Why nothing was found.</summary>
    [NonSerialized]
    public ShardFailure? Failure;
}

/// <summary>Evaluates shards with one model on the silo where it is called; its key is the model's.</summary>
[Alias("MLNet.AnomalyNormalization.IShardWorkerGrain")]
internal interface IShardWorkerGrain : IGrainWithStringKey
{
    // The caller is on the same silo, and is itself given up with it: there is no loss that a time limit would have to notice.
    [Alias("Evaluate"), ResponseTimeout("365.00:00:00")]
    Task<ShardOutcome> Evaluate(EvaluationShard shard, EvaluationPlan plan, CancellationToken cancellationToken);
}

/// <summary>
/// One activation a silo, which loads the model once, evaluates as many shards at a time as there are processors, and lets the model go
/// when Orleans collects it for being idle.
/// </summary>
[StatelessWorker(maxLocalWorkers: 1), Reentrant]
internal sealed class ShardWorkerGrain : Grain, IShardWorkerGrain, IDisposable
{
    private readonly MLContext _mlContext = new(seed: 0);
    private readonly SemaphoreSlim _processors = new(Environment.ProcessorCount);
    private Task<FleetModel?>? _model;

    public async Task<ShardOutcome> Evaluate(EvaluationShard shard, EvaluationPlan plan, CancellationToken cancellationToken)
    {
        FleetModel? model = await Model(plan);
        await _processors.WaitAsync(cancellationToken);
        try
        {
            return await OnThread(() => Evaluate(shard, plan.ReadOptions(), model, cancellationToken));
        }
        finally
        {
            _processors.Release();
        }
    }

    private async Task<FleetModel?> Model(EvaluationPlan plan)
    {
        try
        {
            return await (_model ??= OnThread(() => Load(plan)));
        }
        catch
        {
            // The next one may find the file.
            _model = null;
            throw;
        }
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (_model is { IsCompletedSuccessfully: true } loaded)
            ((await loaded)?.Transformer as IDisposable)?.Dispose();
        await base.OnDeactivateAsync(reason, cancellationToken);
    }

    public void Dispose() => _processors.Dispose();

    private FleetModel? Load(EvaluationPlan plan)
    {
        if (plan.ModelPath is null)
            return null;

        if (!File.Exists(plan.ModelPath))
            throw new FileNotFoundException($"Silo {RuntimeIdentity} sees no model file '{plan.ModelPath}'. Give all silos the file, under this path.", plan.ModelPath);

        if (EvaluationPlan.KeyOf(plan.ModelPath) is var key && key != plan.ModelKey)
        {
            throw new InvalidDataException(
                $"Silo {RuntimeIdentity}: '{plan.ModelPath}' has the SHA-256 {key}, but the caller's has {plan.ModelKey}. Give all the same file.");
        }

        return new(_mlContext.Model.LoadAnomalyModel(plan.ModelPath, out DataViewSchema? input), input);
    }

    private ShardOutcome Evaluate(
        EvaluationShard shard, AnomalyEvaluationOptions options, FleetModel? model, CancellationToken cancellationToken)
    {
        ShardRows? rows = null;
        var progress = new RowCounter();
        bool isReading = false;
        try
        {
            rows = shard.Read(_mlContext, model, options);
            var evaluation = new DataViewEvaluation(rows.Data, options, progress);
            isReading = true;
            return new() { Part = evaluation.Read(threads: 1, cancellationToken) };
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            string place = isReading && rows?.NameOf(progress.Rows) is { } name ? $" (at '{name}')" : "";
            return new() { Failure = new(shard.Name, e.Message + place) };
        }
    }

    // Work of many seconds has a thread of its own: those of the pool keep the silo alive in the eyes of the others.
    private static Task<T> OnThread<T>(Func<T> work)
        => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private sealed class RowCounter : IProgress<long>
    {
        public long Rows { get; private set; }

        public void Report(long value) => Rows = value;
    }
}
