using System.Numerics.Tensors;

namespace MLNet.AnomalyNormalization.Evaluation.Curves;

/// <summary>Counts on several threads. Each has counters of its own, and whole numbers add up to the same in every order.</summary>
internal static class ParallelTally
{
    /// <summary>The sum of what <paramref name="count"/> adds to the counters for every item.</summary>
    /// <exception cref="OperationCanceledException">It was stopped, after some items.</exception>
    public static long[] Sum<T>(IReadOnlyList<T> items, int counters, int threads, Action<T, long[]> count,
        CancellationToken cancellationToken)
    {
        int workers = Math.Clamp(threads, 1, Math.Max(1, items.Count)), next = -1;
        var counts = new long[workers][];
        Parallel.For(0, workers, new ParallelOptions { MaxDegreeOfParallelism = workers }, worker =>
        {
            counts[worker] = new long[counters];
            for (int i = Interlocked.Increment(ref next); i < items.Count && !cancellationToken.IsCancellationRequested; i = Interlocked.Increment(ref next))
                count(items[i], counts[worker]);
        });

        cancellationToken.ThrowIfCancellationRequested();
        foreach (long[] more in counts.AsSpan(1))
            TensorPrimitives.Add<long>(counts[0], more, counts[0]);
        return counts[0];
    }
}
