using MLNet.AnomalyNormalization.Orleans;
using VisualInspection;

namespace Fleet;

/// <summary>Shows how far the cluster is, and kills a silo after a quarter if that was asked for.</summary>
internal sealed class FleetProgressLine(int silos, bool killOne, LocalCluster cluster, int shardCount)
    : IProgress<FleetProgress>, IDisposable
{
    private readonly ProgressLine _line = new($"Evaluating shards on {silos} silos", shardCount);
    private bool _isKilled = !killOne;

    public void Report(FleetProgress value)
    {
        _line.Show(value.ShardsDone);
        if (_isKilled || value.ShardsDone < shardCount / 4)
            return;

        _isKilled = true;
        Console.WriteLine();
        Console.WriteLine($"Killed the silo of process {cluster.KillOne()} while it worked; its shards are done again elsewhere.");
    }

    public void Dispose() => _line.Dispose();
}
