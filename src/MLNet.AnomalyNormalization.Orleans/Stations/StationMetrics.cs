using System.Diagnostics.Metrics;
using MLNet.AnomalyNormalization.Scale;

namespace MLNet.AnomalyNormalization.Orleans.Stations;

/// <summary>What a board shows of the stations of a silo, on the meter of <see cref="Telemetry.Name"/>. Only what was stored counts.</summary>
internal static class StationMetrics
{
    private const string Station = "anomaly.station";

    private static readonly Meter s_meter = new(Telemetry.Name);

    private static readonly Counter<long> s_batches
        = s_meter.CreateCounter<long>("anomaly.station.batches", "{batch}", "Batches that came, by whether they were new or known.");

    private static readonly Counter<long> s_rows
        = s_meter.CreateCounter<long>("anomaly.station.rows", "{row}", "Rows of new batches, by whether they were normal or anomalous.");

    private static readonly Counter<long> s_alerts
        = s_meter.CreateCounter<long>("anomaly.station.alerts", "{alert}", "Alerts of drift that were raised.");

    private static readonly Histogram<double> s_scores = s_meter.CreateHistogram(
        "anomaly.station.score", "1", "Normalised scores of new batches, 100 is the threshold.", null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = Telemetry.ScoreBuckets });

    // The usual limits are 0.1 and 0.25.
    private static readonly Histogram<double> s_drift = s_meter.CreateHistogram(
        "anomaly.station.drift", "1", "The population stability index of the recent scores after each new batch.", null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.5, 1, 2, 5] });

    /// <summary>A batch that was stored.</summary>
    /// <param name="station">The station's name.</param>
    /// <param name="scores">Its scores, as they were counted.</param>
    /// <param name="state">What the station has seen with it.</param>
    /// <param name="isAlert">Whether it raised an alert.</param>
    public static void Record(string station, ReadOnlySpan<float> scores, StationState state, bool isAlert)
    {
        var name = new KeyValuePair<string, object?>(Station, station);
        int anomalous = 0;
        foreach (float score in scores)
        {
            anomalous += score < (float)ScoreNormalizer.DecisionScore ? 0 : 1;
            s_scores.Record(score, name);
        }

        s_batches.Add(1, name, new("anomaly.outcome", "new"));
        s_rows.Add(scores.Length - anomalous, name, new("anomaly.label", "normal"));
        s_rows.Add(anomalous, name, new("anomaly.label", "anomalous"));
        if (isAlert)
            s_alerts.Add(1, name);
        if (s_drift.Enabled && state.Drift() is { } drift)
            s_drift.Record(drift.PopulationStabilityIndex, name);
    }

    /// <summary>A batch that had come before.</summary>
    public static void CountKnown(string station)
        => s_batches.Add(1, new KeyValuePair<string, object?>(Station, station), new("anomaly.outcome", "known"));
}
