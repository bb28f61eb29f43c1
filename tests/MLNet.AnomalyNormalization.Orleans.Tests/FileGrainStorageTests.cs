using Fleet;
using Microsoft.Extensions.DependencyInjection;
using MLNet.AnomalyNormalization.Orleans.Stations;
using MLNet.AnomalyNormalization.Tests;
using Orleans.Serialization;
using Orleans.Storage;

namespace MLNet.AnomalyNormalization.Orleans.Tests;

/// <summary>The sample's storage, which users copy.</summary>
[TestClass]
public sealed class FileGrainStorageTests
{
    private static readonly GrainId Press = GrainId.Create("station", "press 4");
    private static readonly ServiceProvider Services = new ServiceCollection().AddSerializer().BuildServiceProvider();

    [TestMethod]
    public async Task A_changed_bit_anywhere_is_refused_with_the_names_of_station_and_file()
    {
        using var folder = new TemporaryFolder();
        FileGrainStorage storage = Storage(folder["stations"]);
        await storage.WriteStateAsync("station", Press, new GrainState<StationState>(new() { RowCount = 7, BatchNumbers = [0, 3] }));
        string path = Directory.GetFiles(folder["stations"], "*.state").Single();
        byte[] whole = File.ReadAllBytes(path);

        for (int bit = 0; bit < 8 * whole.Length; bit += whole.Length < 2000 ? 1 : 37)
        {
            byte[] damaged = [.. whole];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            File.WriteAllBytes(path, damaged);
            await AssertIsRefused(storage, Press, path);
        }

        foreach (int length in new[] { 0, 1, whole.Length / 2, whole.Length - 1 })
        {
            File.WriteAllBytes(path, whole[..length]);
            await AssertIsRefused(storage, Press, path);
        }

        File.WriteAllBytes(path, whole);
        var read = new GrainState<StationState>();
        await storage.ReadStateAsync("station", Press, read);
        Assert.AreEqual(7, read.State!.RowCount);
    }

    [TestMethod]
    public async Task The_file_of_another_station_is_refused()
    {
        using var folder = new TemporaryFolder();
        FileGrainStorage storage = Storage(folder["stations"]);
        await storage.WriteStateAsync("station", Press, new GrainState<StationState>(new()));
        string path = Directory.GetFiles(folder["stations"], "*.state").Single();
        GrainId other = GrainId.Create("station", "press 5");
        await storage.WriteStateAsync("station", other, new GrainState<StationState>(new()));
        string otherPath = Directory.GetFiles(folder["stations"], "*.state").Single(file => file != path);

        File.Copy(path, otherPath, overwrite: true);

        await AssertIsRefused(storage, other, otherPath);
    }

    [TestMethod]
    public async Task Two_writers_lose_nothing_that_was_acknowledged()
    {
        const int Writes = 200;
        using var folder = new TemporaryFolder();

        await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            FileGrainStorage storage = Storage(folder["stations"]);
            var state = new GrainState<StationState>();
            for (int acknowledged = 0; acknowledged < Writes;)
            {
                await storage.ReadStateAsync("station", Press, state);
                state.State ??= new();
                state.State.RowCount++;
                try
                {
                    await storage.WriteStateAsync("station", Press, state);
                    acknowledged++;
                }
                catch (InconsistentStateException)
                {
                    // Not acknowledged: it is read and written again.
                }
            }
        })));

        var final = new GrainState<StationState>();
        await Storage(folder["stations"]).ReadStateAsync("station", Press, final);
        Assert.AreEqual(2 * Writes, final.State!.RowCount);
    }

    [TestMethod]
    public async Task A_damaged_station_says_so_to_its_caller()
    {
        using var folder = new TemporaryFolder();
        await using (Cluster cluster = await Cluster.Start(silos: 1, folder["stations"]))
            await cluster.Grains.GetGrain<IStationGrain>("press 4").Add(new(0, [10]));
        string path = Directory.GetFiles(folder["stations"], "*.state").Single();
        byte[] bytes = File.ReadAllBytes(path);
        bytes[^40]++;
        File.WriteAllBytes(path, bytes);

        await using (Cluster cluster = await Cluster.Start(silos: 1, folder["stations"]))
        {
            Exception told = await Assert.ThrowsAsync<Exception>(() => cluster.Grains.GetGrain<IStationGrain>("press 4").GetStatus());

            Console.WriteLine(told);
            Assert.IsNotInstanceOfType<TimeoutException>(told);
            StringAssert.Contains(told.Message, path, StringComparison.Ordinal);
            StringAssert.Contains(told.Message, "press 4", StringComparison.Ordinal);
            Assert.AreEqual(0, (await cluster.Grains.GetGrain<IStationGrain>("press 5").GetStatus()).RowCount);
        }
    }

    private static FileGrainStorage Storage(string folder)
        => new(folder, new OrleansGrainStorageSerializer(Services.GetRequiredService<Serializer>()));

    private static async Task AssertIsRefused(FileGrainStorage storage, GrainId station, string path)
    {
        InvalidDataException refused = await Assert.ThrowsExactlyAsync<InvalidDataException>(
            () => storage.ReadStateAsync("station", station, new GrainState<StationState>()));
        StringAssert.Contains(refused.Message, path, StringComparison.Ordinal);
        StringAssert.Contains(refused.Message, station.ToString(), StringComparison.Ordinal);
    }
}
