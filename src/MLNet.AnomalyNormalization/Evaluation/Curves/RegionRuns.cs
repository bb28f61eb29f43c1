using System.Runtime.InteropServices;

namespace MLNet.AnomalyNormalization.Evaluation.Curves;

/// <summary>
/// The connected regions of a mask as horizontal runs of defect pixels, joined by union-find over the runs of neighbouring rows. Keeps its
/// buffers from mask to mask.
/// </summary>
internal sealed class RegionRuns
{
    private readonly List<Run> _runs = [];
    private int[] _parents = [];
    private int[] _sizes = [];

    /// <summary>Defect pixels in one row side by side.</summary>
    /// <param name="Start">Index of the first pixel, row-major.</param>
    /// <param name="Length">Number of pixels.</param>
    public readonly record struct Run(int Start, int Length)
    {
        public int End => Start + Length;
    }

    /// <summary>The runs of the mask that was last labelled, in ascending order.</summary>
    public ReadOnlySpan<Run> Runs => CollectionsMarshal.AsSpan(_runs);

    /// <summary>All defect pixels of the mask that was last labelled.</summary>
    public int Pixels { get; private set; }

    /// <summary>The region of a run: the index of the region's first run.</summary>
    public int RegionOf(int run) => _parents[run];

    /// <summary>The number of pixels of a region.</summary>
    public int SizeOf(int region) => _sizes[region];

    /// <param name="mask">The mask, row-major.</param>
    /// <param name="width">The number of columns.</param>
    /// <param name="connectivity">Which neighbours belong together.</param>
    /// <param name="ignored">A value, beside 0, of pixels that are no defects.</param>
    public void Label(ReadOnlySpan<byte> mask, int width, RegionConnectivity connectivity, byte? ignored = null)
    {
        FindRuns(mask, width, ignored ?? 0);
        if (_parents.Length < _runs.Count)
        {
            _parents = new int[Math.Max(_runs.Count, 2 * _parents.Length)];
            _sizes = new int[_parents.Length];
        }

        JoinRows(width, connectivity == RegionConnectivity.Eight ? 1 : 0);

        Pixels = 0;
        ReadOnlySpan<Run> runs = Runs;
        for (int i = 0; i < runs.Length; i++)
        {
            // A parent never comes after its child, so that it already points to the first run of its region.
            int region = _parents[i] = _parents[_parents[i]];
            _sizes[i] = 0;
            _sizes[region] += runs[i].Length;
            Pixels += runs[i].Length;
        }
    }

    /// <summary>
    /// Leaves ignored pixels out of the map of the mask that was last labelled: runs then count the pixels that are left. Returns those.
    /// </summary>
    public ReadOnlySpan<float> LeaveOut(byte ignored, ReadOnlySpan<byte> mask, ReadOnlySpan<float> map)
    {
        var left = new float[map.Length];
        Span<Run> runs = CollectionsMarshal.AsSpan(_runs);
        int count = 0, run = 0;
        for (int i = 0; i < mask.Length; i++)
        {
            if (run < runs.Length && runs[run].Start == i)
            {
                runs[run] = runs[run] with { Start = count };
                run++;
            }

            if (mask[i] != ignored)
                left[count++] = map[i];
        }

        return left.AsSpan(0, count);
    }

    private void FindRuns(ReadOnlySpan<byte> mask, int width, byte ignored)
    {
        _runs.Clear();
        int start = mask.IndexOfAnyExcept((byte)0, ignored);
        while (start >= 0)
        {
            ReadOnlySpan<byte> restOfRow = mask[start..((start / width + 1) * width)];
            int length = restOfRow.IndexOfAny((byte)0, ignored);
            int end = start + (length < 0 ? restOfRow.Length : length);
            _runs.Add(new(start, end - start));

            int gap = mask[end..].IndexOfAnyExcept((byte)0, ignored);
            start = gap < 0 ? -1 : end + gap;
        }
    }

    /// <summary>Joins each run with those of the row above that touch it, or lie at most <paramref name="reach"/> columns aside.</summary>
    private void JoinRows(int width, int reach)
    {
        ReadOnlySpan<Run> runs = Runs;
        int above = 0;
        for (int i = 0; i < runs.Length; i++)
        {
            _parents[i] = i;
            int firstColumn = runs[i].Start % width;
            int shiftedStart = runs[i].Start - width, shiftedEnd = shiftedStart + runs[i].Length;
            int rowAbove = shiftedStart - firstColumn;

            while (runs[above].End + reach <= shiftedStart || runs[above].Start < rowAbove)
                above++;

            int lastInReach = Math.Min(shiftedEnd + reach, rowAbove + width);
            for (int touching = above; runs[touching].Start < lastInReach; touching++)
                Join(touching, i);
        }
    }

    private void Join(int left, int right)
    {
        int first = Root(left), second = Root(right);
        if (first < second)
            _parents[second] = first;
        else
            _parents[first] = second;
    }

    private int Root(int run)
    {
        while (_parents[run] != run)
            run = _parents[run] = _parents[_parents[run]];
        return run;
    }
}
