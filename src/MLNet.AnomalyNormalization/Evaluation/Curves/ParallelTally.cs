namespace MLNet.AnomalyNormalization.Evaluation.Curves;

/// <summary>Counts on several threads. Each has counters of its own, and whole numbers add up to the same in every order.</summary>
internal static class ParallelTally
{
    /// <summary>The sum of what <paramref name="count"/> adds to the counters for every item.</summary>
    public static long[] Sum<T>(IReadOnlyList<T> items, int counters, int threads, Action<T, long[]> count)
    {
        var total = new long[counters];
        int workers = Math.Min(threads, items.Count);
        if (workers <= 1)
        {
            foreach (T item in items)
                count(item, total);
            return total;
        }

        int next = -1;
        Parallel.For(0, workers, new ParallelOptions { MaxDegreeOfParallelism = workers }, _ =>
        {
            var own = new long[counters];
            for (int i = Interlocked.Increment(ref next); i < items.Count; i = Interlocked.Increment(ref next))
                count(items[i], own);

            lock (total)
            {
                for (int i = 0; i < own.Length; i++)
                    total[i] += own[i];
            }
        });
        return total;
    }
}
