using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Tests.Evaluation;

[TestClass]
public class PixelMetricsTests
{
    [TestMethod]
    public void Metrics_with_the_same_values_are_equal()
    {
        PixelMetrics a = Metrics(double.NaN, 1), b = Metrics(double.NaN, 1), other = Metrics(double.NaN, 0.5);
        Assert.AreEqual(a, b);
        Assert.AreEqual(a.GetHashCode(), b.GetHashCode());
        Assert.AreNotEqual(a, other);
        Assert.AreNotEqual(a, a with { AreaUnderRocCurve = 0.5 });

        static PixelMetrics Metrics(params double[] values) => new() { AreaUnderRocCurve = double.NaN, AreaUnderPerImageOverlaps = values };
    }
}
