using CsCheck;

namespace MLNet.AnomalyNormalization.Tests.Thresholds;

[TestClass]
public sealed class MinimumCostStrategyTests
{
    [TestMethod]
    public void The_threshold_is_the_lowest_with_the_least_cost_of_all()
        => Gen.Select(
            Gen.Select(Gen.OneOf(Gen.Int[0, 8].Select(i => i / 4f), Gen.Float[-3, 3]), Gen.Bool).Array[2, 60],
            Gen.Int[1, 20], Gen.Int[1, 20], Gen.Int[0, 99]).Check((rows, reject, escape, percent) =>
        {
            float[] scores = [.. rows.Select(row => row.Item1)];
            bool[] isAnomalous = [.. rows.Select(row => row.Item2)];
            decimal anomalous = isAnomalous.Count(value => value), normal = rows.Length - anomalous;
            if (anomalous == 0 || normal == 0)
                return true;

            // 0 stands for the share in the rows.
            decimal prevalence = percent == 0 ? anomalous / rows.Length : percent / 100m;
            double threshold = ThresholdStrategy.MinimumCost(reject / 4.0, escape / 4.0, percent == 0 ? null : percent / 100.0)
                .Fit(scores, isAnomalous).Threshold;
            float[] all = [.. scores.Distinct().Order(), float.PositiveInfinity];
            decimal least = all.Min(Cost);
            float lowest = all.First(score => Cost(score) <= least + 1e-20m);

            // Between the scores costs are the same: midway where the classes are separable.
            return Math.Abs(Cost((float)threshold) - least) < 1e-20m
                && threshold <= (float.IsFinite(lowest) ? lowest : MathF.BitIncrement(scores.Max()));

            decimal Cost(float at)
                => (reject * (1 - prevalence) * rows.Count(row => !row.Item2 && row.Item1 >= at) / normal)
                    + (escape * prevalence * rows.Count(row => row.Item2 && row.Item1 < at) / anomalous);
        }, seed: "0000COst0001", iter: 300);

    [TestMethod]
    [DataRow(1, 1, null, 3, DisplayName = "as many defects as here: the clean cut")]
    [DataRow(1, 1000, null, 2, DisplayName = "an escape is dear: all defects, two good parts with them")]
    [DataRow(1, 1000, 0.0001, 3, DisplayName = "and rare: not worth it any more")]
    public void Costs_and_prevalence_move_the_threshold(double reject, double escape, double? prevalence, double expected)
    {
        float[] scores = [0, 0, 0, 0, 1, 2.5f, 2.5f, 2, 3, 4];
        bool[] isAnomalous = [false, false, false, false, false, false, false, true, true, true];
        Assert.AreEqual(expected, ThresholdStrategy.MinimumCost(reject, escape, prevalence).Fit(scores, isAnomalous).Threshold);
    }

    [TestMethod]
    public void Nothing_is_rejected_where_that_costs_least()
    {
        ThresholdFit fit = ThresholdStrategy.MinimumCost(1000, 1).Fit([1f, 2f, 3f, 2.5f], [false, false, false, true]);
        Assert.AreEqual(MathF.BitIncrement(3), fit.Threshold);
        Assert.AreEqual(0, fit.Recall);
    }

    [TestMethod]
    public void The_interval_covers_the_threshold_that_costs_least_in_truth()
    {
        // Normal scores uniform on 0..1, as many anomalous ones on 0..2. A row at t < 1 is anomalous with 1/3; it pays off to reject from a
        // share of 1/(1 + 3) = 1/4 on, everywhere, so that all is rejected; with costs of 3 and 1 from 3/4 on, only above 1.
        var random = new Random(5);
        int covered = 0;
        for (int repeat = 0; repeat < 400; repeat++)
        {
            bool[] isAnomalous = [.. Enumerable.Range(0, 300).Select(i => i % 2 != 0)];
            float[] scores = [.. isAnomalous.Select(anomalous => (anomalous ? 2 : 1) * random.NextSingle())];
            ThresholdFit fit = ThresholdStrategy.MinimumCost(3, 1).Fit(scores, isAnomalous);
            covered += fit.LowerBound <= 1 && 1 <= fit.UpperBound ? 1 : 0;
        }

        Console.WriteLine($"covered {covered} of 400");
        Assert.IsGreaterThanOrEqualTo(363, covered);
    }

    [TestMethod]
    public void Costs_that_are_none_are_refused()
    {
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => ThresholdStrategy.MinimumCost(0, 1));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => ThresholdStrategy.MinimumCost(1, double.NaN));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => ThresholdStrategy.MinimumCost(1, 1, 1));
        Assert.AreEqual("MinimumCost(1, 2.5, 0.01)", ThresholdStrategy.MinimumCost(1, 2.5, 0.01).ToString());
    }
}
