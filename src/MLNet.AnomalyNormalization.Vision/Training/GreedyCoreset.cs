using System.Numerics.Tensors;

namespace MLNet.AnomalyNormalization.Vision.Training;

/// <summary>
/// Few points that lie close to all: each next one is the point that is farthest from those chosen so far (greedy k-centre; Gonzalez,
/// "Clustering to minimize the maximum intercluster distance", 1985). The covering radius is at most twice the best possible one.
/// </summary>
internal static class GreedyCoreset
{
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
    /// ones the first is taken.
    /// </returns>
    public static int[] Choose(
        RowStore points, ReadOnlySpan<int> rows, int count, Action? chosen = null, CancellationToken cancellation = default)
    {
        var distances = new float[rows.Length];
        distances.AsSpan().Fill(float.PositiveInfinity);
        var nearest = new int[rows.Length];
        var fromNewest = new float[count];
        var choices = new List<int>(count);
        for (int farthest = 0; choices.Count < count && farthest < rows.Length && distances[farthest] > 0;)
        {
            cancellation.ThrowIfCancellationRequested();
            ReadOnlySpan<float> newest = points[rows[farthest]];
            int number = choices.Count;
            for (int i = 0; i < number; i++)
                fromNewest[i] = TensorPrimitives.Distance(newest, points[choices[i]]);
            choices.Add(rows[farthest]);
            chosen?.Invoke();

            for (int i = 0; i < rows.Length; i++)
            {
                if (number > 0 && fromNewest[nearest[i]] * TooFar >= distances[i])
                    continue;

                float distance = TensorPrimitives.Distance(points[rows[i]], newest);
                if (distance < distances[i])
                    (distances[i], nearest[i]) = (distance, number);
            }

            farthest = TensorPrimitives.IndexOfMax<float>(distances);
        }

        return [.. choices];
    }
}
