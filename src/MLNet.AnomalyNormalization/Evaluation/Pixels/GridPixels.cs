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
    // The weight of a whole region, or of all defects of an image, in the bins for overlaps. What one pixel adds is rounded to a multiple
    // of 1/2^32, such that the sum from the top is never above the true share, and less than 1/2^32 below it.
    private const int OverlapBits = 32;
    private const double OverlapError = 1.0 / (1L << OverlapBits);

    private const int MixedSizes = -1;

    // Covers the rounding of the areas, each a ratio of whole numbers or a compensated sum: a few units of 2^-53.
    private const double RoundingError = 1.0 / (1L << 47);

    private readonly GridBins _normalImages = new();
    private readonly GridBins _normalAmongDefects = new();
    private readonly GridBins _defects = new();
    private readonly GridBins _regionOverlap = new();
    private readonly GridBins _imageOverlap = new();
    private uint _regions;
    private uint _anomalousImages;
    private (float Lowest, float Highest) _normalRange = (float.PositiveInfinity, float.NegativeInfinity);

    // The size that all normal images have, if they do.
    private int _normalImagePixels;

    public override float TopScore => (GridBins.Length - 1) / GridBins.PerUnit;

    public override int? ImageCount => null;

    public override void Add(ReadOnlySpan<float> map, RegionRuns regions)
    {
        if (map.IsEmpty)
            return;

        (float lowest, float highest) = RangeOf(map);
        if (regions.Pixels == 0)
        {
            AddNormalImages((lowest, highest), map.Length);
            _normalImages.Count(map);
            return;
        }

        AddOverlaps(map, regions);
        int next = 0;
        foreach (RegionRuns.Run run in regions.Runs)
        {
            _normalAmongDefects.Count(map[next..run.Start]);
            _defects.Count(map[run.Start..run.End]);
            next = run.End;
        }

        _normalAmongDefects.Count(map[next..]);
    }

    public override void Merge(PixelState other)
    {
        var grid = (GridPixels)other;
        AddWholes(grid._regions, grid._anomalousImages);
        AddNormalImages(grid._normalRange, grid._normalImagePixels);
        foreach ((GridBins bins, GridBins added) in All.Zip(grid.All))
            bins.Add(added);
    }

    public override PixelMetrics Compute(double threshold, int falsePositiveCount, int threads, CancellationToken cancellationToken)
    {
        int decision = BinOf(threshold);
        ThresholdCurve worst = Curve(normalFirst: true), best = Curve(normalFirst: false);
        CurveReading lowest = worst.Read(threshold, falsePositiveCount), highest = best.Read(threshold, falsePositiveCount);
        (double roc, double rocError) = Middle(lowest.AreaUnderRocCurve, highest.AreaUnderRocCurve);
        (double precision, double precisionError) = Middle(worst.LowestAveragePrecision(), highest.AveragePrecision);
        (double overlap, double overlapError) = Middle(OverlapArea(worst), OverlapArea(best) + OverlapError);
        (double f1, double f1Error) = Middle(lowest.MaximumF1Score, highest.MaximumF1Score);
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
            MaximumF1Threshold = lowest.MaximumF1Threshold,
            DetectionRateAtFalsePositiveCount = lowest.DetectionRate,
            FalsePositiveCount = falsePositiveCount,
            OverlappingScores = lowest.OverlappingScores,
            AreaUnderPerRegionOverlap = overlap,
            AreaUnderPerRegionOverlapError = overlapError,
            AreaUnderPerImageOverlap = perImage,
            AreaUnderPerImageOverlapError = perImageError,
            PerImageOverlapReason = reason,
        };
    }

    public override ScoreCurve ComputeCurve(int threads, CancellationToken cancellationToken)
    {
        long positives = _defects.Sum(), negatives = Normal(), found = 0, alarms = 0;
        double overlap = 0, regions = _regions == 0 ? double.NaN : _regions / OverlapError;
        var points = new List<ScoreCurvePoint> { new(double.PositiveInfinity, new(0, 0, negatives, positives), 0 / regions) };
        foreach ((int bin, long defects, long normal) in FromTheTop())
        {
            found += defects;
            alarms += normal;
            overlap += _regionOverlap[bin];
            points.Add(new(bin / GridBins.PerUnit, new(found, alarms, negatives - alarms, positives - found), Math.Min(1, overlap / regions)));
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
        foreach (GridBins bins in All)
            bins.WriteTo(writer);
    }

    public override void ReadFrom(StateReader reader)
    {
        _regions = reader.Read<uint>();
        _anomalousImages = reader.Read<uint>();
        _normalRange = (reader.Read<float>(), reader.Read<float>());
        _normalImagePixels = reader.Read<int>();
        foreach (GridBins bins in All)
            bins.ReadFrom(reader);
        Check(reader);
    }

    private GridBins[] All => [_normalImages, _normalAmongDefects, _defects, _regionOverlap, _imageOverlap];

    // What a writer of ours can't have written, but whoever makes a right checksum can.
    private void Check(StateReader reader)
    {
        const int ofNaN = GridBins.Length - 1;
        ulong normal = (ulong)_normalImages.Sum(), defects = (ulong)_defects.Sum();
        if ((UInt128)normal + (ulong)_normalAmongDefects.Sum() + defects > long.MaxValue)
            throw reader.Corrupt("more pixels than can be counted");
        if (!options.CountNaNAsAnomalous && (_normalImages[ofNaN] | _normalAmongDefects[ofNaN] | _defects[ofNaN]) != 0)
            throw reader.Corrupt("a score of NaN");

        if ((ulong)_regionOverlap.Sum() != (ulong)_regions << OverlapBits || (ulong)_imageOverlap.Sum() != (ulong)_anomalousImages << OverlapBits
            || _regions < _anomalousImages || _regions > defects
            || GridBins.FromTheTop(_defects, _regionOverlap, _imageOverlap).Any(bin => bin.First == 0 || bin.Second == 0 || bin.Third == 0))
        {
            throw reader.Corrupt($"{_regions} regions in {_anomalousImages} images, which are not those of the defects,");
        }

        int[] bins = [.. GridBins.FromTheTop(_normalImages, _normalImages, _normalImages).Select(bin => bin.Bin).Where(bin => bin < ofNaN)];
        (float lowest, float highest) = _normalRange;
        bool isRange = bins.Length == 0 ? lowest == float.PositiveInfinity && highest == float.NegativeInfinity
            : lowest >= 0 && lowest <= highest && highest <= ScoreNormalizer.MaximumScore
                && GridBins.BinOf(lowest) == bins[^1] && GridBins.BinOf(highest) == bins[0];
        bool isSize = _normalImagePixels switch
        {
            0 => normal == 0,
            MixedSizes => normal > 0,
            _ => _normalImagePixels > 0 && normal > 0 && normal % (ulong)_normalImagePixels == 0,
        };
        if (!isRange || !isSize)
            throw reader.Corrupt("a range or a size that is not that of the normal images");
    }

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
        double place = ScoreNormalizer.RequireFinite(threshold, nameof(threshold)) * GridBins.PerUnit;
        double below = Math.Floor(place) / GridBins.PerUnit, above = Math.Ceiling(place) / GridBins.PerUnit;
        return below == above
            ? (int)Math.Clamp(place, 0, GridBins.Length - 1)
            : throw new ArgumentOutOfRangeException(nameof(threshold), threshold, string.Create(CultureInfo.InvariantCulture,
                $"The precision Grid counts at multiples of 1/1024. The nearest are {below} and {above}."));
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
                ofImage[next] = (ulong)(GridBins.Length - GridBins.BinOf(score));
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

    private static void Distribute(ReadOnlySpan<ulong> pixels, GridBins bins)
    {
        ulong given = 0;
        for (int i = 0; i < pixels.Length; i++)
        {
            ulong due = ((ulong)(i + 1) << OverlapBits) / (ulong)pixels.Length;
            bins.Add(GridBins.Length - (int)(uint)pixels[i], due - given);
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
        return new(Points(), _defects.Sum(), Normal());

        IEnumerable<CurvePoint> Points()
        {
            long found = 0, above = 0;
            foreach ((int bin, long defects, long normal) in FromTheTop())
            {
                long atLeast = above + normal;
                if (defects > 0)
                {
                    found += defects;
                    long falsePositives = normalFirst ? atLeast : above;
                    yield return new(bin / GridBins.PerUnit, found, falsePositives, falsePositives);
                }

                above = atLeast;
            }
        }
    }

    /// <summary>Each bin in which there is a pixel.</summary>
    private IEnumerable<(int Bin, long Defects, long Normal)> FromTheTop()
        => GridBins.FromTheTop(_defects, _normalImages, _normalAmongDefects).Select(bin => (bin.Bin, (long)bin.First, (long)(bin.Second + bin.Third)));

    private ConfusionCounts CountsAt(int bin)
        => new(_defects.Sum(bin), Normal(bin), Normal(0, bin), _defects.Sum(0, bin));

    private long Normal(int start = 0, int end = GridBins.Length) => _normalImages.Sum(start, end) + _normalAmongDefects.Sum(start, end);

    private double OverlapArea(ThresholdCurve curve)
    {
        var overlap = new RegionOverlap(options.FalsePositiveRateLimit * curve.Negatives);
        foreach (CurvePoint point in curve.Points)
            overlap.Add(point, 1UL << OverlapBits, _regionOverlap[GridBins.BinOf((float)point.Score)]);
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
