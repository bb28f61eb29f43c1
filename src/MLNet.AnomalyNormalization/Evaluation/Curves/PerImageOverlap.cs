using System.Globalization;
using System.Numerics.Tensors;
using MLNet.AnomalyNormalization.Evaluation.Pixels;
using MLNet.AnomalyNormalization.Scale;

namespace MLNet.AnomalyNormalization.Evaluation.Curves;

/// <summary>
/// The area under the per-image overlap curve (AUPIMO; Bertoldo, Ashton, Cardoso: "AUPIMO: Redefining Visual Anomaly Detection Benchmarks
/// with High Speed and Low Tolerance", 2024), as anomalib computes it: at thresholds evenly spaced over the scores of the normal images,
/// the share of an image's defect pixels found, integrated by trapezoids over the logarithm of the false positive rate.
/// </summary>
internal sealed class PerImageOverlap
{
    /// <summary>Fewer thresholds than these between the bounds make no area (anomalib's limit).</summary>
    public const int FewestPoints = 31;

    private readonly float[] _thresholds;
    private readonly float _thresholdsPerUnit;
    private readonly double _logRange;
    private readonly int _first;
    private readonly double[] _logRates;
    private readonly string? _reason;

    private PerImageOverlap(
        float[] thresholds, IReadOnlyList<ImagePixels> normal, PixelEvaluatorOptions options, int threads, CancellationToken cancellationToken)
    {
        _thresholds = thresholds;
        _thresholdsPerUnit = (thresholds.Length - 1) / (thresholds[^1] - thresholds[0]);
        _logRange = Math.Log(options.PerImageOverlapUpperBound / options.PerImageOverlapLowerBound);

        double[] rates = FalsePositiveRates(normal, threads, cancellationToken);
        if (rates[^1] > options.PerImageOverlapLowerBound)
        {
            _logRates = [];
            _reason = BelowResolution(rates[^1], options.PerImageOverlapLowerBound);
            return;
        }

        _first = Nearest(rates, options.PerImageOverlapUpperBound);
        int last = Nearest(rates, options.PerImageOverlapLowerBound);
        while (last >= _first && rates[last] == 0)
            last--;
        _logRates = [.. rates.Skip(_first).Take(last + 1 - _first).Select(rate => Math.Log(rate))];
        _reason = _logRates.Length >= FewestPoints ? null
            : $"needs {FewestPoints} thresholds whose false positive rates lie between the bounds; there are {_logRates.Length}. "
                + "Raise PerImageOverlapThresholds, or set the bounds further apart";
    }

    /// <summary>Why there is no area, as far as it can be told before thresholds are made; null if nothing stands against it.</summary>
    public static string? ReasonFor(PixelEvaluatorOptions options, bool hasNormalImages, bool hasAnomalousImages)
        => options.PerImageOverlapThresholds == 0 ? "was left out: PerImageOverlapThresholds is 0"
            : !hasNormalImages ? "needs a normal image, one without a defect in its mask"
            : !hasAnomalousImages ? "needs an image with a defect in its mask"
            : null;

    /// <summary>Why there is no area where the scores of normal images give no thresholds.</summary>
    public static string WithoutThresholds(float lowest, float highest, PixelEvaluatorOptions options)
        => string.Create(CultureInfo.InvariantCulture,
            $"needs at least {FewestPoints} distinct thresholds; PerImageOverlapThresholds is {options.PerImageOverlapThresholds}, ")
            + string.Create(CultureInfo.InvariantCulture, $"and the finite scores of normal images go from {lowest} to {highest}");

    /// <summary>Why there is no area where one pixel is more than the lower bound.</summary>
    public static string BelowResolution(double smallestRate, double lowerBound)
        => string.Create(CultureInfo.InvariantCulture,
            $"needs more normal pixels: the highest threshold leaves the false positive rate {smallestRate:G3}, above the lower bound ")
            + string.Create(CultureInfo.InvariantCulture, $"{lowerBound:G3}. Add normal images, or raise PerImageOverlapLowerBound");

    /// <summary>
    /// AUPIMO for every image, NaN for normal ones and where it is undefined, with the reason for that; nothing if it was left out.
    /// </summary>
    public static (double[] Areas, string? Reason) Areas(
        IReadOnlyList<ImagePixels> images, PixelEvaluatorOptions options, int threads, CancellationToken cancellationToken)
    {
        var areas = new double[options.PerImageOverlapThresholds == 0 ? 0 : images.Count];
        Array.Fill(areas, double.NaN);
        ImagePixels[] normal = [.. images.Where(image => image is { Defects.Length: 0, Normal.Length: > 0 })];
        if (ReasonFor(options, normal.Length > 0, images.Any(image => image.Defects.Length > 0)) is { } reason)
            return (areas, reason);

        float lowest = float.PositiveInfinity, highest = float.NegativeInfinity;
        foreach (ImagePixels image in normal)
        {
            cancellationToken.ThrowIfCancellationRequested();
            (float lowestOfImage, float highestOfImage) = (TensorPrimitives.Min<float>(image.Normal), TensorPrimitives.Max<float>(image.Normal));
            if (!float.IsFinite(highestOfImage - lowestOfImage))
                (lowestOfImage, highestOfImage) = RangeBelow(image.Normal, float.PositiveInfinity);
            lowest = Math.Min(lowest, lowestOfImage);
            highest = Math.Max(highest, highestOfImage);
        }

        if (Thresholds(lowest, highest, options.PerImageOverlapThresholds) is not { } thresholds)
            return (areas, WithoutThresholds(lowest, highest, options));

        var overlap = new PerImageOverlap(thresholds, normal, options, threads, cancellationToken);
        if (overlap._reason is null)
        {
            for (int i = 0; i < areas.Length; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (images[i].Defects.Length > 0)
                    areas[i] = overlap.Area(images[i].Defects);
            }
        }

        return (areas, overlap._reason);
    }

    /// <summary>The mean of the areas that are defined, the same for every order of the images; NaN without any.</summary>
    public static double Mean(double[] areas)
    {
        double[] defined = [.. areas.Where(area => !double.IsNaN(area)).Order()];
        var sum = new CompensatedSum();
        foreach (double area in defined)
            sum.Add(area);
        return sum.Value / defined.Length;
    }

    /// <summary>
    /// The range of the finite scores below a limit. What lies above, NaN that counts as anomalous among it, reaches every threshold and has
    /// no say in where they are.
    /// </summary>
    public static (float Lowest, float Highest) RangeBelow(ReadOnlySpan<float> scores, float limit)
    {
        (float lowest, float highest) = (float.PositiveInfinity, float.NegativeInfinity);
        foreach (float score in scores)
        {
            if (score > float.NegativeInfinity && score < limit)
                (lowest, highest) = (Math.Min(lowest, score), Math.Max(highest, score));
        }

        return (lowest, highest);
    }

    /// <summary>
    /// Evenly spaced thresholds with the bits of torch.linspace: computed in Single with fused operations, from both ends, in blocks of
    /// eight that go two by two, what is left one by one. Null if they are not distinct.
    /// </summary>
    public static float[]? Thresholds(float start, float end, int count)
    {
        if (count < FewestPoints || !float.IsFinite(end - start))
            return null;

        float step = (end - start) / (count - 1);
        var thresholds = new float[count];
        for (int i = 0; i < count; i++)
        {
            int block = i < (count & ~15) ? i & ~7 : i;
            float first = block < count / 2
                ? MathF.FusedMultiplyAdd(step, block, start)
                : MathF.FusedMultiplyAdd(-step, count - 1 - block, end);
            thresholds[i] = MathF.FusedMultiplyAdd(step, i - block, first);
            if (i > 0 && !(thresholds[i] > thresholds[i - 1]))
                return null;
        }

        return thresholds;
    }

    /// <summary>The mean over the images of the share of pixels at or above each threshold; images of one size count together.</summary>
    private double[] FalsePositiveRates(IReadOnlyList<ImagePixels> normal, int threads, CancellationToken cancellationToken)
    {
        var rates = new double[_thresholds.Length];
        foreach (IGrouping<int, ImagePixels> group in normal.GroupBy(image => image.Normal.Length).OrderBy(group => group.Key))
        {
            // Counter k takes the scores from threshold k - 1 up to threshold k.
            long[] counts = ParallelTally.Sum([.. group], _thresholds.Length + 1, threads, (image, counters) =>
            {
                foreach (float score in image.Normal)
                    counters[LastReached(score) + 1]++;
            }, cancellationToken);

            double pixels = (double)group.Key * normal.Count;
            long atLeast = 0;
            for (int k = rates.Length - 1; k >= 0; k--)
            {
                atLeast += counts[k + 1];
                rates[k] += atLeast / pixels;
            }
        }

        return rates;
    }

    /// <summary>The last threshold that the score reaches; -1 if it is below all.</summary>
    private int LastReached(float score)
    {
        float[] thresholds = _thresholds;
        if (score >= thresholds[^1])
            return thresholds.Length - 1;
        if (score < thresholds[0])
            return -1;

        // The thresholds are evenly spaced up to rounding, so that the guess is next to the place.
        int guess = Math.Min((int)((score - thresholds[0]) * _thresholdsPerUnit), thresholds.Length - 2);
        while (thresholds[guess] > score)
            guess--;
        while (thresholds[guess + 1] <= score)
            guess++;
        return guess;
    }

    /// <summary>The first of the falling rates that is nearest to a bound.</summary>
    private static int Nearest(double[] rates, double bound)
    {
        int nearest = 0;
        for (int k = 1; k < rates.Length; k++)
        {
            if (Math.Abs(rates[k] - bound) < Math.Abs(rates[nearest] - bound))
                nearest = k;
        }

        return nearest;
    }

    /// <summary>
    /// The area of one image, summed over its defect pixels instead of thresholds: the trapezoids that a pixel contributes to add up to the
    /// distance from the upper bound's rate to the middle of the two rates around the pixel's score.
    /// </summary>
    private double Area(ulong[] defects)
    {
        var sum = new CompensatedSum();
        foreach (ulong defect in defects)
        {
            int k = LastReached(ScoreKey.ToScore((uint)(defect >> 32))) - _first;
            if (k >= _logRates.Length - 1)
                sum.Add(_logRates[0] - _logRates[^1]);
            else if (k >= 0)
                sum.Add(_logRates[0] - (_logRates[k] + _logRates[k + 1]) / 2);
        }

        return Math.Clamp(sum.Value / defects.Length / _logRange, 0, 1);
    }
}
