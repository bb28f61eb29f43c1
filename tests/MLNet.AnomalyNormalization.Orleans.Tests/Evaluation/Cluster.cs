using Orleans.TestingHost;

namespace MLNet.AnomalyNormalization.Orleans.Tests.Evaluation;

/// <summary>A cluster of so many silos in this process, with the network between them in memory.</summary>
internal sealed class Cluster : IAsyncDisposable
{
    private readonly InProcessTestCluster _cluster;

    private Cluster(InProcessTestCluster cluster) => _cluster = cluster;

    public IGrainFactory Grains => _cluster.Client;

    public InProcessTestCluster Silos => _cluster;

    public static async Task<Cluster> Start(int silos)
    {
        var builder = new InProcessTestClusterBuilder((short)silos);
        InProcessTestCluster cluster = builder.Build();
        await cluster.DeployAsync();
        return new(cluster);
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.StopAllSilosAsync();
        await _cluster.DisposeAsync();
    }
}
