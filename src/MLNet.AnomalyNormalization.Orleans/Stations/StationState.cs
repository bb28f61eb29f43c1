namespace MLNet.AnomalyNormalization.Orleans.Stations;

/// <summary>
/// What a station keeps in the grain storage, and how it counts: plain values alone, for whatever serializer the storage has.
/// </summary>
[GenerateSerializer, Alias("MLNet.AnomalyNormalization.StationState")]
internal sealed class StationState
{
    [Id(0)]
    public long BatchCount { get; set; }

    [Id(1)]
    public long RowCount { get; set; }

    [Id(2)]
    public long AnomalousCount { get; set; }

    /// <summary>The numbers of the batches; see <see cref="Stations.BatchNumbers"/>.</summary>
    [Id(3)]
    public List<long> BatchNumbers { get; set; } = [];

    /// <summary>The reference's histogram; null without a reference.</summary>
    [Id(4)]
    public ScoreHistogram? Reference { get; set; }

    [Id(5)]
    public double PopulationStabilityIndexLimit { get; set; }

    [Id(6)]
    public double KolmogorovSmirnovLimit { get; set; }

    [Id(7)]
    public int WindowRows { get; set; } = 1000;

    [Id(8)]
    public bool CountNaNAsAnomalous { get; set; }

    [Id(9)]
    public StationWindow Recent { get; set; } = new();

    /// <summary>The rows before <see cref="Recent"/>, exactly <see cref="WindowRows"/> of them, or none yet.</summary>
    [Id(10)]
    public StationWindow Before { get; set; } = new();

    [Id(11)]
    public StationAlert? Alert { get; set; }

    /// <summary>Whether the alert still has to be passed on.</summary>
    [Id(12)]
    public bool IsAlertPending { get; set; }

    /// <summary>Sets what the scores are compared with, and begins the recent rows anew.</summary>
    public void Refer(StationReference reference)
    {
        Reference = reference.Scores;
        PopulationStabilityIndexLimit = reference.PopulationStabilityIndexLimit;
        KolmogorovSmirnovLimit = reference.KolmogorovSmirnovLimit;
        WindowRows = reference.WindowRows;
        CountNaNAsAnomalous = reference.CountNaNAsAnomalous;
        (Recent, Before) = (new(), new());
        (Alert, IsAlertPending) = (null, false);
    }

    /// <summary>Counts a batch of scores, with a label for each where there are labels.</summary>
    public void Count(IReadOnlyList<float> scores, IReadOnlyList<bool?>? labels)
    {
        BatchCount++;
        RowCount += scores.Count;
        AnomalousCount += scores.Count(score => score >= ScoreNormalizer.DecisionScore);
        long recentRows = Recent.Scores.Count;
        for (int i = 0; i < scores.Count; i++)
        {
            if (recentRows == WindowRows)
                (Before, Recent, recentRows) = (Recent, new(), 0);
            Recent.Scores.Add(scores[i]);
            recentRows++;
            if (labels?[i] is { } isAnomalous)
                (isAnomalous ? Recent.Anomalous : Recent.Normal).Add(scores[i]);
        }
    }

    /// <summary>The distribution of the recent rows.</summary>
    public ScoreHistogram RecentScores()
    {
        var scores = new ScoreHistogram();
        scores.Add(Before.Scores);
        scores.Add(Recent.Scores);
        return scores;
    }

    /// <summary>The drift of the recent rows; null without a reference or a row.</summary>
    public ScoreDrift? Drift()
        => Reference is { } reference && RecentScores() is { Count: > 0 } recent ? ScoreDrift.Between(recent, reference) : null;

    /// <summary>The drift if it is past a limit, and over a whole window; else null.</summary>
    public ScoreDrift? FindDrift()
        => Drift() is { } drift && drift.RowCount >= WindowRows && drift.Exceeds(PopulationStabilityIndexLimit, KolmogorovSmirnovLimit)
            ? drift
            : null;
}

/// <summary>Some consecutive rows.</summary>
[GenerateSerializer, Alias("MLNet.AnomalyNormalization.StationWindow")]
internal sealed class StationWindow
{
    [Id(0)]
    public ScoreHistogram Scores { get; set; } = new();

    /// <summary>The scores with known labels, the normal ones and the anomalous ones.</summary>
    [Id(1)]
    public List<float> Normal { get; set; } = [];

    [Id(2)]
    public List<float> Anomalous { get; set; } = [];
}
