using System.Globalization;
using MLNet.AnomalyNormalization.Orleans;

namespace Fleet;

/// <summary>Two stations of a plant: one goes on as it was when the threshold was learned, the lamp of the other grows dim.</summary>
internal static class Stations
{
    private const int BatchSize = 100;
    private const int Batches = 30;

    public static async Task Watch(IGrainFactory grains)
    {
        var random = new Random(1);
        var reference = new StationReference(Enumerable.Range(0, 5000).Select(_ => Score(0)));
        Console.WriteLine();
        foreach ((string name, float shift) in new[] { ("steady", 0f), ("lamp grows dim", 1f) })
        {
            IStationGrain station = grains.GetGrain<IStationGrain>(name);
            await station.SetReference(reference);

            // Numbers go on where an earlier run ended, as they do after a station was started again.
            long first = (await station.GetStatus()).NextBatchNumber;
            for (int batch = 0; batch < Batches; batch++)
                await station.Add(new(first + batch, [.. Enumerable.Range(0, BatchSize).Select(_ => Score(shift * batch))]));

            StationStatus status = await station.GetStatus();
            string alert = status.Alert is { } raised ? $"alert with batch {raised.BatchNumber - first + 1} of {Batches}" : "no alert";
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"Station '{name}': {status.RecentAnomalyRate:P1} anomalous, stability index {status.Drift!.PopulationStabilityIndex:F3}, " +
                $"KS distance {status.Drift.KolmogorovSmirnovDistance:F3} over {status.Drift.RowCount} rows: {alert}"));
        }

        float Score(float shift) => Math.Clamp(40 + shift + (20 * (random.NextSingle() + random.NextSingle() + random.NextSingle() - 1.5f)), 0, 1000);
    }
}
