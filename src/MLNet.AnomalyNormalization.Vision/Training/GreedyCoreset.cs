using System.Numerics.Tensors;

namespace MLNet.AnomalyNormalization.Vision.Training;

/// <summary>
/// Few points that lie close to all: each next one is the point that is farthest from those chosen so far (greedy k-centre; Gonzalez,
/// "Clustering to minimize the maximum intercluster distance", 1985). The covering radius is at most twice the best possible one.
/// </summary>
internal static class GreedyCoreset
{
    private const int ChunkLength = 4096;

    // By the triangle inequality a centre at twice a point's distance from that point's own centre is no nearer; the rest is for rounding.
    private const float TooFar = 0.4999f;

    /// <summary>Chooses among some rows of a table.</summary>
    /// <param name="points">The table.</param>
    /// <param name="rows">The rows to choose from; the first one is chosen first.</param>
    /// <param name="count">How many to choose.</param>
    /// <param name="chosen">Told of every choice; may be null.</param>
    /// <param name="cancellation">Asked before every choice.</param>
    /// <returns>
    /// The rows, in the order of their choice; fewer than <paramref name="count"/> where no other row differs from them. Of equally far
    /// ones the first is taken, so that the number of threads changes nothing.
    /// </returns>
    public static int[] Choose(
        RowStore points, ReadOnlyMemory<int> rows, int count, Action? chosen = null, CancellationToken cancellation = default)
    {
        var distances = new float[rows.Length];
        distances.AsSpan().Fill(float.PositiveInfinity);
        var nearest = new int[rows.Length];
        var fromNewest = new float[count];
        var choices = new List<int>(count);
        int chunks = (rows.Length + ChunkLength - 1) / ChunkLength;
        var farthestOfChunk = new int[chunks];

        for (int farthest = 0; choices.Count < count && farthest < rows.Length && distances[farthest] > 0;)
        {
            cancellation.ThrowIfCancellationRequested();
            int newest = rows.Span[farthest];
            for (int i = 0; i < choices.Count; i++)
                fromNewest[i] = TensorPrimitives.Distance(points[newest], points[choices[i]]);
            choices.Add(newest);
            chosen?.Invoke();

            Parallel.For(0, chunks, chunk => farthestOfChunk[chunk] = Update(chunk, newest));
            farthest = farthestOfChunk.Aggregate((best, other) => distances[other] > distances[best] ? other : best);
        }

        return [.. choices];

        int Update(int chunk, int newest)
        {
            ReadOnlySpan<int> all = rows.Span;
            int start = chunk * ChunkLength;
            int end = Math.Min(start + ChunkLength, all.Length);
            int number = choices.Count - 1;
            int best = start;
            for (int i = start; i < end; i++)
            {
                if (number == 0 || fromNewest[nearest[i]] * TooFar < distances[i])
                {
                    float distance = TensorPrimitives.Distance(points[all[i]], points[newest]);
                    if (distance < distances[i])
                        (distances[i], nearest[i]) = (distance, number);
                }

                if (distances[i] > distances[best])
                    best = i;
            }

            return best;
        }
    }
}
