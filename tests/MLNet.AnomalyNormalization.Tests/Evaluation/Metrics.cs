using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Tests.Evaluation;

/// <summary>Comparisons of metrics, for which NaN equals NaN.</summary>
internal static class Metrics
{
    public static void Near(double expected, double actual, double tolerance, string what)
    {
        if (double.IsNaN(expected))
            Assert.IsTrue(double.IsNaN(actual), $"{what}: expected NaN, got {actual}");
        else
            Assert.AreEqual(expected, actual, tolerance, what);
    }

    /// <summary>Every value of the grid lies as near to the exact one as the grid certifies.</summary>
    public static void Certified(PixelMetrics exact, PixelMetrics grid)
    {
        Assert.AreEqual(exact.Counts, grid.Counts);
        Near(exact.AreaUnderRocCurve, grid.AreaUnderRocCurve, grid.AreaUnderRocCurveError, "AUROC");
        Near(exact.AreaUnderPrecisionRecallCurve, grid.AreaUnderPrecisionRecallCurve, grid.AreaUnderPrecisionRecallCurveError,
            "average precision");
        Near(exact.MaximumF1Score, grid.MaximumF1Score, grid.MaximumF1ScoreError, "maximum F1");
        Near(exact.AreaUnderPerRegionOverlap, grid.AreaUnderPerRegionOverlap, grid.AreaUnderPerRegionOverlapError, "AUPRO");
        if (!double.IsNaN(grid.AreaUnderPerImageOverlap))
            Near(exact.AreaUnderPerImageOverlap, grid.AreaUnderPerImageOverlap, grid.AreaUnderPerImageOverlapError, "AUPIMO");
    }

    public static void SameBits(PixelMetrics expected, PixelMetrics actual)
    {
        CollectionAssert.AreEqual(expected.AreaUnderPerImageOverlaps.ToArray(), actual.AreaUnderPerImageOverlaps.ToArray());
        SameBitsButOrder(expected, actual);
    }

    /// <summary>The same but for the order of the values per image, which is the order of adding.</summary>
    public static void SameBitsButOrder(PixelMetrics expected, PixelMetrics actual)
    {
        CollectionAssert.AreEqual(expected.AreaUnderPerImageOverlaps.Order().ToArray(), actual.AreaUnderPerImageOverlaps.Order().ToArray());
        Assert.AreEqual(expected with { AreaUnderPerImageOverlaps = [] }, actual with { AreaUnderPerImageOverlaps = [] });
    }
}
