using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using MLNet.AnomalyNormalization.Evaluation.Curves;
using MLNet.AnomalyNormalization.Evaluation.State;
using MLNet.AnomalyNormalization.Scale;

namespace MLNet.AnomalyNormalization.Evaluation.Pixels;

/// <summary>The scores of one image.</summary>
/// <param name="Normal">The pixels outside the mask.</param>
/// <param name="Defects">The pixels within it: score key in the upper half, size of the pixel's region in the lower.</param>
internal sealed record ImagePixels(float[] Normal, ulong[] Defects);

/// <summary>Every score of every pixel: 4 bytes for a normal one, 8 for a defect.</summary>
internal sealed class ExactPixels(PixelEvaluatorOptions options) : PixelState
{
    private readonly List<ImagePixels> _images = [];

    public override float TopScore => float.PositiveInfinity;

    public override int? ImageCount => _images.Count;

    public override void Add(ReadOnlySpan<float> map, RegionRuns regions)
    {
        float[] normal = GC.AllocateUninitializedArray<float>(map.Length - regions.Pixels);
        var defects = new ulong[regions.Pixels];
        int next = 0, normals = 0, defect = 0;
        for (int i = 0; i < regions.Runs.Length; i++)
        {
            RegionRuns.Run run = regions.Runs[i];
            CopyNormal(map[next..run.Start]);
            next = run.End;

            ulong size = (ulong)regions.SizeOf(regions.RegionOf(i));
            foreach (float score in map[run.Start..run.End])
                defects[defect++] = ((ulong)ScoreKey.Of(score + 0f) << 32) | size;
        }

        CopyNormal(map[next..]);
        _images.Add(new(normal, defects));

        // Adding 0 turns -0 into +0, its equal.
        void CopyNormal(ReadOnlySpan<float> scores)
        {
            TensorPrimitives.Add(scores, 0f, normal.AsSpan(normals));
            normals += scores.Length;
        }
    }

    public override void Merge(PixelState other) => _images.AddRange(((ExactPixels)other)._images);

    public override PixelMetrics Compute(double threshold, int falsePositiveCount, int threads, CancellationToken cancellationToken)
    {
        float decision = ThresholdCurve.RequireThreshold(threshold);
        ulong[] defects = SortedDefects(cancellationToken);
        var curve = ThresholdCurve.Of(defects, [.. _images.Select(image => image.Normal)], decision, threads, cancellationToken);
        (double[] perImage, string? reason) = PerImageOverlap.Areas(_images, options, threads, cancellationToken);
        return curve.Metrics<PixelMetrics>(threshold, decision, falsePositiveCount) with
        {
            AreaUnderPerRegionOverlap = RegionOverlap.Area(defects, curve, options.FalsePositiveRateLimit),
            AreaUnderPerImageOverlap = PerImageOverlap.Mean(perImage),
            AreaUnderPerImageOverlaps = perImage,
            PerImageOverlapReason = reason,
        };
    }

    public override ScoreCurve ComputeCurve(int threads, CancellationToken cancellationToken)
    {
        ulong[] defects = SortedDefects(cancellationToken);
        var curve = ThresholdCurve.Of(defects, [.. _images.Select(image => image.Normal)], (float)ScoreNormalizer.DecisionScore,
            threads, cancellationToken);
        double regions = 0;
        foreach (ulong defect in defects)
            regions += 1.0 / (uint)defect;

        var overlap = new CompensatedSum();
        var points = new List<ScoreCurvePoint> { new(double.PositiveInfinity, curve.Counts(0, 0), regions > 0 ? 0 : double.NaN) };
        int left = defects.Length;
        foreach (CurvePoint point in curve.Points)
        {
            // What lies between two defects is found just above the lower one, and makes the curve go sideways.
            ScoreCurvePoint last = points[^1];
            if (point.FalsePositivesAbove > last.Counts.FalsePositives)
            {
                points.Add(new(float.BitIncrement((float)point.Score),
                    curve.Counts(last.Counts.TruePositives, point.FalsePositivesAbove), last.RegionOverlap));
            }

            for (uint key = ScoreKey.Of((float)point.Score); left > 0 && (uint)(defects[left - 1] >> 32) == key; left--)
                overlap.Add(1.0 / (uint)defects[left - 1]);
            points.Add(new(point.Score, curve.Counts(point.TruePositives, point.FalsePositives), overlap.Value / regions));
        }

        if (points[^1].Counts is { TrueNegatives: > 0 } counts)
            points.Add(new(double.NegativeInfinity, curve.Counts(counts.TruePositives, curve.Negatives), points[^1].RegionOverlap));
        return new(points, isComplete: false);
    }

    public override void WriteTo(StateWriter writer)
    {
        writer.Write(_images.Count);
        foreach (ImagePixels image in _images)
        {
            writer.Write(image.Normal.Length);
            writer.Write(image.Defects.Length);
            writer.Write<float>(image.Normal);
            writer.Write<ulong>(image.Defects);
        }
    }

    public override void ReadFrom(StateReader reader)
    {
        for (int left = reader.ReadCount(); left > 0; left--)
        {
            int normal = reader.ReadCount(), defects = reader.ReadCount();
            var image = new ImagePixels(reader.ReadArray<float>(normal), reader.ReadArray<ulong>(defects));
            Check(image, reader);
            _images.Add(image);
        }
    }

    // What a writer of ours can't have written, but whoever makes a right checksum can.
    private static void Check(ImagePixels image, StateReader reader)
    {
        if (NaNs.IndexIn<float>(image.Normal) >= 0 || MemoryMarshal.Cast<float, int>(image.Normal).Contains(BitConverter.SingleToInt32Bits(-0f)))
            throw reader.Corrupt("a score of NaN, or -0");

        var pixelsBySize = new Dictionary<uint, long>();
        foreach (ulong defect in image.Defects)
        {
            if (ScoreKey.ToScore((uint)(defect >> 32)) is var score && (float.IsNaN(score) || (score == 0 && float.IsNegative(score))))
                throw reader.Corrupt("a defect with a score of NaN, or -0");
            CollectionsMarshal.GetValueRefOrAddDefault(pixelsBySize, (uint)defect, out _)++;
        }

        foreach ((uint size, long pixels) in pixelsBySize)
        {
            if (size == 0 || pixels % size != 0)
                throw reader.Corrupt($"{pixels} pixels of regions of {size}");
        }
    }

    private ulong[] SortedDefects(CancellationToken cancellationToken)
    {
        long count = _images.Sum(image => (long)image.Defects.Length);
        if (count > Array.MaxLength)
        {
            throw new InvalidOperationException(
                $"There are {count} defect pixels; exact precision sorts at most {Array.MaxLength}. Use the precision Grid.");
        }

        var defects = new ulong[count];
        int next = 0;
        foreach (ImagePixels image in _images)
        {
            cancellationToken.ThrowIfCancellationRequested();
            image.Defects.CopyTo(defects, next);
            next += image.Defects.Length;
        }

        return RadixSort.Sort(defects, cancellationToken);
    }
}
