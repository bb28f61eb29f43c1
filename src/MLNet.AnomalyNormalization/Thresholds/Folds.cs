namespace MLNet.AnomalyNormalization.Thresholds;

/// <summary>Divides rows into folds, so that each can be scored by a model that was trained on the others.</summary>
internal static class Folds
{
    /// <summary>
    /// Deals groups out to folds in an order that the seed decides, large ones first, each to the fold with the fewest rows so far. Rows of
    /// one group share a fold; with a group of its own for each row, the sizes of the folds differ by one row at most.
    /// </summary>
    /// <param name="groups">The group of each row.</param>
    /// <param name="folds">The number of folds, at least 2.</param>
    /// <param name="seed">Decides the order; the same one gives the same folds.</param>
    /// <returns>The fold of each row, from 0; no fold is empty.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="folds"/> is less than 2.</exception>
    /// <exception cref="InvalidOperationException">There are fewer groups than folds.</exception>
    public static int[] Assign<T>(IReadOnlyCollection<T> groups, int folds, int seed)
        where T : notnull
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(folds, 2);
        (T Key, int Rows)[] order = [.. groups.GroupBy(group => group).Select(group => (group.Key, group.Count()))];
        if (order.Length < folds)
        {
            throw new InvalidOperationException(
                $"{folds} folds need at least {folds} rows, or groups of rows, but there are {order.Length}. Use fewer folds.");
        }

        new Random(seed).Shuffle(order);
        var foldOf = new Dictionary<T, int>(order.Length);
        int[] rows = new int[folds];
        foreach ((T key, int count) in order.OrderByDescending(group => group.Rows))
        {
            int fold = rows.AsSpan().IndexOf(rows.Min());
            foldOf.Add(key, fold);
            rows[fold] += count;
        }

        return [.. groups.Select(group => foldOf[group])];
    }
}
