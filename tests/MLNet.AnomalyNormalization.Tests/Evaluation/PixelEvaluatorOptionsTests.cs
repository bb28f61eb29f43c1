using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Tests.Evaluation;

[TestClass]
public class PixelEvaluatorOptionsTests
{
    [TestMethod]
    [DataRow(0.0)]
    [DataRow(1.0001)]
    [DataRow(double.NaN)]
    public void A_rate_outside_0_to_1_is_refused(double rate)
    {
        Action[] actions =
        [
            () => _ = new PixelEvaluatorOptions { FalsePositiveRateLimit = rate },
            () => _ = new PixelEvaluatorOptions { PerImageOverlapLowerBound = rate },
            () => _ = new PixelEvaluatorOptions { PerImageOverlapUpperBound = rate },
        ];
        foreach (Action action in actions)
            Assert.AreEqual(rate, Assert.ThrowsExactly<ArgumentOutOfRangeException>(action).ActualValue);
    }

    [TestMethod]
    [DataRow(-1)]
    [DataRow((1 << 24) + 1)]
    public void A_number_of_thresholds_that_a_Single_cannot_count_is_refused(int count)
    {
        var e = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new PixelEvaluatorOptions { PerImageOverlapThresholds = count });
        Assert.AreEqual(count, e.ActualValue);
    }

    [TestMethod]
    public void A_value_that_no_enumeration_names_is_refused()
    {
        var e = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new PixelEvaluatorOptions { Precision = (EvaluationPrecision)7 });
        StringAssert.Contains(e.Message, "Exact, Grid");
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new PixelEvaluatorOptions { Connectivity = (RegionConnectivity)2 });
    }
}
