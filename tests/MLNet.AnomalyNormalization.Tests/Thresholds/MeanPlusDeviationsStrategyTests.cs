namespace MLNet.AnomalyNormalization.Tests.Thresholds;

[TestClass]
public sealed class MeanPlusDeviationsStrategyTests
{
    [TestMethod]
    public void The_threshold_uses_the_sample_standard_deviation_of_normal_rows_alone()
    {
        // 2, 4, 4, 4, 5, 5, 7, 9: mean 5, sum of squared deviations 32.
        float[] scores = [2, 4, 4, 4, 5, 5, 7, 9, 100];
        bool[] isAnomalous = [false, false, false, false, false, false, false, false, true];
        double deviation = Math.Sqrt(32 / 7.0);
        ThresholdFit fit = ThresholdStrategy.MeanPlusDeviations(2).Fit(scores, isAnomalous);
        Assert.AreEqual(5 + (2 * deviation), fit.Threshold);

        double margin = 1.959963984540054 * deviation * Math.Sqrt((1 / 8.0) + (4 / 14.0));
        Assert.AreEqual(fit.Threshold - margin, fit.LowerBound, 1e-14);
        Assert.AreEqual(fit.Threshold + margin, fit.UpperBound, 1e-14);
        Assert.AreEqual((0, 1, 1), (fit.FalsePositiveRate, fit.Recall, fit.F1Score));
    }

    [TestMethod]
    public void A_large_offset_costs_no_digits()
    {
        float[] scores = [16777214, 16777215, 16777216];
        Assert.AreEqual(16777218, ThresholdStrategy.MeanPlusDeviations(3).Fit(scores, new bool[3]).Threshold);
    }

    [TestMethod]
    public void Rows_that_are_all_equal_give_their_score()
    {
        ThresholdFit fit = ThresholdStrategy.MeanPlusDeviations(3).Fit([0.1f, 0.1f, 0.1f], new bool[3]);
        Assert.AreEqual((0.1f, 0.1f, 0.1f, 1), (fit.LowerBound, fit.Threshold, fit.UpperBound, fit.FalsePositiveRate));
    }

    [TestMethod]
    public void One_row_has_no_deviation_and_is_refused()
    {
        var refusal = Assert.ThrowsExactly<InvalidOperationException>(() => ThresholdStrategy.MeanPlusDeviations(3).Fit([1], [false]));
        StringAssert.Contains(refusal.Message, "at least 2 normal rows, but found 1");
        StringAssert.Contains(refusal.Message, "use Quantile");
    }

    [TestMethod]
    public void A_threshold_beyond_the_floats_is_refused()
        => Assert.ThrowsExactly<InvalidOperationException>(
            () => ThresholdStrategy.MeanPlusDeviations(3).Fit([float.MaxValue, float.MinValue], new bool[2]));

    [TestMethod]
    public void A_threshold_that_floats_cannot_tell_from_zero_is_zero()
        => Assert.AreEqual(0, ThresholdStrategy.MeanPlusDeviations(0).Fit([0, 0, float.Epsilon], new bool[3]).Threshold);

    [TestMethod]
    public void The_interval_has_the_coverage_that_it_claims_for_normally_distributed_scores()
    {
        // The true threshold of mean 10, deviation 2 and a count of 3 is 16. 95 % of 1,000, and four times its standard error of 7.
        var random = new Random(5);
        int covered = 0;
        for (int repeat = 0; repeat < 1000; repeat++)
        {
            float[] scores = [.. Enumerable.Range(0, 100).Select(_ => (float)(10 + (2 * NextNormal(random))))];
            ThresholdFit fit = ThresholdStrategy.MeanPlusDeviations(3).Fit(scores, new bool[100]);
            covered += fit.LowerBound <= 16 && 16 <= fit.UpperBound ? 1 : 0;
        }

        Assert.IsInRange(922, 978, covered);
    }

    // Box and Muller.
    private static double NextNormal(Random random)
        => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
