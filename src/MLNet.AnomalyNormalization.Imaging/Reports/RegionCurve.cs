using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Imaging.Reports;

/// <summary>
/// The curve of per-region overlap over the false positive rate (PRO; Bergmann et al., MVTec AD, IJCV 2021), for drawing: at thresholds on
/// the normalised scale in steps of 1/16. Beside it the same definition is measured with certified error by <see cref="PixelEvaluator"/>.
/// </summary>
internal sealed class RegionCurve
{
    private const int BinsPerUnit = 16;
    private const int Bins = ((int)ScoreNormalizer.MaximumScore * BinsPerUnit) + 1;

    private readonly long[] _normal = new long[Bins];
    private readonly double[] _overlap = new double[Bins];
    private readonly PixelEvaluator _evaluator = new(new()
    {
        Precision = EvaluationPrecision.Grid,
        CountNaNAsAnomalous = true,
        PerImageOverlapThresholds = 0,
    });

    /// <summary>The number of connected defects, 8-connected, in all masks.</summary>
    public int Regions { get; private set; }

    /// <summary>The areas over the same pixels.</summary>
    public PixelMetrics Metrics { get; private set; } = new();

    /// <summary>
    /// The curve of all rows whose defects are known: those with a mask, and normal ones. Null if no row has a defect in its mask.
    /// </summary>
    public static RegionCurve? Of(Assessment assessment)
    {
        if (!assessment.Rows.Any(row => row.Row.Mask.AsSpan().ContainsAnyExcept((byte)0)))
            return null;

        var curve = new RegionCurve();
        foreach (AssessedRow row in assessment.Rows)
        {
            byte[]? mask = row.Row.Mask ?? (row.Row.IsAnomalous is false ? new byte[row.Row.Map.Values.Length] : null);
            if (mask is not null)
                curve.Add(assessment.NormalizedMap(row), mask, row.Row.Map.Height, row.Row.Map.Width);
        }

        curve.Metrics = curve._evaluator.Compute();
        return curve;
    }

    /// <summary>False positive rate and mean overlap, from (0, 0) on, both rising.</summary>
    public IEnumerable<(double FalsePositiveRate, double Overlap)> Points()
    {
        double negatives = Math.Max(1, _normal.Sum());
        (long falsePositives, double overlap) = (0, 0);
        yield return (0, 0);
        for (int bin = Bins - 1; bin >= 0; bin--)
        {
            if (_normal[bin] == 0 && _overlap[bin] == 0)
                continue;

            falsePositives += _normal[bin];
            overlap += _overlap[bin];
            yield return (falsePositives / negatives, overlap / Regions);
        }
    }

    private void Add(float[] map, byte[] mask, int height, int width)
    {
        _evaluator.Add(map, mask, height, width);
        int[] sizes = RegionSizes(mask, height, width);
        for (int i = 0; i < map.Length; i++)
        {
            int bin = float.IsNaN(map[i]) ? Bins - 1 : (int)(map[i] * BinsPerUnit);
            if (sizes[i] == 0)
                _normal[bin]++;
            else
                _overlap[bin] += 1.0 / sizes[i];
        }
    }

    /// <summary>For each pixel the size of the region that it belongs to; 0 for none.</summary>
    private int[] RegionSizes(byte[] mask, int height, int width)
    {
        var sizes = new int[mask.Length];
        var region = new List<int>();
        for (int start = 0; start < mask.Length; start++)
        {
            if (mask[start] == 0 || sizes[start] != 0)
                continue;

            region.Clear();
            Reach(start);
            for (int next = 0; next < region.Count; next++)
            {
                (int row, int column) = Math.DivRem(region[next], width);
                for (int y = Math.Max(0, row - 1); y <= Math.Min(height - 1, row + 1); y++)
                {
                    for (int x = Math.Max(0, column - 1); x <= Math.Min(width - 1, column + 1); x++)
                        Reach((y * width) + x);
                }
            }

            foreach (int pixel in region)
                sizes[pixel] = region.Count;
            Regions++;
        }

        return sizes;

        void Reach(int pixel)
        {
            if (mask[pixel] == 0 || sizes[pixel] != 0)
                return;

            // Any number but 0 marks it as reached; the size follows.
            sizes[pixel] = -1;
            region.Add(pixel);
        }
    }
}
