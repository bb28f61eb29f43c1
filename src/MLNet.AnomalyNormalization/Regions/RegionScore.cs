using MLNet.AnomalyNormalization.Evaluation.Curves;
using MLNet.AnomalyNormalization.Scale;

namespace MLNet.AnomalyNormalization.Regions;

/// <summary>
/// Finds the highest threshold at which a map has a region that counts; map after map, of one size as a rule, in memory that is used again.
/// Not for several threads.
/// </summary>
/// <param name="options">Which pixels and regions count.</param>
internal sealed class RegionScore(AnomalyRegionOptions options)
{
    private readonly RegionRuns _runs = new();
    private (int Height, int Width) _size = (-1, -1);
    private byte[] _valid = [];
    private byte[] _mask = [];

    /// <inheritdoc cref="AnomalyRegions.Score(ReadOnlySpan{float}, int, int, AnomalyRegionOptions?)"/>
    public float Of(ReadOnlySpan<float> map, int height, int width)
    {
        if (_size != (height, width) || _valid.Length != map.Length)
            (_valid, _mask, _size) = (AnomalyRegions.ValidArea(map.Length, height, width, options), new byte[map.Length], (height, width));
        ulong[] keys = new ulong[map.Length];
        int count = 0, nans = 0;
        for (int i = 0; i < map.Length; i++)
        {
            if (_valid[i] == 0)
                continue;
            if (float.IsNaN(map[i]))
                nans++;
            else
                keys[count++] = ScoreKey.Of(map[i] + 0f);
        }

        if (nans >= options.MinimumArea && HasRegionOfNaN(map, width))
            return float.NaN;

        // A region at a threshold is part of one at every lower threshold. From the top, where masks are sparse, in ever longer steps.
        ulong[] ascending = RadixSort.Sort(keys[..count]);
        int first = Math.Max(0, options.MinimumArea - nans - 1), found = first;
        while (found < count && !HasRegion(map, width, Level(found)))
        {
            first = found + 1;
            found = found == count - 1 ? count : Math.Min((2 * found) + 1, count - 1);
        }

        if (found >= count)
            return float.NegativeInfinity;

        while (first < found)
        {
            int middle = (first + found) / 2;
            if (HasRegion(map, width, Level(middle)))
                found = middle;
            else
                first = middle + 1;
        }

        return Level(found);

        float Level(int rank) => ScoreKey.ToScore((uint)ascending[count - 1 - rank]);
    }

    private bool HasRegion(ReadOnlySpan<float> map, int width, float threshold)
    {
        AnomalyRegions.MaskOf(map, _valid, threshold, _mask);
        return HasRegion(map, width);
    }

    private bool HasRegionOfNaN(ReadOnlySpan<float> map, int width)
    {
        for (int i = 0; i < map.Length; i++)
            _mask[i] = float.IsNaN(map[i]) ? _valid[i] : (byte)0;
        return HasRegion(map, width);
    }

    private bool HasRegion(ReadOnlySpan<float> map, int width)
    {
        _runs.Label(_mask, width, options.Connectivity);
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
