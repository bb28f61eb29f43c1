using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace MLNet.AnomalyNormalization.Tests;

/// <summary>What is seen on the meter of all packages from now on, with a tag of the test's own: other tests measure at the same time.</summary>
internal sealed class Measurements : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<(string Instrument, double Value, string? Tag)> _seen = [];

    public Measurements(string key, string value)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == "MLNet.AnomalyNormalization")
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, measured, tags, _) => Keep(instrument, measured, tags.ToArray()));
        _listener.SetMeasurementEventCallback<double>((instrument, measured, tags, _) => Keep(instrument, measured, tags.ToArray()));
        _listener.Start();

        void Keep(Instrument instrument, double measured, KeyValuePair<string, object?>[] tags)
        {
            if (tags.Contains(new(key, value)))
                _seen.Enqueue((instrument.Name, measured, (string?)tags.FirstOrDefault(tag => tag.Key != key).Value));
        }
    }

    /// <summary>What was measured so far, in its order, each with its other tag.</summary>
    public (string Instrument, double Value, string? Tag)[] Seen => [.. _seen];

    public double Sum(string instrument, string? tag)
        => _seen.Where(measured => measured.Instrument == instrument && measured.Tag == tag).Sum(measured => measured.Value);

    public void Dispose() => _listener.Dispose();
}
