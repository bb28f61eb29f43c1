namespace MLNet.AnomalyNormalization.Orleans;

/// <summary>What a station has seen so far.</summary>
[GenerateSerializer, Immutable, Alias("MLNet.AnomalyNormalization.StationStatus")]
public sealed record StationStatus
{
    /// <summary>The number of batches, each counted once.</summary>
    [Id(0)]
    public long BatchCount { get; init; }

    /// <summary>The number of rows in them.</summary>
    [Id(1)]
    public long RowCount { get; init; }

    /// <summary>How many of these were anomalous: at or above 100.</summary>
    [Id(2)]
    public long AnomalousCount { get; init; }

    /// <summary>The number of recent rows.</summary>
    [Id(3)]
    public long RecentRowCount { get; init; }

    /// <summary>How many of these were anomalous.</summary>
    [Id(4)]
    public long RecentAnomalousCount { get; init; }

    /// <summary>The share of anomalous rows among the recent ones, 0..1; NaN without a row.</summary>
    public double RecentAnomalyRate => RecentRowCount == 0 ? double.NaN : (double)RecentAnomalousCount / RecentRowCount;

    /// <summary>The share of anomalous rows among all, 0..1; NaN without a row.</summary>
    public double AnomalyRate => RowCount == 0 ? double.NaN : (double)AnomalousCount / RowCount;

    /// <summary>The drift of the recent scores; null without a reference or a row.</summary>
    [Id(5)]
    public ScoreDrift? Drift { get; init; }

    /// <summary>The alert that was raised and not yet cleared.</summary>
    [Id(6)]
    public StationAlert? Alert { get; init; }

    /// <summary>One more than the highest number of a batch.</summary>
    [Id(7)]
    public long NextBatchNumber { get; init; }

    /// <summary>How many batches are missing below <see cref="NextBatchNumber"/>: late or lost.</summary>
    [Id(8)]
    public long MissingBatchCount { get; init; }
}
