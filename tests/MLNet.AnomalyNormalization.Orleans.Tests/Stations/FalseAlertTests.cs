using MLNet.AnomalyNormalization.Orleans.Stations;

namespace MLNet.AnomalyNormalization.Orleans.Tests.Stations;

/// <summary>Stations whose scores come from the same distribution as their reference, in batches, as a plant sends them.</summary>
[TestClass]
public sealed class FalseAlertTests
{
    private const int BatchSize = 50;

    [TestMethod]
    [DataRow(24, 1000, 2_000, DisplayName = "24 scores")]
    [DataRow(50, 1000, 2_000, DisplayName = "50 scores")]
    [DataRow(100, 1000, 2_000, DisplayName = "100 scores")]
    [DataRow(24, 100, 2_000, DisplayName = "24 scores, small windows")]
    [DataRow(5000, 100, 2_000, DisplayName = "many scores, small windows")]
    public void A_station_that_does_not_drift_raises_no_alert_however_small_its_reference(int referenceRows, int windowRows, int rows)
        => Assert.IsLessThanOrEqualTo(1, CountFalseAlerts(stations: 100, referenceRows, windowRows, rows));

    [TestMethod]
    [TestCategory("Long")]
    [DataRow(24, 1000, 2_000, 5000, DisplayName = "24 scores")]
    [DataRow(50, 1000, 2_000, 5000, DisplayName = "50 scores")]
    [DataRow(100, 1000, 2_000, 5000, DisplayName = "100 scores")]
    [DataRow(24, 1000, 50_000, 400, DisplayName = "24 scores, 50 windows")]
    [DataRow(100, 1000, 50_000, 400, DisplayName = "100 scores, 50 windows")]
    [DataRow(24, 100, 10_000, 2000, DisplayName = "24 scores, 100 small windows")]
    [DataRow(100, 100, 10_000, 2000, DisplayName = "100 scores, 100 small windows")]
    [DataRow(5000, 100, 10_000, 2000, DisplayName = "many scores, 100 small windows")]
    public void At_most_one_station_in_two_hundred_raises_a_false_alert(int referenceRows, int windowRows, int rows, int stations)
        => Assert.IsLessThanOrEqualTo(stations / 200, CountFalseAlerts(stations, referenceRows, windowRows, rows));

    private static int CountFalseAlerts(int stations, int referenceRows, int windowRows, int rows)
    {
        int count = 0;
        Parallel.For(0, stations, number =>
        {
            var random = new Random((number * 10_007) + referenceRows);
            var station = new StationState();
            station.Refer(new StationReference(Scores(referenceRows)) { WindowRows = windowRows });
            for (int batch = 0; batch < rows / BatchSize; batch++)
            {
                station.Count([.. Scores(BatchSize)], labels: null);
                if (station.FindDrift() is null)
                    continue;

                Interlocked.Increment(ref count);
                return;
            }

            IEnumerable<float> Scores(int count) => Enumerable.Range(0, count)
                .Select(_ => 40 + (20 * (random.NextSingle() + random.NextSingle() + random.NextSingle() - 1.5f)));
        });
        Console.WriteLine($"{count} of {stations} stations, {100.0 * count / stations:F2} %");
        return count;
    }
}
