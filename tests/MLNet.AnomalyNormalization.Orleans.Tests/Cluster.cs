using Fleet;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Serialization;
using Orleans.Storage;
using Orleans.TestingHost;

namespace MLNet.AnomalyNormalization.Orleans.Tests;

/// <summary>A cluster of so many silos in this process, with the network between them in memory.</summary>
internal sealed class Cluster : IAsyncDisposable
{
    private static readonly AsyncLocal<SiloAddress?> s_currentSilo = new();

    private readonly Freezer _freezer;

    private Cluster(InProcessTestCluster silos, Freezer freezer) => (Silos, _freezer) = (silos, freezer);

    /// <summary>The silo whose grain is being called here.</summary>
    public static SiloAddress? CurrentSilo => s_currentSilo.Value;

    public InProcessTestCluster Silos { get; }

    public IGrainFactory Grains => Silos.Client;

    /// <summary>Starts a cluster.</summary>
    /// <param name="silos">The number of silos.</param>
    /// <param name="storage">Where stations are stored; null for memory, which goes with the cluster.</param>
    /// <param name="alerts">What alerts are passed on to, if anything.</param>
    /// <param name="isImpatient">Whether calls to a silo that was killed are given up soon, rather than after half a minute.</param>
    public static async Task<Cluster> Start(
        int silos, string? storage = null, IStationAlertHandler? alerts = null, bool isImpatient = false)
    {
        var builder = new InProcessTestClusterBuilder((short)silos);
        var freezer = new Freezer();
        if (isImpatient)
            builder.ConfigureClient(client => client.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = TimeSpan.FromSeconds(8)));
        builder.ConfigureSilo((_, silo) =>
        {
            // A silo that was killed is to be noticed soon.
            silo.Configure<ClusterMembershipOptions>(options =>
            {
                options.ProbeTimeout = TimeSpan.FromSeconds(1);
                options.NumMissedProbesLimit = 1;
            });
            silo.Services.AddSingleton(freezer);
            silo.AddIncomingGrainCallFilter<SiloNote>();
            if (storage is null)
            {
                silo.AddMemoryGrainStorage(AnomalyFleet.StationStorage);
            }
            else
            {
                silo.Services.AddKeyedSingleton<IGrainStorage>(AnomalyFleet.StationStorage, (services, _) => new FileGrainStorage(
                    storage, new OrleansGrainStorageSerializer(services.GetRequiredService<Serializer>())));
            }

            if (alerts is not null)
                silo.Services.AddSingleton(alerts);
        });
        InProcessTestCluster cluster = builder.Build();
        await cluster.DeployAsync();
        return new(cluster, freezer);
    }

    /// <summary>Ends all silos at once, without a chance to write anything.</summary>
    public async Task Crash()
    {
        foreach (InProcessSiloHandle silo in Silos.Silos.ToArray())
            await Silos.KillSiloAsync(silo);
    }

    /// <summary>From now on no grain answers, on silos that are alive all the same.</summary>
    public void Freeze() => _freezer.IsFrozen = true;

    public async ValueTask DisposeAsync()
    {
        _freezer.Thaw();
        await Silos.StopAllSilosAsync();
        await Silos.DisposeAsync();
    }

    private sealed class SiloNote(ILocalSiloDetails silo, Freezer freezer) : IIncomingGrainCallFilter
    {
        public async Task Invoke(IIncomingGrainCallContext context)
        {
            s_currentSilo.Value = silo.SiloAddress;
            await freezer.Wait();
            await context.Invoke();
        }
    }

    private sealed class Freezer
    {
        private readonly TaskCompletionSource _thawed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsFrozen { get; set; }

        public Task Wait() => IsFrozen ? _thawed.Task : Task.CompletedTask;

        public void Thaw()
        {
            IsFrozen = false;
            _thawed.TrySetResult();
        }
    }
}
