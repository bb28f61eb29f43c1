using System.Text.Json.Serialization;
using MLNet.AnomalyNormalization.Notebooks;

namespace MLNet.AnomalyNormalization.Evaluation;

/// <summary>
/// What a <see cref="PixelEvaluator"/> computes, over all pixels of all images. In exact precision every half-width is 0; on the grid the
/// area is the middle of an interval that provably holds the exact one, rounding included, and the half-width is half its length; where an
/// area is NaN, so is its half-width.
/// </summary>
[JsonNumberHandling(JsonNumberHandling.AllowNamedFloatingPointLiterals)]
public sealed record PixelMetrics : DetectionMetrics
{
    /// <summary>
    /// The area under the per-region overlap curve (AUPRO), 0..1: with PRO(t) the mean over all regions of the share of the region's
    /// pixels at or above t, and FPR(t) the share of normal pixels at or above t, the integral of PRO over FPR from 0 to
    /// <see cref="PixelEvaluatorOptions.FalsePositiveRateLimit"/> by trapezoids between the points of distinct scores, divided by that
    /// limit (Bergmann et al., MVTec AD, IJCV 2021). NaN without a region or without a normal pixel.
    /// </summary>
    public double AreaUnderPerRegionOverlap { get; init; }

    /// <summary>
    /// The area under the per-image overlap curve (AUPIMO; Bertoldo et al., 2024, as in anomalib), 0..1: the mean of
    /// <see cref="AreaUnderPerImageOverlaps"/> over anomalous images. NaN if there is no normal or no anomalous image, if the lower bound
    /// is below the smallest false positive rate that can be resolved (one pixel of the normal images), if 30 thresholds or fewer lie
    /// within the bounds, if the thresholds are not distinct in Single or not finite, and if the metric was left out. On the grid also if
    /// normal images differ in size, or if the counts can't tell whether the area is defined.
    /// </summary>
    public double AreaUnderPerImageOverlap { get; init; }

    /// <summary>
    /// AUPIMO image by image, in the order of Add and Merge, NaN for normal images: the share of the image's defect pixels that is found,
    /// averaged over the logarithm of the false positive rate on normal images between
    /// <see cref="PixelEvaluatorOptions.PerImageOverlapLowerBound"/> and <see cref="PixelEvaluatorOptions.PerImageOverlapUpperBound"/>.
    /// Empty if the metric was left out, and on the grid, which keeps no images apart.
    /// </summary>
    public IReadOnlyList<double> AreaUnderPerImageOverlaps { get; init => field = new EquatableList(value); } = new EquatableList([]);

    /// <summary>The certified half-width of <see cref="DetectionMetrics.AreaUnderRocCurve"/>; 0 in exact precision.</summary>
    public double AreaUnderRocCurveError { get; init; }

    /// <summary>The certified half-width of <see cref="DetectionMetrics.AreaUnderPrecisionRecallCurve"/>; 0 in exact precision.</summary>
    public double AreaUnderPrecisionRecallCurveError { get; init; }

    /// <summary>The certified half-width of <see cref="DetectionMetrics.MaximumF1Score"/>; 0 in exact precision.</summary>
    public double MaximumF1ScoreError { get; init; }

    /// <summary>The certified half-width of <see cref="AreaUnderPerRegionOverlap"/>; 0 in exact precision.</summary>
    public double AreaUnderPerRegionOverlapError { get; init; }

    /// <summary>The certified half-width of <see cref="AreaUnderPerImageOverlap"/>; 0 in exact precision.</summary>
    public double AreaUnderPerImageOverlapError { get; init; }

    /// <summary>Why <see cref="AreaUnderPerImageOverlap"/> is NaN; null where it is defined.</summary>
    public string? PerImageOverlapReason { get; init; }

    /// <summary>A table of several lines, the same in every culture.</summary>
    public override string ToString() => Table.Of(this)!.ToString();

    private protected override IEnumerable<(string Name, double Value, string Needs)> Definitions() =>
    [
        .. base.Definitions(),
        (nameof(AreaUnderPerRegionOverlap), AreaUnderPerRegionOverlap, "needs a region of defects and a normal pixel"),
        (nameof(AreaUnderPerImageOverlap), AreaUnderPerImageOverlap, PerImageOverlapReason ?? "was computed without a reason"),
    ];
}
