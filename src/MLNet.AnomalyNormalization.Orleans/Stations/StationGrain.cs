using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using MLNet.AnomalyNormalization.Evaluation;
using Orleans.Serialization;

namespace MLNet.AnomalyNormalization.Orleans.Stations;

/// <inheritdoc cref="IStationGrain"/>
internal sealed partial class StationGrain(
    [PersistentState("station", AnomalyFleet.StationStorage)] IPersistentState<StationState> storage, IServiceProvider services,
    DeepCopier<StationState> copier, ILogger<StationGrain> logger)
    : Grain, IStationGrain
{
    private readonly ILogger _logger = logger;

    private StationState State => storage.State;

    public Task SetReference(StationReference reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        StationState next = copier.Copy(State);
        next.Refer(reference);
        return Store(next);
    }

    public async Task<bool> Add(StationBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (batch.Number is < 0 or long.MaxValue)
        {
            throw new ArgumentOutOfRangeException(
                nameof(batch), batch.Number, "A batch has a number from 0 on, below the largest of all, which would leave none for the next.");
        }

        string name = $"Batch {batch.Number} of station '{this.GetPrimaryKeyString()}'";
        if (batch.Labels is { } labels && labels.Count != batch.Scores.Count)
            throw new ArgumentException($"{name} has {batch.Scores.Count} scores, but {labels.Count} labels. Give each score a label, or none.");

        float[] scores = [.. batch.Scores.Select(score => ScoreHistogram.Require(score, State.CountNaNAsAnomalous, name))];
        StationState next = copier.Copy(State);
        bool isNew = BatchNumbers.Add(next.BatchNumbers, batch.Number);
        if (isNew)
        {
            next.Count(scores, batch.Labels);
            RaiseAlert(next, batch.Number);
            bool isAlert = next.Alert is not null && State.Alert is null;
            await Store(next);
            StationMetrics.Record(this.GetPrimaryKeyString(), scores, State, isAlert);
        }
        else
        {
            StationMetrics.CountKnown(this.GetPrimaryKeyString());
        }

        await PassAlertOn();
        return isNew;
    }

    public Task<StationStatus> GetStatus()
    {
        ScoreHistogram recent = State.RecentScores();
        return Task.FromResult(new StationStatus
        {
            BatchCount = State.BatchCount,
            RowCount = State.RowCount,
            AnomalousCount = State.AnomalousCount,
            RecentRowCount = recent.Count,
            RecentAnomalousCount = recent.AnomalousCount,
            Drift = State.Drift(),
            Alert = State.Alert,
            NextBatchNumber = State.BatchNumbers is [.., var highest] ? highest + 1 : 0,
            MissingBatchCount = BatchNumbers.CountMissing(State.BatchNumbers),
        });
    }

    public Task<ImageEvaluator> GetEvaluator()
    {
        var evaluator = new ImageEvaluator();
        foreach (StationWindow window in new[] { State.Before, State.Recent })
        {
            window.Normal.ForEach(score => evaluator.Add(score, isAnomalous: false));
            window.Anomalous.ForEach(score => evaluator.Add(score, isAnomalous: true));
        }

        return Task.FromResult(evaluator);
    }

    public Task ClearAlert()
    {
        StationState next = copier.Copy(State);
        (next.Alert, next.IsAlertPending) = (null, false);
        return Store(next);
    }

    private void RaiseAlert(StationState state, long batchNumber)
    {
        if (state.Alert is null && state.FindDrift() is { } drift)
            (state.Alert, state.IsAlertPending) = (new(this.GetPrimaryKeyString(), batchNumber, drift), true);
    }

    // After the alert was stored, so that a crash can't lose it.
    private async Task PassAlertOn()
    {
        if (!State.IsAlertPending)
            return;

        try
        {
            if (services.GetService<IStationAlertHandler>() is { } handler)
                await handler.Raise(State.Alert!);
            StationState next = copier.Copy(State);
            next.IsAlertPending = false;
            await Store(next);
        }
        catch (Exception e)
        {
            // The batch is stored, and its sender can't help it. The next batch tries again.
            LogAlertNotPassedOn(e, this.GetPrimaryKeyString());
        }
    }

    [LoggerMessage(LogLevel.Error, "The alert of station '{Station}' could not be passed on.")]
    private partial void LogAlertNotPassedOn(Exception e, string station);

    private async Task Store(StationState next)
    {
        StationState before = State;
        try
        {
            storage.State = next;
            await storage.WriteStateAsync();
        }
        catch
        {
            // Nothing of it was acknowledged, and nobody knows what was stored: the next call reads it.
            storage.State = before;
            DeactivateOnIdle();
            throw;
        }
    }
}
