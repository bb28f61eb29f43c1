using System.Globalization;
using System.Numerics.Tensors;
using MLNet.AnomalyNormalization.Evaluation.Curves;
using MLNet.AnomalyNormalization.Evaluation.State;

namespace MLNet.AnomalyNormalization.Evaluation.Pixels;

/// <summary>
/// Scores counted in bins [k/1024, (k + 1)/1024) of the normalised scale. The order of scores within a bin is lost, so that each area is
/// bracketed between the worst order (all normal scores above the anomalous ones, no ties) and the best (the other way round).
/// </summary>
internal sealed class GridPixels(PixelEvaluatorOptions options) : PixelState
{
    /// <summary>Bins in one unit of the normalised scale.</summary>
    public const float BinsPerUnit = 1024;

    // The last two are for the cap of the scale and, above it, for NaN that counts as anomalous.
    private const int Bins = (int)(ScoreNormalizer.MaximumScore * BinsPerUnit) + 2;

    // The weight of a whole region, or of all defects of an image, in the bins for overlaps. What one pixel adds is rounded to a multiple
    // of 1/2^32, such that the sum from the top is never above the true share, and less than 1/2^32 below it.
    private const int OverlapBits = 32;
    private const double OverlapError = 1.0 / (1L << OverlapBits);

    private const int MixedSizes = -1;

    // Covers the rounding of the areas, each a ratio of whole numbers or a compensated sum: a few units of 2^-53.
    private const double RoundingError = 1.0 / (1L << 47);

    private readonly ulong[] _normalImages = new ulong[Bins];
    private readonly ulong[] _normalAmongDefects = new ulong[Bins];
    private readonly ulong[] _defects = new ulong[Bins];
    private readonly ulong[] _regionOverlap = new ulong[Bins];
    private readonly ulong[] _imageOverlap = new ulong[Bins];
    private uint _regions;
    private uint _anomalousImages;
    private (float Lowest, float Highest) _normalRange = (float.PositiveInfinity, float.NegativeInfinity);

    // The size that all normal images have, if they do.
    private int _normalImagePixels;

    public override float TopScore => (Bins - 1) / BinsPerUnit;

    public override void Add(ReadOnlySpan<float> map, RegionRuns regions)
    {
        if (map.IsEmpty)
            return;

        (float lowest, float highest) = RangeOf(map);
        if (regions.Pixels == 0)
        {
            AddNormalImages((lowest, highest), map.Length);
            Count(map, _normalImages);
            return;
        }

        AddOverlaps(map, regions);
        int next = 0;
        foreach (RegionRuns.Run run in regions.Runs)
        {
            Count(map[next..run.Start], _normalAmongDefects);
            Count(map[run.Start..run.End], _defects);
            next = run.End;
        }

        Count(map[next..], _normalAmongDefects);
    }

    public override void Merge(PixelState other)
    {
        var grid = (GridPixels)other;
        AddWholes(grid._regions, grid._anomalousImages);
        AddNormalImages(grid._normalRange, grid._normalImagePixels);
        foreach ((ulong[] bins, ulong[] added) in All.Zip(grid.All))
            TensorPrimitives.Add<ulong>(bins, added, bins);
    }

    public override PixelMetrics Compute(double threshold, int falsePositiveCount, int threads)
    {
        int decision = BinOf(threshold);
        ThresholdCurve worst = Curve(normalFirst: true), best = Curve(normalFirst: false);
        (double maximumF1, double maximumF1Threshold) = worst.MaximumF1();
        (double roc, double rocError) = Middle(worst.AreaUnderRocCurve(), best.AreaUnderRocCurve());
        (double precision, double precisionError) = Middle(worst.LowestAveragePrecision(), best.AveragePrecision());
        (double overlap, double overlapError) = Middle(OverlapArea(worst), OverlapArea(best) + OverlapError);
        (double f1, double f1Error) = Middle(maximumF1, best.MaximumF1().Score);
        (double lowestPerImage, double highestPerImage, string? reason) = PerImageOverlapArea();
        (double perImage, double perImageError) = Middle(lowestPerImage, highestPerImage);
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
            AreaUnderPerImageOverlap = perImage,
            AreaUnderPerImageOverlapError = perImageError,
            PerImageOverlapReason = reason,
        };
    }

    public override ScoreCurve ComputeCurve(int threads)
    {
        long positives = Sum(_defects, 0, Bins), negatives = Normal(0, Bins), found = 0, alarms = 0;
        double overlap = 0, regions = _regions == 0 ? double.NaN : _regions / OverlapError;
        var points = new List<ScoreCurvePoint> { new(double.PositiveInfinity, new(0, 0, negatives, positives), 0 / regions) };
        for (int bin = Bins - 1; bin >= 0; bin--)
        {
            long defects = (long)_defects[bin], normal = (long)(_normalImages[bin] + _normalAmongDefects[bin]);
            if (defects + normal == 0)
                continue;

            found += defects;
            alarms += normal;
            overlap += _regionOverlap[bin];
            points.Add(new(bin / BinsPerUnit, new(found, alarms, negatives - alarms, positives - found), Math.Min(1, overlap / regions)));
        }

        return new(points, isComplete: true);
    }

    public override void WriteTo(StateWriter writer)
    {
        writer.Write(_regions);
        writer.Write(_anomalousImages);
        writer.Write(_normalRange.Lowest);
        writer.Write(_normalRange.Highest);
        writer.Write(_normalImagePixels);
        foreach (ulong[] bins in All)
        {
            // Each bin that isn't empty: how many empty ones it follows, and its content.
            writer.WriteCompact((ulong)(Bins - bins.AsSpan().Count(0UL)));
            int next = 0;
            for (int empty = EmptyFrom(next); empty >= 0; empty = EmptyFrom(next))
            {
                writer.WriteCompact((ulong)empty);
                writer.WriteCompact(bins[next + empty]);
                next += empty + 1;
            }

            int EmptyFrom(int start) => bins.AsSpan(start).IndexOfAnyExcept(0UL);
        }
    }

    public override void ReadFrom(StateReader reader)
    {
        _regions = reader.Read<uint>();
        _anomalousImages = reader.Read<uint>();
        _normalRange = (reader.Read<float>(), reader.Read<float>());
        _normalImagePixels = reader.Read<int>();
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

    private ulong[][] All => [_normalImages, _normalAmongDefects, _defects, _regionOverlap, _imageOverlap];

    /// <summary>The checked range of scores, those that stand for NaN left out.</summary>
    private (float Lowest, float Highest) RangeOf(ReadOnlySpan<float> map)
    {
        float lowest = TensorPrimitives.Min(map), highest = TensorPrimitives.Max(map);
        if (highest == TopScore && options.CountNaNAsAnomalous)
            (lowest, highest) = PerImageOverlap.RangeBelow(map, TopScore);
        return lowest >= 0 && highest <= ScoreNormalizer.MaximumScore
            ? (lowest, highest)
            : throw new ArgumentOutOfRangeException(nameof(map), lowest >= 0 ? highest : lowest,
                "The precision Grid takes normalised scores, 0..1000. Normalise the map, or use the precision Exact.");
    }

    /// <summary>The bin that begins at a threshold; beyond the scale that of NaN.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The threshold is no multiple of 1/1024.</exception>
    public static int BinOf(double threshold)
    {
        double place = ScoreNormalizer.RequireFinite(threshold, nameof(threshold)) * BinsPerUnit;
        double below = Math.Floor(place) / BinsPerUnit, above = Math.Ceiling(place) / BinsPerUnit;
        return below == above
            ? (int)Math.Clamp(place, 0, Bins - 1)
            : throw new ArgumentOutOfRangeException(nameof(threshold), threshold, string.Create(CultureInfo.InvariantCulture,
                $"The precision Grid counts at multiples of 1/1024. The nearest are {below} and {above}."));
    }

    private static void Count(ReadOnlySpan<float> scores, ulong[] bins)
    {
        foreach (float score in scores)
            bins[(int)(score * BinsPerUnit)]++;
    }

    /// <summary>Distributes the weight of each region over its pixels, and that of the image over all its defects.</summary>
    private void AddOverlaps(ReadOnlySpan<float> map, RegionRuns regions)
    {
        // The bins count down, so that sorting begins with the highest score.
        var ofRegions = new ulong[regions.Pixels];
        var ofImage = new ulong[regions.Pixels];
        int next = 0;
        long count = 0;
        for (int i = 0; i < regions.Runs.Length; i++)
        {
            ulong region = (ulong)regions.RegionOf(i);
            count += region == (ulong)i ? 1 : 0;
            foreach (float score in map[regions.Runs[i].Start..regions.Runs[i].End])
            {
                ofImage[next] = (ulong)(Bins - (int)(score * BinsPerUnit));
                ofRegions[next] = (region << 32) | ofImage[next];
                next++;
            }
        }

        AddWholes(count, 1);
        Array.Sort(ofImage);
        Distribute(ofImage, _imageOverlap);
        Array.Sort(ofRegions);
        for (int start = 0; start < ofRegions.Length;)
        {
            int size = regions.SizeOf((int)(ofRegions[start] >> 32));
            Distribute(ofRegions.AsSpan(start, size), _regionOverlap);
            start += size;
        }
    }

    private static void Distribute(ReadOnlySpan<ulong> pixels, ulong[] bins)
    {
        ulong given = 0;
        for (int i = 0; i < pixels.Length; i++)
        {
            ulong due = ((ulong)(i + 1) << OverlapBits) / (ulong)pixels.Length;
            bins[Bins - (int)(uint)pixels[i]] += due - given;
            given = due;
        }
    }

    private void AddWholes(long regions, long anomalousImages)
    {
        if (_regions + regions > uint.MaxValue)
            throw new InvalidOperationException($"There are more than {uint.MaxValue} regions; an evaluator on the grid holds no more.");
        _regions += (uint)regions;
        _anomalousImages += (uint)anomalousImages;
    }

    private void AddNormalImages((float Lowest, float Highest) range, int pixels)
    {
        _normalRange = (Math.Min(_normalRange.Lowest, range.Lowest), Math.Max(_normalRange.Highest, range.Highest));
        if (pixels != 0)
            _normalImagePixels = _normalImagePixels == 0 || _normalImagePixels == pixels ? pixels : MixedSizes;
    }

    private ThresholdCurve Curve(bool normalFirst)
    {
        var points = new List<CurvePoint>();
        long found = 0, above = 0;
        int end = Bins;
        for (int bin = LastDefects(end); bin >= 0; bin = LastDefects(end))
        {
            above += Normal(bin + 1, end);
            long atLeast = above + Normal(bin, bin + 1);
            found += (long)_defects[bin];
            long falsePositives = normalFirst ? atLeast : above;
            points.Add(new(bin / BinsPerUnit, found, falsePositives, falsePositives));
            (above, end) = (atLeast, bin);
        }

        return new([.. points], found, above + Normal(0, end));

        int LastDefects(int end) => _defects.AsSpan(0, end).LastIndexOfAnyExcept(0UL);
    }

    private ConfusionCounts CountsAt(int bin)
    {
        long truePositives = Sum(_defects, bin, Bins), falsePositives = Normal(bin, Bins);
        return new(truePositives, falsePositives, Normal(0, bin), Sum(_defects, 0, bin));
    }

    private long Normal(int start, int end) => Sum(_normalImages, start, end) + Sum(_normalAmongDefects, start, end);

    private static long Sum(ulong[] bins, int start, int end) => (long)TensorPrimitives.Sum<ulong>(bins.AsSpan(start..end));

    private double OverlapArea(ThresholdCurve curve)
    {
        var overlap = new RegionOverlap(options.FalsePositiveRateLimit * curve.Negatives);
        foreach (CurvePoint point in curve.Points)
            overlap.Add(point, 1UL << OverlapBits, _regionOverlap[(int)(point.Score * BinsPerUnit)]);
        return overlap.Area();
    }

    /// <summary>The bounds of the mean area under the per-image overlap curve; NaN also where normal images differ in size.</summary>
    private (double Lowest, double Highest, string? Reason) PerImageOverlapArea()
    {
        (float lowest, float highest) = _normalRange;
        if (PerImageOverlap.ReasonFor(options, _normalImagePixels != 0, _anomalousImages > 0) is { } reason)
            return (double.NaN, double.NaN, reason);

        if (_normalImagePixels == MixedSizes)
            return (double.NaN, double.NaN, "needs normal images of one size on the grid. Use the precision Exact");

        if (PerImageOverlap.Thresholds(lowest, highest, options.PerImageOverlapThresholds) is not { } thresholds)
            return (double.NaN, double.NaN, PerImageOverlap.WithoutThresholds(lowest, highest, options));

        double shareUnit = OverlapError / _anomalousImages;
        (double least, double most) = new PerImageOverlapBracket(
            thresholds, _normalRange, _normalImages, _imageOverlap, shareUnit, OverlapError)
            .Area(options.PerImageOverlapLowerBound, options.PerImageOverlapUpperBound);
        return (least, most, double.IsNaN(least)
            ? "is not defined between these bounds, or the counts of the grid can't tell. Use the precision Exact, which says more"
            : null);
    }

    private static (double Middle, double HalfWidth) Middle(double lowest, double highest)
        => ((lowest + highest) / 2, ((highest - lowest) / 2) + RoundingError);
}
