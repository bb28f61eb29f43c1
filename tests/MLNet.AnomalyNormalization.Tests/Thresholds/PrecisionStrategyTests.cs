using CsCheck;

namespace MLNet.AnomalyNormalization.Tests.Thresholds;

[TestClass]
public sealed class PrecisionStrategyTests
{
    [TestMethod]
    public void The_threshold_is_the_lowest_anomalous_score_with_the_precision()
        => Gen.Select(
            Gen.Select(Gen.OneOf(Gen.Int[0, 8].Select(i => i / 4f), Gen.Float[-3, 3], Gen.Int[0, 60].Select(i => 1 + (i * 1e-6f))), Gen.Bool).Array[2, 60],
            Gen.Int[1, 100]).Check((rows, percent) =>
        {
            float[] scores = [.. rows.Select(row => row.Item1)];
            bool[] isAnomalous = [.. rows.Select(row => row.Item2)];
            if (isAnomalous.Distinct().Count() < 2)
                return;

            float[] enough = [.. rows.Where(row => row.Item2).Select(row => row.Item1).Where(score =>
                100 * rows.Count(row => row.Item2 && row.Item1 >= score) >= percent * rows.Count(row => row.Item1 >= score))];
            ThresholdStrategy strategy = ThresholdStrategy.Precision(percent / 100.0);
            if (enough.Length == 0)
            {
                StringAssert.Contains(
                    Assert.ThrowsExactly<InvalidOperationException>(() => strategy.Fit(scores, isAnomalous)).Message, "is not reached at any of the scores");
                return;
            }

            ThresholdFit fit = strategy.Fit(scores, isAnomalous);
            Assert.AreEqual(enough.Min(), fit.Threshold);
            Assert.AreEqual(enough.Min(), strategy.Fit(Array.ConvertAll(scores, score => (double)score), isAnomalous).Threshold);
        }, seed: "0000KDXOm2k3", iter: 100);

    [TestMethod]
    public void The_interval_covers_the_threshold_that_has_the_precision_in_truth()
    {
        // Normal scores uniform on 0..1, twice as many anomalous ones uniform on 0..2: at or above t < 1, 2 - t of 3 - 2 t are anomalous,
        // three quarters of them at t = 0.5. 95 % of 400, and four times its standard error of 4.4; more is no harm.
        var random = new Random(3);
        int covered = 0;
        for (int repeat = 0; repeat < 400; repeat++)
        {
            bool[] isAnomalous = [.. Enumerable.Range(0, 300).Select(i => i % 3 != 0)];
            float[] scores = [.. isAnomalous.Select(anomalous => (anomalous ? 2 : 1) * random.NextSingle())];
            ThresholdFit fit = ThresholdStrategy.Precision(0.75).Fit(scores, isAnomalous);
            covered += fit.LowerBound <= 0.5 && 0.5 <= fit.UpperBound ? 1 : 0;
        }

        Console.WriteLine($"covered {covered} of 400");
        Assert.IsGreaterThanOrEqualTo(363, covered);
    }
}
