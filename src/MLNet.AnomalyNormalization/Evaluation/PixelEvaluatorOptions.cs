using System.Runtime.CompilerServices;
using MLNet.AnomalyNormalization.Scale;

namespace MLNet.AnomalyNormalization.Evaluation;

/// <summary>What a <see cref="PixelEvaluator"/> keeps and computes. Evaluators can be merged only if their options are equal.</summary>
public sealed record PixelEvaluatorOptions
{
    // Thresholds are numbered in Single, as torch.linspace does; beyond this number the numbers themselves would be rounded.
    private const int MostThresholds = 1 << 24;

    /// <summary>Whether every score is kept, or counted on a fixed grid in constant memory.</summary>
    public EvaluationPrecision Precision { get; init => field = DefinedEnum.Require(value); } = EvaluationPrecision.Exact;

    /// <summary>Which neighbours belong to one region of a mask.</summary>
    public RegionConnectivity Connectivity { get; init => field = DefinedEnum.Require(value); } = RegionConnectivity.Eight;

    /// <summary>The false positive rate up to which <see cref="PixelMetrics.AreaUnderPerRegionOverlap"/> goes, in (0, 1].</summary>
    public double FalsePositiveRateLimit { get; init => field = RequireRate(value); } = 0.3;

    /// <summary>
    /// The lower bound of the false positive rates of <see cref="PixelMetrics.AreaUnderPerImageOverlap"/>, in (0, 1] and less than
    /// <see cref="PerImageOverlapUpperBound"/>.
    /// </summary>
    public double PerImageOverlapLowerBound { get; init => field = RequireRate(value); } = 1e-5;

    /// <summary>The upper bound of the false positive rates of <see cref="PixelMetrics.AreaUnderPerImageOverlap"/>, in (0, 1].</summary>
    public double PerImageOverlapUpperBound { get; init => field = RequireRate(value); } = 1e-4;

    /// <summary>
    /// The number of thresholds of <see cref="PixelMetrics.AreaUnderPerImageOverlap"/>, evenly spaced over the scores of normal images:
    /// at most 2^24, and 0 to leave that metric out.
    /// </summary>
    public int PerImageOverlapThresholds
    {
        get;
        init => field = value is >= 0 and <= MostThresholds
            ? value
            : throw new ArgumentOutOfRangeException(nameof(PerImageOverlapThresholds), value,
                $"The number of thresholds must be at most {MostThresholds}, or 0 to leave the metric out.");
    } = 300_000;

    /// <summary>
    /// Whether a score of NaN counts as anomalous, above every finite score (in exact precision as positive infinity). Otherwise NaN is
    /// refused.
    /// </summary>
    public bool CountNaNAsAnomalous { get; init; }

    /// <summary>
    /// The value in masks of pixels that nobody knows, neither defect nor normal, which are left out; null if there are none.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is 0, which is that of normal pixels.</exception>
    public byte? IgnoredMaskValue
    {
        get;
        init => field = value is not 0
            ? value
            : throw new ArgumentOutOfRangeException(nameof(IgnoredMaskValue), value, "0 is the value of normal pixels; choose another one.");
    }

    private static double RequireRate(double value, [CallerMemberName] string name = "")
        => value is > 0 and <= 1
            ? value
            : throw new ArgumentOutOfRangeException(name, value, "A false positive rate must be greater than 0 and at most 1.");
}
