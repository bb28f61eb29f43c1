using MLNet.AnomalyNormalization.Evaluation.Curves;
using MLNet.AnomalyNormalization.Scale;

namespace MLNet.AnomalyNormalization.Regions;

/// <summary>Finds the highest threshold at which a map has a region that counts.</summary>
/// <param name="options">Which pixels and regions count.</param>
internal sealed class RegionScore(AnomalyRegionOptions options)
{
    private readonly RegionRuns _runs = new();

    /// <inheritdoc cref="AnomalyRegions.Score(ReadOnlySpan{float}, int, int, AnomalyRegionOptions?)"/>
    public float Of(ReadOnlySpan<float> map, int height, int width)
    {
        byte[] valid = AnomalyRegions.ValidArea(map.Length, height, width, options);
        ulong[] keys = new ulong[map.Length];
        byte[] ofNaN = new byte[map.Length];
        int count = 0, nans = 0;
        for (int i = 0; i < map.Length; i++)
        {
            if (valid[i] == 0)
                continue;
            if (float.IsNaN(map[i]))
                ofNaN[i] = (byte)Math.Min(1, ++nans);
            else
                keys[count++] = ScoreKey.Of(map[i] + 0f);
        }

        if (nans >= options.MinimumArea && HasRegion(ofNaN, map, width))
            return float.NaN;

        // A region at a threshold is part of one at every lower threshold. From the top, where masks are sparse, in ever longer steps.
        ulong[] ascending = RadixSort.Sort(keys[..count]);
        int first = Math.Max(0, options.MinimumArea - nans - 1), found = first;
        while (found < count && !HasRegion(AnomalyRegions.MaskOf(map, valid, Level(found)), map, width))
        {
            first = found + 1;
            found = found == count - 1 ? count : Math.Min((2 * found) + 1, count - 1);
        }

        if (found >= count)
            return float.NegativeInfinity;

        while (first < found)
        {
            int middle = (first + found) / 2;
            if (HasRegion(AnomalyRegions.MaskOf(map, valid, Level(middle)), map, width))
                found = middle;
            else
                first = middle + 1;
        }

        return Level(found);

        float Level(int rank) => ScoreKey.ToScore((uint)ascending[count - 1 - rank]);
    }

    private bool HasRegion(ReadOnlySpan<byte> mask, ReadOnlySpan<float> map, int width)
    {
        _runs.Label(mask, width, options.Connectivity);
        ReadOnlySpan<RegionRuns.Run> runs = _runs.Runs;
        for (int run = 0; run < runs.Length; run++)
        {
            if (_runs.SizeOf(_runs.RegionOf(run)) >= options.MinimumArea
                && (options.MinimumPeak is not { } peak || Reaches(map.Slice(runs[run].Start, runs[run].Length), peak)))
                return true;
        }

        return false;
    }

    // A region's peak is that of one of its runs.
    private static bool Reaches(ReadOnlySpan<float> scores, float peak)
    {
        foreach (float score in scores)
        {
            if (!(score < peak))
                return true;
        }

        return false;
    }
}
