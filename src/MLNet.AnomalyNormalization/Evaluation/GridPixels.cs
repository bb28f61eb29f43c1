using System.Numerics.Tensors;

namespace MLNet.AnomalyNormalization.Evaluation;

/// <summary>
/// Scores counted in bins [k/1024, (k + 1)/1024) of the normalised scale. The order of scores within a bin is lost, so that each area is
/// bracketed between the worst order (all normal scores above the anomalous ones, no ties) and the best (the other way round).
/// </summary>
internal sealed class GridPixels(PixelEvaluatorOptions options) : PixelState
{
    private const float BinsPerUnit = 1024;
    private const int Bins = (int)(ScoreNormalizer.MaximumScore * BinsPerUnit) + 1;

    // The weight of a whole region in the overlap bins. What one pixel adds to PRO is rounded to a multiple of 1/2^32, such that the sum
    // from the top is never above the true share, and less than 1/2^32 below it.
    private const int OverlapBits = 32;
    private const double OverlapError = 1.0 / (1L << OverlapBits);

    // Covers the rounding of the areas, each a ratio of whole numbers or a compensated sum: a few units of 2^-53.
    private const double RoundingError = 1.0 / (1L << 47);

    private readonly ulong[] _normal = new ulong[Bins];
    private readonly ulong[] _defects = new ulong[Bins];
    private readonly ulong[] _overlap = new ulong[Bins];
    private uint _regions;

    public override float TopScore => (float)ScoreNormalizer.MaximumScore;

    public override void Add(ReadOnlySpan<float> map, RegionRuns regions)
    {
        RequireNormalized(map);
        AddOverlap(map, regions);
        int next = 0;
        foreach (RegionRuns.Run run in regions.Runs)
        {
            Count(map[next..run.Start], _normal);
            Count(map[run.Start..run.End], _defects);
            next = run.End;
        }

        Count(map[next..], _normal);
    }

    public override void Merge(PixelState other)
    {
        var grid = (GridPixels)other;
        AddRegions(grid._regions);
        TensorPrimitives.Add<ulong>(_normal, grid._normal, _normal);
        TensorPrimitives.Add<ulong>(_defects, grid._defects, _defects);
        TensorPrimitives.Add<ulong>(_overlap, grid._overlap, _overlap);
    }

    public override PixelMetrics Compute(double threshold, int falsePositiveCount, int threads)
    {
        int decision = BinOf(threshold);
        ThresholdCurve worst = Curve(normalFirst: true), best = Curve(normalFirst: false);
        (double maximumF1, double maximumF1Threshold) = worst.MaximumF1();
        (double roc, double rocError) = Middle(worst.AreaUnderRocCurve(), best.AreaUnderRocCurve());
        (double precision, double precisionError) = Middle(WorstAveragePrecision(worst), best.AveragePrecision());
        (double overlap, double overlapError) = Middle(OverlapArea(worst), OverlapArea(best) + OverlapError);
        (double f1, double f1Error) = Middle(maximumF1, best.MaximumF1().Score);
        return new PixelMetrics
        {
            Threshold = threshold,
            Counts = CountsAt(decision),
            AreaUnderRocCurve = roc,
            AreaUnderRocCurveError = rocError,
            AreaUnderPrecisionRecallCurve = precision,
            AreaUnderPrecisionRecallCurveError = precisionError,
            MaximumF1Score = f1,
            MaximumF1ScoreError = f1Error,
            MaximumF1Threshold = maximumF1Threshold,
            DetectionRateAtFalsePositiveCount = worst.DetectionRate(falsePositiveCount),
            FalsePositiveCount = falsePositiveCount,
            OverlappingScores = worst.OverlappingScores(),
            AreaUnderPerRegionOverlap = overlap,
            AreaUnderPerRegionOverlapError = overlapError,
            AreaUnderPerImageOverlap = double.NaN,
        };
    }

    public override void WriteTo(StateWriter writer)
    {
        writer.Write(_regions);
        foreach (ulong[] bins in All)
        {
            // Each bin that isn't empty: how many empty ones it follows, and its content.
            writer.WriteCompact((ulong)bins.Count(content => content > 0));
            int next = 0;
            for (int bin = 0; bin < Bins; bin++)
            {
                if (bins[bin] == 0)
                    continue;
                writer.WriteCompact((ulong)(bin - next));
                writer.WriteCompact(bins[bin]);
                next = bin + 1;
            }
        }
    }

    public override void ReadFrom(StateReader reader)
    {
        _regions = reader.Read<uint>();
        foreach (ulong[] bins in All)
        {
            ulong next = 0;
            for (ulong left = reader.ReadCompact(); left > 0; left--)
            {
                ulong empty = reader.ReadCompact();
                if (empty >= Bins - next)
                    throw reader.Corrupt($"a bin beyond the last one, {Bins - 1},");
                next += empty;
                bins[next++] = reader.ReadCompact();
            }
        }
    }

    private ulong[][] All => [_normal, _defects, _overlap];

    private static void RequireNormalized(ReadOnlySpan<float> map)
    {
        if (TensorPrimitives.Min(map) >= 0 && TensorPrimitives.Max(map) <= ScoreNormalizer.MaximumScore)
            return;

        foreach (float score in map)
        {
            if (!(score >= 0 && score <= ScoreNormalizer.MaximumScore))
            {
                throw new ArgumentOutOfRangeException(nameof(map), score,
                    "The precision Grid takes normalised scores, 0..1000. Normalise the map, or use the precision Exact.");
            }
        }
    }

    /// <summary>The bin that begins at a threshold, at most the one after the last.</summary>
    private static int BinOf(double threshold)
    {
        double place = ScoreNormalizer.RequireFinite(threshold, nameof(threshold)) * BinsPerUnit;
        return place == Math.Floor(place)
            ? (int)Math.Clamp(place, 0, Bins)
            : throw new ArgumentOutOfRangeException(nameof(threshold), threshold,
                $"The precision Grid counts at multiples of 1/1024. The nearest are {Math.Floor(place) / BinsPerUnit:R} and "
                + $"{Math.Ceiling(place) / BinsPerUnit:R}.");
    }

    private static void Count(ReadOnlySpan<float> scores, ulong[] bins)
    {
        foreach (float score in scores)
            bins[(int)(score * BinsPerUnit)]++;
    }

    /// <summary>Distributes the weight of each region over its pixels, from the highest bin down.</summary>
    private void AddOverlap(ReadOnlySpan<float> map, RegionRuns regions)
    {
        var pixels = new ulong[regions.Pixels];
        int next = 0;
        long count = 0;
        for (int i = 0; i < regions.Runs.Length; i++)
        {
            int region = regions.RegionOf(i);
            if (region == i)
                count++;
            foreach (float score in map[regions.Runs[i].Start..regions.Runs[i].End])
                pixels[next++] = ((ulong)region << 32) | (uint)(Bins - (int)(score * BinsPerUnit));
        }

        AddRegions(count);
        Array.Sort(pixels);
        for (int start = 0; start < pixels.Length;)
        {
            int size = regions.SizeOf((int)(pixels[start] >> 32));
            ulong given = 0;
            for (int i = 1; i <= size; i++)
            {
                ulong due = ((ulong)i << OverlapBits) / (ulong)size;
                _overlap[Bins - (int)(uint)pixels[start + i - 1]] += due - given;
                given = due;
            }

            start += size;
        }
    }

    private void AddRegions(long count)
    {
        if (_regions + count > uint.MaxValue)
            throw new InvalidOperationException($"There are more than {uint.MaxValue} regions; an evaluator on the grid holds no more.");
        _regions += (uint)count;
    }

    private ThresholdCurve Curve(bool normalFirst)
    {
        var points = new List<CurvePoint>();
        long found = 0, above = 0;
        for (int bin = Bins - 1; bin >= 0; bin--)
        {
            long atLeast = above + (long)_normal[bin];
            if (_defects[bin] > 0)
            {
                found += (long)_defects[bin];
                long falsePositives = normalFirst ? atLeast : above;
                points.Add(new(bin / BinsPerUnit, found, falsePositives, falsePositives));
            }

            above = atLeast;
        }

        return new([.. points], found, above);
    }

    private ConfusionCounts CountsAt(int bin)
    {
        long truePositives = Sum(_defects.AsSpan(bin)), falsePositives = Sum(_normal.AsSpan(bin));
        return new(truePositives, falsePositives, Sum(_normal) - falsePositives, Sum(_defects) - truePositives);

        static long Sum(ReadOnlySpan<ulong> bins) => (long)TensorPrimitives.Sum(bins);
    }

    private double OverlapArea(ThresholdCurve curve)
    {
        var overlap = new RegionOverlap(options.FalsePositiveRateLimit * curve.Negatives);
        foreach (CurvePoint point in curve.Points)
            overlap.Add(point, 1UL << OverlapBits, _overlap[(int)(point.Score * BinsPerUnit)]);
        return overlap.Area();
    }

    /// <summary>Average precision where, within each bin, the normal scores come first and then the anomalous ones, one by one.</summary>
    private static double WorstAveragePrecision(ThresholdCurve worst)
    {
        const int FewEnoughToAdd = 64;
        var sum = new CompensatedSum();
        long found = 0;
        foreach (CurvePoint point in worst.Points)
        {
            long count = point.TruePositives - found;
            double falsePositives = point.FalsePositives;
            if (count <= FewEnoughToAdd)
            {
                for (long i = found + 1; i <= point.TruePositives; i++)
                    sum.Add(i / (i + falsePositives));
            }
            else
            {
                // x / (x + f) is concave, so that its integral over (i - 1/2, i + 1/2) is at most its value at i: a lower bound.
                sum.Add(count - (falsePositives * LogOnePlus(count / (found + 0.5 + falsePositives))));
            }

            found = point.TruePositives;
        }

        return found == 0 ? double.NaN : sum.Value / found;
    }

    /// <summary>ln(1 + x) without the rounding of 1 + x (Kahan; Goldberg 1991, theorem 4).</summary>
    private static double LogOnePlus(double x)
    {
        double sum = 1 + x;
        return sum == 1 ? x : Math.Log(sum) * x / (sum - 1);
    }

    private static (double Middle, double HalfWidth) Middle(double lowest, double highest)
        => ((lowest + highest) / 2, ((highest - lowest) / 2) + RoundingError);
}
