namespace MLNet.AnomalyNormalization.Orleans.Stations;

/// <summary>
/// The numbers of the batches that were counted, as ascending ranges: first, last, first, last. Numbers that are consecutive, in whatever
/// order they come, need one range, however many they are.
/// </summary>
internal static class BatchNumbers
{
    // What a station's state may spend on batches that never came: 64 KB.
    private const int MostRanges = 4096;

    /// <summary>Adds a number.</summary>
    /// <returns>Whether it is new.</returns>
    /// <exception cref="InvalidOperationException">There would be more ranges than can be kept.</exception>
    public static bool Add(List<long> ranges, long number)
    {
        int next = RangeAfter(ranges, number);
        if (next > 0 && number <= ranges[next - 1])
            return false;

        bool joinsBefore = next > 0 && ranges[next - 1] == number - 1;
        bool joinsAfter = next < ranges.Count && ranges[next] == number + 1;
        switch (joinsBefore, joinsAfter)
        {
            case (true, true):
                ranges.RemoveRange(next - 1, 2);
                break;
            case (true, false):
                ranges[next - 1] = number;
                break;
            case (false, true):
                ranges[next] = number;
                break;
            default:
                if (ranges.Count == 2 * MostRanges)
                {
                    throw new InvalidOperationException(
                        $"Batch {number} would be apart from all others, and {MostRanges} such gaps are kept. Number the batches consecutively.");
                }

                ranges.InsertRange(next, [number, number]);
                break;
        }

        return true;
    }

    /// <summary>How many numbers below the highest were not added.</summary>
    public static long CountMissing(List<long> ranges)
    {
        long missing = 0;
        for (int i = 0; i < ranges.Count; i += 2)
            missing += ranges[i] - (i == 0 ? 0 : ranges[i - 1] + 1);
        return missing;
    }

    /// <summary>Where the first range begins whose first number is above the given one.</summary>
    private static int RangeAfter(List<long> ranges, long number)
    {
        (int low, int high) = (0, ranges.Count / 2);
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (ranges[2 * middle] <= number)
                low = middle + 1;
            else
                high = middle;
        }

        return 2 * low;
    }
}
