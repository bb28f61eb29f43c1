using System.Numerics.Tensors;

namespace MLNet.AnomalyNormalization.Vision.Training;

/// <summary>
/// Photos that show nearly the same, for instance one part taken twice: they are less than half as far from each other as a photo usually
/// is from its nearest other one (the median), so that at most half of the photos can have such a twin; or they are the same.
/// </summary>
internal static class NearDuplicates
{
    /// <summary>Joins photos that are near-duplicates, or agree in a given group, directly or through others.</summary>
    /// <param name="summaries">A description of each photo; distance tells how much two differ.</param>
    /// <param name="given">The group of each photo that is known beforehand; null if each stands for itself.</param>
    /// <returns>For each photo the first one of its group, and the near-duplicates among them, of two photos or more each.</returns>
    public static (int[] GroupOf, IReadOnlyList<IReadOnlyList<int>> Duplicates) Find(
        IReadOnlyList<float[]> summaries, IReadOnlyList<long>? given)
    {
        int count = summaries.Count;
        var distances = new float[count][];
        Parallel.For(0, count, i => distances[i] =
            [.. Enumerable.Range(0, i).Select(j => TensorPrimitives.Distance(summaries[i], summaries[j]))]);
        float[] nearest = [.. Enumerable.Range(0, count)
            .Select(i => Enumerable.Range(0, count).Where(j => j != i).Min(j => distances[Math.Max(i, j)][Math.Min(i, j)]))
            .Order()];
        float near = nearest[count / 2] / 2;

        int[] duplicateOf = [.. Enumerable.Range(0, count)];
        for (int i = 0; i < count; i++)
        {
            for (int j = 0; j < i; j++)
            {
                if (distances[i][j] < near || distances[i][j] == 0)
                    Join(duplicateOf, i, j);
            }
        }

        int[][] duplicates = [.. Enumerable.Range(0, count).GroupBy(photo => duplicateOf[photo]).Where(group => group.Count() > 1)
            .Select(group => group.ToArray())];
        var firsts = new Dictionary<long, int>();
        int[] groupOf = [.. duplicateOf];
        for (int i = 0; i < given?.Count; i++)
        {
            if (!firsts.TryAdd(given[i], i))
                Join(groupOf, i, firsts[given[i]]);
        }

        return (groupOf, duplicates);
    }

    private static void Join(int[] groupOf, int left, int right)
    {
        (int first, int second) = (Math.Min(groupOf[left], groupOf[right]), Math.Max(groupOf[left], groupOf[right]));
        for (int i = 0; i < groupOf.Length; i++)
            groupOf[i] = groupOf[i] == second ? first : groupOf[i];
    }
}
