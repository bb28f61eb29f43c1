using CsCheck;

namespace MLNet.AnomalyNormalization.Tests.Thresholds;

[TestClass]
public sealed class RankStrategyTests
{
    private const string Seed = "0000KDXOm2k3";

    private static readonly Gen<float[]> Scores = Gen.OneOf(Gen.Int[-4, 4].Select(i => i / 4f), Gen.Float[-100, 100]).Array[1, 60];

    private static readonly Gen<int> Percent = Gen.Int[1, 99];

    [TestMethod]
    public void A_quantile_is_the_lowest_score_that_enough_normal_rows_do_not_exceed()
        => Gen.Select(Scores, Percent).Check((scores, percent) =>
        {
            ThresholdFit fit = ThresholdStrategy.Quantile(percent / 100.0).Fit(scores, new bool[scores.Length]);
            Assert.AreEqual(scores.Where(s => 100 * scores.Count(x => x <= s) >= percent * scores.Length).Min(), fit.Threshold);
            Assert.IsTrue(double.IsNaN(fit.F1Score) && double.IsNaN(fit.Recall));
        }, seed: Seed, iter: 80);

    [TestMethod]
    public void Recall_gives_the_highest_threshold_that_finds_enough()
        => Gen.Select(Scores, Percent).Check((scores, percent) =>
        {
            bool[] isAnomalous = [.. scores.Select(_ => true)];
            ThresholdFit fit = ThresholdStrategy.Recall(percent / 100.0).Fit(scores, isAnomalous);
            Assert.AreEqual(scores.Where(s => 100 * scores.Count(x => x >= s) >= percent * scores.Length).Max(), fit.Threshold);
            Assert.IsTrue(fit.Recall >= percent / 100.0 && double.IsNaN(fit.FalsePositiveRate));
            Assert.AreEqual(scores.Min(), ThresholdStrategy.Recall(1).Fit(scores, isAnomalous).Threshold);
        }, seed: Seed, iter: 80);

    [TestMethod]
    public void A_false_positive_rate_leads_to_the_next_float_above_its_rank()
        => Gen.Select(Scores, Percent).Check((scores, percent) =>
        {
            int rank = (((scores.Length + 1) * (100 - percent)) + 99) / 100;
            if (rank > scores.Length)
                return;
            ThresholdFit fit = ThresholdStrategy.FalsePositiveRate(percent / 100.0).Fit(scores, new bool[scores.Length]);
            Assert.AreEqual(MathF.BitIncrement(scores.Order().ElementAt(rank - 1)), fit.Threshold);
        }, seed: Seed, iter: 80);

    [TestMethod]
    public void A_false_positive_rate_holds_for_every_row_left_out_of_any_sample_ties_included()
        => Gen.Select(Scores, Percent).Check((scores, percent) =>
        {
            // Exchangeable rows: averaged over which one is the new row, the rate holds exactly, in every finite population.
            int others = scores.Length - 1;
            if (others == 0 || (others + 1) * percent < 100)
                return;
            ThresholdStrategy strategy = ThresholdStrategy.FalsePositiveRate(percent / 100.0);
            int wrong = Enumerable.Range(0, scores.Length).Count(left =>
            {
                float[] rest = [.. scores.Where((_, i) => i != left)];
                return scores[left] >= (float)strategy.Fit(rest, new bool[others]).Threshold;
            });
            Assert.IsLessThanOrEqualTo(percent * scores.Length, 100 * wrong);
        }, seed: Seed, iter: 12);

    [TestMethod]
    [DataRow(0.5, 1)]
    [DataRow(0.1, 9)]
    [DataRow(0.05, 19)]
    [DataRow(0.3, 3)]
    [DataRow(0.01, 99)]
    [DataRow(0.001, 999)]
    public void A_false_positive_rate_needs_exactly_as_many_rows_as_it_says(double rate, int needed)
    {
        ThresholdStrategy strategy = ThresholdStrategy.FalsePositiveRate(rate);
        float[] scores = [.. Enumerable.Range(1, needed).Select(i => (float)i)];
        Assert.AreEqual(MathF.BitIncrement(needed), strategy.Fit(scores, new bool[needed]).Threshold);
        var refusal = Assert.ThrowsExactly<InvalidOperationException>(() => strategy.Fit(scores.AsSpan(1), new bool[needed - 1]));
        StringAssert.Contains(refusal.Message, $"needs at least {needed} normal row");
    }

    [TestMethod]
    public void The_smallest_rate_is_refused_with_the_number_of_rows_it_would_take()
    {
        var refusal = Assert.ThrowsExactly<InvalidOperationException>(() => ThresholdStrategy.FalsePositiveRate(1e-15).Fit([1], [false]));
        StringAssert.Contains(refusal.Message, "needs at least 999999999999999 normal rows, but found 1");
    }

    [TestMethod]
    public void The_interval_is_between_the_order_statistics_that_the_binomial_distribution_names()
    {
        // R: qbinom(c(.025, .975), 100, .9) is 84 and 95.
        float[] scores = [.. Enumerable.Range(1, 100).Select(i => (float)i)];
        ThresholdFit fit = ThresholdStrategy.Quantile(0.9).Fit(scores, new bool[100]);
        Assert.AreEqual((90, 84, 96), (fit.Threshold, fit.LowerBound, fit.UpperBound));

        ThresholdFit recall = ThresholdStrategy.Recall(0.1).Fit(scores, [.. scores.Select(_ => true)]);
        Assert.AreEqual((91, 84, 96), (recall.Threshold, recall.LowerBound, recall.UpperBound));

        ThresholdFit rate = ThresholdStrategy.FalsePositiveRate(0.1).Fit(scores, new bool[100]);
        Assert.AreEqual((MathF.BitIncrement(91), 84, 96), (rate.Threshold, rate.LowerBound, rate.UpperBound));
    }

    [TestMethod]
    public void Rows_of_the_other_class_do_not_move_the_threshold()
    {
        ThresholdFit fit = ThresholdStrategy.Quantile(0.5).Fit([1, 9, 2, 8, 3, 7], [false, true, false, true, false, true]);
        Assert.AreEqual((2, 2 / 3.0, 1), (fit.Threshold, fit.FalsePositiveRate, fit.Recall));
        fit = ThresholdStrategy.Recall(0.5).Fit([1, 9, 2, 8, 3, 7], [false, true, false, true, false, true]);
        Assert.AreEqual((8, 0, 2 / 3.0), (fit.Threshold, fit.FalsePositiveRate, fit.Recall));
    }

    [TestMethod]
    public void False_alarms_are_as_many_as_allowed_and_no_lower_threshold_has_as_few()
        => Gen.Select(Scores, Gen.Int[0, 10]).Check((scores, allowed) =>
        {
            if (allowed >= scores.Length)
            {
                StringAssert.Contains(
                    Assert.ThrowsExactly<InvalidOperationException>(() => ThresholdStrategy.FalseAlarms(allowed).Fit(scores)).Message,
                    $"needs at least {allowed + 1} normal row");
                return;
            }

            ThresholdFit fit = ThresholdStrategy.FalseAlarms(allowed).Fit(scores);
            Assert.IsLessThanOrEqualTo(allowed, scores.Count(score => score >= (float)fit.Threshold));
            Assert.IsGreaterThan(allowed, scores.Count(score => score >= MathF.BitDecrement((float)fit.Threshold)));
        }, seed: Seed, iter: 80);

    [TestMethod]
    public void Double_scores_that_no_Single_can_tell_apart_are_told_apart()
    {
        double[] scores = [.. Enumerable.Range(0, 100).Select(i => 246 + (i * 1e-7))];
        Assert.AreEqual(scores[89], ThresholdStrategy.Quantile(0.9).Fit(scores).Threshold);
        Assert.AreEqual(Math.BitIncrement(scores[90]), ThresholdStrategy.FalsePositiveRate(0.1).Fit(scores).Threshold);
        ThresholdFit separable = ThresholdStrategy.MaximumF1().Fit(scores, [.. scores.Select((_, i) => i >= 60)]);
        Assert.AreEqual((1, 0), (separable.F1Score, separable.FalsePositiveRate));
        Assert.IsTrue(scores[59] < separable.Threshold && separable.Threshold <= scores[60]);
    }

    [TestMethod]
    public void False_alarms_in_a_million_are_a_rate()
    {
        float[] scores = [.. Enumerable.Range(0, 500).Select(i => (float)(i * 37 % 500))];
        Assert.AreEqual(ThresholdStrategy.FalsePositiveRate(0.02).Fit(scores), ThresholdStrategy.FalseAlarmsPer(20_000).Fit(scores));
        Assert.AreEqual(ThresholdStrategy.FalsePositiveRate(0.003).Fit(scores), ThresholdStrategy.FalseAlarmsPer(3, rows: 1000).Fit(scores));
        Assert.AreEqual("FalsePositiveRate(5E-05)", ThresholdStrategy.FalseAlarmsPer(50).ToString());
        var refusal = Assert.ThrowsExactly<InvalidOperationException>(() => ThresholdStrategy.FalseAlarmsPer(50).Fit(scores));
        StringAssert.Contains(refusal.Message, "needs at least 19,999 normal rows".Replace(",", "", StringComparison.Ordinal));
        foreach ((long count, long rows) in ((long, long)[])[(0, 10), (10, 10), (-1, 10)])
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => ThresholdStrategy.FalseAlarmsPer(count, rows));
    }
}
