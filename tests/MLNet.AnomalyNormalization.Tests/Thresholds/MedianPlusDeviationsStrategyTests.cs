using CsCheck;

namespace MLNet.AnomalyNormalization.Tests.Thresholds;

[TestClass]
public sealed class MedianPlusDeviationsStrategyTests
{
    [TestMethod]
    public void The_threshold_is_the_median_plus_scaled_median_distances()
        => Gen.OneOf(Gen.Int[-4, 4].Select(i => i / 4.0), Gen.Double[-100, 100], Gen.Int[0, 50].Select(i => 1000 + (i * 1e-9))).Array[1, 40].Check(scores =>
        {
            double median = Median(scores);
            double expected = median + (2 * 1.482602218505602 * Median([.. scores.Select(score => Math.Abs(score - median))]));
            Assert.AreEqual(expected, ThresholdStrategy.MedianPlusDeviations(2).Fit(scores).Threshold, 1e-12 * Math.Max(1, Math.Abs(expected)));

            float[] single = Array.ConvertAll(scores, score => (float)score);
            double[] widened = Array.ConvertAll(single, score => (double)score);
            Assert.AreEqual(
                ThresholdStrategy.MedianPlusDeviations(2).Fit(widened).Threshold, ThresholdStrategy.MedianPlusDeviations(2).Fit(single).Threshold);
        }, seed: "0000KDXOm2k3", iter: 60);

    [TestMethod]
    public void Outliers_do_not_move_it_far()
    {
        float[] scores = [.. Enumerable.Range(0, 60).Select(i => i % 10), .. Enumerable.Range(0, 20).Select(i => 1e6f * i), float.PositiveInfinity];
        Assert.IsLessThan(40, ThresholdStrategy.MedianPlusDeviations(3).Fit(scores).Threshold);
    }

    [TestMethod]
    public void Scores_of_which_half_are_equal_are_flagged()
    {
        ThresholdFit fit = ThresholdStrategy.MedianPlusDeviations(3).Fit([5f, 5f, 5f, 9f]);
        Assert.AreEqual(5, fit.Threshold);
        StringAssert.Contains(fit.Warning, "At least half of the normal scores are 5");
        Assert.IsNull(ThresholdStrategy.MedianPlusDeviations(3).Fit([1f, 2f, 3f]).Warning);
    }

    [TestMethod]
    public void The_interval_has_the_coverage_that_it_claims_for_normally_distributed_scores()
    {
        // The true threshold of mean 10, deviation 2 and a count of 3 is 16. 95 % of 600, and four times its standard error of 5.3.
        var random = new Random(5);
        int covered = 0;
        for (int repeat = 0; repeat < 600; repeat++)
        {
            ThresholdFit fit = ThresholdStrategy.MedianPlusDeviations(3).Fit(
                (float[])[.. Enumerable.Range(0, 200).Select(_ => (float)(10 + (2 * DataViews.FeatureRow.Normal(random))))]);
            covered += fit.LowerBound <= 16 && 16 <= fit.UpperBound ? 1 : 0;
        }

        Assert.IsInRange(549, 591, covered);
    }

    private static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(values.Length - 1) / 2] / 2) + (sorted[values.Length / 2] / 2);
    }
}
