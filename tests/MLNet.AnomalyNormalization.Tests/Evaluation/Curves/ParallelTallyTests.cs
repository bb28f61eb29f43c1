using MLNet.AnomalyNormalization.Evaluation.Curves;

namespace MLNet.AnomalyNormalization.Tests.Evaluation;

[TestClass]
public sealed class ParallelTallyTests
{
    [TestMethod]
    [DataRow(1, DisplayName = "on one thread")]
    [DataRow(4, DisplayName = "on several")]
    public void Counting_stops_within_an_item(int threads)
    {
        using var stop = new CancellationTokenSource();
        int counted = 0;
        Assert.ThrowsExactly<OperationCanceledException>(() => ParallelTally.Sum([.. Enumerable.Range(0, 1_000)], 1, threads, (_, _) =>
        {
            if (Interlocked.Increment(ref counted) == 10)
                stop.Cancel();
        }, stop.Token));
        Assert.IsLessThan(10 + threads, counted);
    }

    [TestMethod]
    public void Every_item_is_counted_once_by_so_many_threads()
        => CollectionAssert.AreEqual((long[])[499_500, 1_000],
            ParallelTally.Sum([.. Enumerable.Range(0, 1_000)], 2, 3, (item, counters) => (counters[0], counters[1]) = (counters[0] + item, counters[1] + 1),
                CancellationToken.None));
}
