using MLNet.AnomalyNormalization.Scale;

namespace MLNet.AnomalyNormalization.Evaluation.Curves;

/// <summary>
/// The area under the per-region overlap curve, added up from the defect pixels: a pixel of a region of s pixels lifts the curve by 1/s
/// from the false positives at its score onwards. Sums are kept in whole numbers for each size of region, so that their order is of no
/// account. Where normal pixels tie with the pixel, the curve rises along the chord, which is what trapezoids do.
/// </summary>
/// <param name="falsePositiveLimit">Where the area ends, as a number of false positives.</param>
internal sealed class RegionOverlap(double falsePositiveLimit)
{
    private readonly Dictionary<ulong, Sums> _sizes = [];
    private double _partialArea;

    /// <summary>The exact area of defect pixels.</summary>
    /// <param name="defects">In ascending order: score key in the upper half, size of the pixel's region in the lower.</param>
    /// <param name="curve">The curve of the same pixels.</param>
    /// <param name="falsePositiveRateLimit">Where the area ends.</param>
    public static double Area(ReadOnlySpan<ulong> defects, ThresholdCurve curve, double falsePositiveRateLimit)
    {
        var overlap = new RegionOverlap(falsePositiveRateLimit * curve.Negatives);
        int left = defects.Length;
        foreach (CurvePoint point in curve.Points)
        {
            for (uint key = ScoreKey.Of((float)point.Score); left > 0 && (uint)(defects[left - 1] >> 32) == key; left--)
                overlap.Add(point, (uint)defects[left - 1], 1);
        }

        return overlap.Area();
    }

    /// <summary>Adds pixels of regions of one size that have one score.</summary>
    public void Add(CurvePoint point, ulong size, ulong pixels)
    {
        if (!_sizes.TryGetValue(size, out Sums? sums))
            _sizes.Add(size, sums = new Sums());

        sums.Pixels += pixels;
        if (point.FalsePositives <= falsePositiveLimit)
        {
            sums.Whole += pixels;
            sums.TwiceMissed += (UInt128)pixels * (UInt128)(point.FalsePositives + point.FalsePositivesAbove);
        }
        else if (point.FalsePositivesAbove < falsePositiveLimit)
        {
            // No two scores can have the limit among their ties, so that this is one value.
            double reached = falsePositiveLimit - point.FalsePositivesAbove;
            _partialArea = reached * reached / (2.0 * (point.FalsePositives - point.FalsePositivesAbove));
            sums.Partial += pixels;
        }
    }

    /// <summary>The area, 0..1; NaN without a region or a normal pixel.</summary>
    public double Area()
    {
        var regions = new CompensatedSum();
        var area = new CompensatedSum();
        foreach ((ulong size, Sums sums) in _sizes.OrderBy(entry => entry.Key))
        {
            regions.Add((double)(sums.Pixels / size));
            double whole = (falsePositiveLimit * (double)sums.Whole) - ((double)sums.TwiceMissed / 2);
            area.Add((whole + (_partialArea * (double)sums.Partial)) / size);
        }

        return falsePositiveLimit > 0 ? area.Value / (regions.Value * falsePositiveLimit) : double.NaN;
    }

    private sealed class Sums
    {
        public UInt128 Pixels { get; set; }

        public UInt128 Whole { get; set; }

        public UInt128 Partial { get; set; }

        public UInt128 TwiceMissed { get; set; }
    }
}
