using System.Diagnostics;
using System.Diagnostics.Metrics;
using MLNet.AnomalyNormalization.Onnx;
using MLNet.AnomalyNormalization.Scale;

namespace MLNet.AnomalyNormalization.Hosting;

/// <summary>What a board shows of the inspections of a process: a meter and a source of activities, both of <see cref="Telemetry.Name"/>.</summary>
internal sealed class InspectionMetrics : IDisposable
{
    private const string Inspector = "anomaly.inspector";

    private static readonly double[] s_seconds = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];

    private readonly ActivitySource _activities = new(Telemetry.Name);
    private readonly Meter _meter = new(Telemetry.Name);
    private readonly Counter<long> _inspections;
    private readonly Counter<long> _failures;
    private readonly Counter<long> _notNumbers;
    private readonly Counter<long> _reloads;
    private readonly Histogram<double> _scores;
    private readonly Histogram<double> _durations;

    public InspectionMetrics()
    {
        _inspections = _meter.CreateCounter<long>("anomaly.inspections", "{picture}", "Pictures that were inspected, by decision.");
        _failures = _meter.CreateCounter<long>("anomaly.inspection.failures", "{picture}", "Pictures that could not be inspected.");
        _notNumbers = _meter.CreateCounter<long>("anomaly.inspection.nan", "{picture}", "Pictures whose score is not a number.");
        _reloads = _meter.CreateCounter<long>("anomaly.model.reloads", "{reload}", "Models that were opened anew, by outcome.");
        _scores = _meter.CreateHistogram(
            "anomaly.score", "1", "Normalised scores, 100 is the threshold.", null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = Telemetry.ScoreBuckets });
        _durations = _meter.CreateHistogram(
            "anomaly.inspection.duration", "s", "How long inspections took, by stage.", null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = s_seconds });
    }

    public InspectionMeasurement Begin(string inspector) => new(this, inspector, _activities.StartActivity("anomaly.inspect"));

    public void CountReload(string inspector, bool succeeded)
        => _reloads.Add(1, new(Inspector, inspector), new("anomaly.outcome", succeeded ? "reloaded" : "refused"));

    public void CountFailure(string inspector) => _failures.Add(1, new KeyValuePair<string, object?>(Inspector, inspector));

    public void Record(string inspector, Inspection inspection)
    {
        var name = new KeyValuePair<string, object?>(Inspector, inspector);
        _inspections.Add(1, name, new("anomaly.decision", NameOf(inspection.Decision)));
        if (float.IsNaN(inspection.NormalizedScore))
            _notNumbers.Add(1, name);
        else
            _scores.Record(inspection.NormalizedScore, name);
        _durations.Record(inspection.Timings.Decode.TotalSeconds, name, new("anomaly.stage", "decode"));
        _durations.Record(inspection.Timings.Model.TotalSeconds, name, new("anomaly.stage", "model"));
        _durations.Record(inspection.Timings.Decide.TotalSeconds, name, new("anomaly.stage", "decide"));
    }

    public static string NameOf(Decision decision) => decision.ToString().ToLowerInvariant();

    public void Dispose()
    {
        _activities.Dispose();
        _meter.Dispose();
    }
}
