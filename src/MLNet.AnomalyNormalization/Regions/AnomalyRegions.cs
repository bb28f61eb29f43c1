using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Evaluation.Curves;
using MLNet.AnomalyNormalization.Regions;

namespace MLNet.AnomalyNormalization;

/// <summary>Finds the connected regions of an anomaly map in which it is anomalous: what a person would call one defect.</summary>
public static class AnomalyRegions
{
    private static readonly AnomalyRegionOptions s_defaults = new();

    /// <summary>Finds the regions of a map.</summary>
    /// <param name="map">The map, row-major; normalised, unless the options name a threshold on another scale.</param>
    /// <param name="height">The number of rows.</param>
    /// <param name="width">The number of columns.</param>
    /// <param name="options">Which pixels and which regions count; null for the defaults.</param>
    /// <returns>The regions, in the order of their first pixel, row by row.</returns>
    /// <exception cref="ArgumentException">Height x width is not the length of the map, or of the valid area.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public static IReadOnlyList<AnomalyRegion> Find(ReadOnlySpan<float> map, int height, int width, AnomalyRegionOptions? options = null)
    {
        options ??= s_defaults;
        byte[] valid = ValidArea(map.Length, height, width, options);
        int looked = valid.AsSpan().Count((byte)1);
        return [.. Measure(map, valid, width, new(), options).Values
            .Select(measure => measure.ToRegion(height, width, looked, options.SquareMillimetresPerPixel))];
    }

    /// <inheritdoc cref="Find(ReadOnlySpan{float}, int, int, AnomalyRegionOptions?)"/>
    public static IReadOnlyList<AnomalyRegion> Find(AnomalyMap map, AnomalyRegionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(map);
        return Find(map.Values, map.Height, map.Width, options);
    }

    /// <summary>
    /// The image score that regions give: the highest threshold at which a region is found. So <c>score &gt;= threshold</c> says whether
    /// <see cref="Find(ReadOnlySpan{float}, int, int, AnomalyRegionOptions?)"/> finds any at a threshold, whichever that is, and the score
    /// can be learned from, normalised and evaluated like any other. With a minimum area of 1 it is the highest score of the map; with more,
    /// specks that are smaller have no say.
    /// </summary>
    /// <remarks>
    /// It is not the highest peak of a region that is large enough: at a low enough threshold any speck is part of such a region, so that
    /// this peak tells nothing without the threshold, and no threshold could be learned from it. Once there is one, peaks are those of the
    /// regions. Normalising a map normalises its score: a score of the raw map becomes that of the normalised one, but for what the scale
    /// clips.
    /// </remarks>
    /// <param name="map">The map, row-major; raw or normalised.</param>
    /// <param name="height">The number of rows.</param>
    /// <param name="width">The number of columns.</param>
    /// <param name="options">
    /// Which pixels and which regions count; null for the defaults. <see cref="AnomalyRegionOptions.Threshold"/> is of no account.
    /// </param>
    /// <returns>
    /// The score, one of those of the map; NaN where pixels of NaN alone make up a region, and negative infinity where no threshold gives
    /// any, since too few pixels are looked at or none reaches the minimum peak.
    /// </returns>
    /// <exception cref="ArgumentException">Height x width is not the length of the map, or of the valid area.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public static float Score(ReadOnlySpan<float> map, int height, int width, AnomalyRegionOptions? options = null)
        => new RegionScore(options ?? s_defaults).Of(map, height, width);

    /// <inheritdoc cref="Score(ReadOnlySpan{float}, int, int, AnomalyRegionOptions?)"/>
    public static float Score(AnomalyMap map, AnomalyRegionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(map);
        return Score(map.Values, map.Height, map.Width, options);
    }

    /// <summary>
    /// Which pixels lie in a region that <see cref="Find(ReadOnlySpan{float}, int, int, AnomalyRegionOptions?)"/> finds: 1 for those that do.
    /// </summary>
    /// <inheritdoc cref="Find(ReadOnlySpan{float}, int, int, AnomalyRegionOptions?)" path="/exception"/>
    internal static byte[] Mask(ReadOnlySpan<float> map, int height, int width, AnomalyRegionOptions options)
    {
        byte[] valid = ValidArea(map.Length, height, width, options);

        // Where every region counts, there is nothing to label.
        if (options is { MinimumArea: <= 1, MinimumPeak: null })
            return MaskOf(map, valid, options.Threshold);

        var runs = new RegionRuns();
        SortedDictionary<int, RegionMeasure> found = Measure(map, valid, width, runs, options);
        byte[] mask = new byte[map.Length];
        for (int run = 0; run < runs.Runs.Length; run++)
        {
            if (found.ContainsKey(runs.RegionOf(run)))
                mask.AsSpan(runs.Runs[run].Start, runs.Runs[run].Length).Fill(1);
        }

        return mask;
    }

    /// <summary>Which pixels are looked at: 1 for those that are.</summary>
    /// <inheritdoc cref="Find(ReadOnlySpan{float}, int, int, AnomalyRegionOptions?)" path="/exception"/>
    internal static byte[] ValidArea(int pixels, int height, int width, AnomalyRegionOptions options)
    {
        options.Check();
        if (height < 0 || width < 0 || (long)height * width != pixels)
            throw new ArgumentException($"The map has {pixels} values, but height x width is {height} x {width}.", nameof(height));
        if (options.ValidArea is { } given && given.Count != pixels)
        {
            throw new ArgumentException(
                $"The valid area has {given.Count} pixels, but the map has {height} x {width} = {pixels}. Scale it to the map's size.",
                nameof(options));
        }

        byte[] valid = new byte[pixels];
        int margin = options.BorderMargin;
        for (int row = margin; row < height - margin; row++)
        {
            for (int i = (row * width) + margin; i < ((row + 1) * width) - margin; i++)
                valid[i] = options.ValidArea is { } area && area[i] == 0 ? (byte)0 : (byte)1;
        }

        return valid;
    }

    /// <summary>Which pixels are anomalous: NaN always is.</summary>
    internal static byte[] MaskOf(ReadOnlySpan<float> map, ReadOnlySpan<byte> valid, float threshold)
    {
        byte[] mask = new byte[map.Length];
        MaskOf(map, valid, threshold, mask);
        return mask;
    }

    /// <summary>Which pixels are anomalous, into a mask that is there.</summary>
    internal static void MaskOf(ReadOnlySpan<float> map, ReadOnlySpan<byte> valid, float threshold, Span<byte> mask)
    {
        for (int i = 0; i < mask.Length; i++)
            mask[i] = map[i] < threshold ? (byte)0 : valid[i];
    }

    /// <summary>Labels the regions of a map, and measures those that count, by the index of the region among the runs.</summary>
    private static SortedDictionary<int, RegionMeasure> Measure(
        ReadOnlySpan<float> map, ReadOnlySpan<byte> valid, int width, RegionRuns runs, AnomalyRegionOptions options)
    {
        runs.Label(MaskOf(map, valid, options.Threshold), width, options.Connectivity);

        // The index of a region is that of its first run, so that the order of the keys is that of first pixels.
        var measures = new SortedDictionary<int, RegionMeasure>();
        ReadOnlySpan<RegionRuns.Run> all = runs.Runs;
        for (int run = 0; run < all.Length; run++)
        {
            int region = runs.RegionOf(run);
            if (runs.SizeOf(region) < options.MinimumArea)
                continue;
            if (!measures.TryGetValue(region, out RegionMeasure? measure))
                measures[region] = measure = new RegionMeasure();
            measure.Add(map.Slice(all[run].Start, all[run].Length), all[run].Start / width, all[run].Start % width);
        }

        foreach (int region in measures.Keys.Where(region => measures[region].Peak < options.MinimumPeak).ToArray())
            measures.Remove(region);
        return measures;
    }

    private sealed class RegionMeasure
    {
        private int _top = int.MaxValue;
        private int _bottom;
        private int _left = int.MaxValue;
        private int _right;
        private int _area;
        private int _peakRow;
        private int _peakColumn;
        private double _sum;
        private long _rows;
        private long _columns;

        public float Peak { get; private set; } = float.NegativeInfinity;

        public void Add(ReadOnlySpan<float> scores, int row, int column)
        {
            (_top, _bottom) = (Math.Min(_top, row), Math.Max(_bottom, row));
            (_left, _right) = (Math.Min(_left, column), Math.Max(_right, column + scores.Length - 1));
            _area += scores.Length;
            _rows += (long)row * scores.Length;
            for (int i = 0; i < scores.Length; i++)
            {
                _columns += column + i;
                _sum += scores[i];
                if (scores[i] > Peak || _area == scores.Length && i == 0 || (float.IsNaN(scores[i]) && !float.IsNaN(Peak)))
                    (Peak, _peakRow, _peakColumn) = (scores[i], row, column + i);
            }
        }

        public AnomalyRegion ToRegion(int height, int width, int looked, double? scale) => new()
        {
            Top = _top,
            Left = _left,
            Height = _bottom - _top + 1,
            Width = _right - _left + 1,
            Area = _area,
            AreaShare = (double)_area / looked,
            SquareMillimetres = _area * scale,
            Peak = Peak,
            PeakRow = _peakRow,
            PeakColumn = _peakColumn,
            Sum = _sum,
            CentreRow = (double)_rows / _area,
            CentreColumn = (double)_columns / _area,
            TouchesBorder = _top == 0 || _left == 0 || _bottom == height - 1 || _right == width - 1,
        };
    }
}
