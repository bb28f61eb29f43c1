using System.Diagnostics;
using System.Globalization;
using MLNet.AnomalyNormalization.Orleans;

namespace Fleet;

/// <summary>Two stations of a plant: one goes on as it was when the threshold was learned, the lamp of the other grows dim.</summary>
internal static class Stations
{
    private const int BatchSize = 100;
    private const int Batches = 30;

    // A silo that was lost is noticed within seconds here.
    private static readonly TimeSpan s_longestSilence = TimeSpan.FromMinutes(1);

    public static async Task Watch(IGrainFactory grains, CancellationToken end)
    {
        var random = new Random(1);
        var reference = new StationReference(Enumerable.Range(0, 5000).Select(_ => Score(0)));
        Console.WriteLine();
        foreach ((string name, float shift) in new[] { ("steady", 0f), ("lamp grows dim", 1f) })
        {
            IStationGrain station = grains.GetGrain<IStationGrain>(name);
            await Insist(() => station.SetReference(reference), end);

            // Numbers go on where an earlier run ended, as they do after a station was started again.
            long first = (await Insist(station.GetStatus, end)).NextBatchNumber;
            for (int i = 0; i < Batches; i++)
            {
                var batch = new StationBatch(first + i, [.. Enumerable.Range(0, BatchSize).Select(_ => Score(shift * i))]);
                await Insist(() => station.Add(batch), end);
            }

            StationStatus status = await Insist(station.GetStatus, end);
            string alert = status.Alert is { } raised ? $"alert with batch {raised.BatchNumber - first + 1} of {Batches}" : "no alert";
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"Station '{name}': {status.RowCount} rows, {status.RecentAnomalyRate:P1} of the recent ones anomalous, " +
                $"stability index {status.Drift!.PopulationStabilityIndex:F3}, " +
                $"KS distance {status.Drift.KolmogorovSmirnovDistance:F3} over {status.Drift.RowCount} rows: {alert}"));
        }

        float Score(float shift)
            => Math.Clamp(40 + shift + (20 * (random.NextSingle() + random.NextSingle() + random.NextSingle() - 1.5f)), 0, 1000);
    }

    private static Task<bool> Insist(Func<Task> call, CancellationToken end) => Insist(
        async () =>
        {
            await call();
            return true;
        },
        end);

    /// <summary>Calls again after a failure of the cluster: a batch that was stored but not acknowledged counts once.</summary>
    /// <exception cref="InvalidDataException">What is stored of a station is damaged.</exception>
    /// <exception cref="TimeoutException">The cluster went on failing; the message says by what.</exception>
    private static async Task<T> Insist<T>(Func<Task<T>> call, CancellationToken end)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return await call().WaitAsync(s_longestSilence, end);
            }
            catch (OrleansException e) when (e.InnerException is InvalidDataException damaged)
            {
                // The storage will have no other word.
                throw new InvalidDataException(damaged.Message, e);
            }
            catch (Exception e) when (e is OrleansException or TimeoutException)
            {
                if (Stopwatch.GetElapsedTime(start) >= s_longestSilence)
                    throw new TimeoutException($"A station has not answered for {s_longestSilence.TotalSeconds} s. {e.Message}", e);
                await Task.Delay(TimeSpan.FromSeconds(1), end);
            }
        }
    }
}
