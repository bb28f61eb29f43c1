using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using MLNet.AnomalyNormalization.Orleans;
using Orleans.Configuration;
using Orleans.Serialization;
using Orleans.Storage;

namespace Fleet;

/// <summary>
/// A cluster on the loopback: a silo in this process, which also keeps the list of members, and more of them in processes of their own.
/// </summary>
internal sealed class LocalCluster : IAsyncDisposable
{
    // Starting a process takes a second; on a machine that is busy with others, some more.
    private static readonly TimeSpan s_longestStart = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan s_longestStop = TimeSpan.FromSeconds(10);

    private readonly IHost _first;
    private readonly List<Process> _others = [];

    private LocalCluster(IHost first) => _first = first;

    public IClusterClient Client => _first.Services.GetRequiredService<IClusterClient>();

    /// <summary>Starts so many silos.</summary>
    /// <param name="silos">Their number, this process included.</param>
    /// <param name="storage">Where the grains of the first silo are stored, and those of the others.</param>
    /// <param name="end">Ends it half-way.</param>
    /// <exception cref="TimeoutException">A silo was not ready in time.</exception>
    public static async Task<LocalCluster> Start(int silos, string storage, CancellationToken end)
    {
        int port = FreePort();
        var cluster = new LocalCluster(Host(port, port, storage));
        try
        {
            await cluster._first.StartAsync(end).WaitAsync(s_longestStart, end);
            for (int i = 1; i < silos; i++)
                await cluster.StartProcess(port, storage, end);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Is a silo of somebody else's cluster until whoever started this process ends or says so.</summary>
    public static async Task Join(int firstPort, string storage, CancellationToken end)
    {
        using IHost silo = Host(FreePort(), firstPort, storage);
        await silo.StartAsync(end).WaitAsync(s_longestStart, end);
        Console.WriteLine("ready");

        // Reading from the console keeps its thread and can't be cancelled.
        Task input = Task.Run(Console.In.ReadToEnd, CancellationToken.None);
        await input.WaitAsync(end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Stop(silo);
    }

    /// <summary>Kills one of the other silos, without a warning to anyone.</summary>
    /// <returns>The number of its process.</returns>
    public int KillOne()
    {
        Process victim = _others[0];
        victim.Kill();
        return victim.Id;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Process silo in _others)
        {
            // The end of its input is what it waits for.
            silo.StandardInput.Close();
        }

        foreach (Process silo in _others)
        {
            using (silo)
            {
                if (!silo.WaitForExit(s_longestStop))
                    silo.Kill();
            }
        }

        await Stop(_first);
        _first.Dispose();
    }

    private static async Task Stop(IHost silo)
    {
        // Whoever doesn't say goodbye is missed by the others all the same.
        using var limit = new CancellationTokenSource(s_longestStop);
        await silo.StopAsync(limit.Token).WaitAsync(2 * s_longestStop, CancellationToken.None)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static IHost Host(int port, int firstPort, string storage)
    {
        HostApplicationBuilder builder = Microsoft.Extensions.Hosting.Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(port, FreePort(), primarySiloEndpoint: new IPEndPoint(IPAddress.Loopback, firstPort));

            // On one machine a silo that doesn't answer at once is dead.
            silo.Configure<ClusterMembershipOptions>(options =>
            {
                options.ProbeTimeout = TimeSpan.FromSeconds(1);
                options.NumMissedProbesLimit = 2;
            });
            silo.Services.AddKeyedSingleton<IGrainStorage>(AnomalyFleet.StationStorage, (services, _) => new FileGrainStorage(
                storage, new OrleansGrainStorageSerializer(services.GetRequiredService<Serializer>())));
        });
        return builder.Build();
    }

    private async Task StartProcess(int firstPort, string storage, CancellationToken end)
    {
        Process silo = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["--join", $"{firstPort}", "--output", storage])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        _others.Add(silo);
        if (await silo.StandardOutput.ReadLineAsync(end).AsTask().WaitAsync(s_longestStart, end) != "ready")
            throw new InvalidOperationException("A silo ended before it was ready; its error stands above.");
    }

    private static int FreePort()
    {
        using var socket = new TcpListener(IPAddress.Loopback, 0);
        socket.Start();
        return ((IPEndPoint)socket.LocalEndpoint).Port;
    }
}
