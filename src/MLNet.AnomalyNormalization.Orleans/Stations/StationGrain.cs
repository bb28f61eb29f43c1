using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Orleans;

/// <inheritdoc cref="IStationGrain"/>
internal sealed partial class StationGrain(
    [PersistentState("station", AnomalyFleet.StationStorage)] IPersistentState<StationState> storage, IServiceProvider services,
    ILogger<StationGrain> logger)
    : Grain, IStationGrain
{
    private readonly ILogger _logger = logger;

    private StationState State => storage.State;

    public Task SetReference(StationReference reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        State.Reference = reference.Scores;
        State.PopulationStabilityIndexLimit = reference.PopulationStabilityIndexLimit;
        State.KolmogorovSmirnovLimit = reference.KolmogorovSmirnovLimit;
        State.WindowRows = reference.WindowRows;
        State.CountNaNAsAnomalous = reference.CountNaNAsAnomalous;
        (State.Recent, State.Before) = (new(), new());
        (State.Alert, State.IsAlertPending) = (null, false);
        return Store();
    }

    public async Task<bool> Add(StationBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentOutOfRangeException.ThrowIfNegative(batch.Number);
        string name = $"Batch {batch.Number} of station '{this.GetPrimaryKeyString()}'";
        if (batch.Labels is { } labels && labels.Count != batch.Scores.Count)
            throw new ArgumentException($"{name} has {batch.Scores.Count} scores, but {labels.Count} labels. Give each score a label, or none.");

        float[] scores = [.. batch.Scores.Select(score => ScoreHistogram.Require(score, State.CountNaNAsAnomalous, name))];
        bool isNew = BatchNumbers.Add(State.BatchNumbers, batch.Number);
        if (isNew)
        {
            Count(scores, batch.Labels);
            RaiseAlert(batch.Number);
            await Store();
        }

        await PassAlertOn();
        return isNew;
    }

    public async Task<StationStatus> GetStatus()
    {
        await PassAlertOn();
        ScoreHistogram recent = RecentScores();
        return new()
        {
            BatchCount = State.BatchCount,
            RowCount = State.RowCount,
            AnomalousCount = State.AnomalousCount,
            RecentRowCount = recent.Count,
            RecentAnomalousCount = recent.AnomalousCount,
            Drift = Drift(recent),
            Alert = State.Alert,
            NextBatchNumber = State.BatchNumbers is [.., var highest] ? highest + 1 : 0,
            MissingBatchCount = BatchNumbers.CountMissing(State.BatchNumbers),
        };
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
        (State.Alert, State.IsAlertPending) = (null, false);
        return Store();
    }

    private void Count(float[] scores, IReadOnlyList<bool?>? labels)
    {
        State.BatchCount++;
        State.RowCount += scores.Length;
        State.AnomalousCount += scores.Count(score => score >= ScoreNormalizer.DecisionScore);
        long recentRows = State.Recent.Scores.Count;
        for (int i = 0; i < scores.Length; i++)
        {
            if (recentRows == State.WindowRows)
                (State.Before, State.Recent, recentRows) = (State.Recent, new(), 0);
            State.Recent.Scores.Add(scores[i]);
            recentRows++;
            if (labels?[i] is { } isAnomalous)
                (isAnomalous ? State.Recent.Anomalous : State.Recent.Normal).Add(scores[i]);
        }
    }

    private void RaiseAlert(long batchNumber)
    {
        if (State.Alert is null && Drift(RecentScores()) is { } drift && drift.RowCount >= State.WindowRows
            && (drift.PopulationStabilityIndex > State.PopulationStabilityIndexLimit
                || drift.KolmogorovSmirnovDistance > State.KolmogorovSmirnovLimit))
        {
            (State.Alert, State.IsAlertPending) = (new(this.GetPrimaryKeyString(), batchNumber, drift), true);
        }
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
        }
        catch (Exception e)
        {
            // The batch is stored, and its sender can't help it. The next call tries again.
            LogAlertNotPassedOn(e, this.GetPrimaryKeyString());
            return;
        }

        State.IsAlertPending = false;
        await Store();
    }

    [LoggerMessage(LogLevel.Error, "The alert of station '{Station}' could not be passed on.")]
    private partial void LogAlertNotPassedOn(Exception e, string station);

    private ScoreHistogram RecentScores()
    {
        var scores = new ScoreHistogram();
        scores.Add(State.Before.Scores);
        scores.Add(State.Recent.Scores);
        return scores;
    }

    private ScoreDrift? Drift(ScoreHistogram recent)
        => State.Reference is { } reference && recent.Count > 0 ? ScoreDrift.Between(recent, reference) : null;

    private async Task Store()
    {
        try
        {
            await storage.WriteStateAsync();
        }
        catch
        {
            // What is in memory was not acknowledged. The next call finds what is stored.
            DeactivateOnIdle();
            throw;
        }
    }
}
