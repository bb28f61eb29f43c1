namespace MLNet.AnomalyNormalization.Orleans;

/// <summary>Calls that outlast the time in which a cluster notices that it has lost a silo.</summary>
internal static class PatientCall
{
    // With the defaults of Orleans a silo is declared dead within half a minute or so; until then calls to it fail, or are not answered.
    private const int MostFailures = 60;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Repeats a call for as long as the cluster, not what was called, fails it.</summary>
    /// <exception cref="OrleansException">The cluster failed it too often.</exception>
    public static async Task<T> Make<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        for (int failures = 1; ; failures++)
        {
            try
            {
                return await call().WaitAsync(cancellationToken);
            }
            catch (Exception e) when (e is OrleansException or TimeoutException && failures < MostFailures)
            {
                await Task.Delay(Pause, cancellationToken);
            }
        }
    }
}
