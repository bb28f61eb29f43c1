using CsCheck;
using MLNet.AnomalyNormalization.Thresholds;

namespace MLNet.AnomalyNormalization.Tests;

[TestClass]
public sealed class ThresholdStrategyTests
{
    private const string Seed = "0000KDXOm2k3";

    private static readonly float[] Special =
    [
        0f, -0f, float.Epsilon, -float.Epsilon, 1f, MathF.BitIncrement(1f), MathF.BitDecrement(1f), 1e38f, -3e38f,
        float.MaxValue, float.MinValue,
    ];

    private static readonly Gen<float>[] Kinds =
    [
        Gen.Const(2.5f),
        Gen.Int[0, 5].Select(i => (float)i),
        Gen.Int[-40, 40].Select(i => 1000 + (i / 64f)),
        Gen.Float[-1, 1],
        Gen.Int[0, Special.Length - 1].Select(i => Special[i]),
    ];

    // All scores of one kind, or of every kind; anomalous ones are higher by a shift.
    private static readonly Gen<(float[] Scores, bool[] IsAnomalous)> Rows =
        from score in Gen.Int[0, Kinds.Length].Select(kind => kind < Kinds.Length ? Kinds[kind] : Gen.OneOf(Kinds))
        from shift in Gen.Int[0, 3]
        from rows in Gen.Select(score, Gen.Bool).Array[2, 60]
        select (rows.Select(row => row.Item2 ? row.Item1 + shift : row.Item1).ToArray(), rows.Select(row => row.Item2).ToArray());

    public static IEnumerable<object[]> Strategies =>
    [
        [ThresholdStrategy.MaximumF1()],
        [ThresholdStrategy.Quantile(0.9)],
        [ThresholdStrategy.MeanPlusDeviations(1.5)],
        [ThresholdStrategy.MedianPlusDeviations(1.5)],
        [ThresholdStrategy.FalsePositiveRate(0.2)],
        [ThresholdStrategy.FalseAlarms(2)],
        [ThresholdStrategy.Recall(0.7)],
        [ThresholdStrategy.Precision(0.6)],
    ];

    [TestMethod]
    [DynamicData(nameof(Strategies))]
    public void A_fit_says_what_the_threshold_achieves_on_its_rows(ThresholdStrategy strategy)
        => Rows.Check(rows =>
        {
            if (TryFit(strategy, rows.Scores, rows.IsAnomalous) is { } fit)
                new SortedTwin(rows.Scores, rows.IsAnomalous).AssertMeasures(fit);
        }, seed: Seed, iter: 40);

    [TestMethod]
    [DynamicData(nameof(Strategies))]
    public void Order_batches_and_the_number_of_readers_change_nothing(ThresholdStrategy strategy)
        => Gen.Select(Rows, Gen.Int[1, 9], Gen.Int).Check((rows, batch, shuffle) =>
        {
            var random = new Random(shuffle);
            var counts = strategy.StartFit(ScoreType.Single);
            ThresholdFit? inBatches;
            try
            {
                do
                {
                    int[] order = [.. Enumerable.Range(0, rows.Scores.Length)];
                    random.Shuffle(order);
                    CountingPart[] readers = [counts.StartPart(), counts.StartPart(), counts.StartPart()];
                    foreach (int[] part in order.Chunk(batch))
                        readers[random.Next(3)].Add<float>([.. part.Select(i => rows.Scores[i])], [.. part.Select(i => rows.IsAnomalous[i])]);
                }
                while (!strategy.TryFinish(counts, out inBatches));
            }
            catch (InvalidOperationException)
            {
                inBatches = null;
            }

            Assert.AreEqual(TryFit(strategy, rows.Scores, rows.IsAnomalous), inBatches);
        }, seed: Seed, iter: 40);

    [TestMethod]
    public void A_probability_means_the_number_that_it_prints_as()
    {
        float[] scores = [.. Enumerable.Range(1, 100).Select(i => (float)i)];

        // In binary 0.07 is a little more than 0.07, and 100 times 0.07 a little more than 7.
        Assert.AreEqual(7, ThresholdStrategy.Quantile(0.07).Fit(scores, new bool[100]).Threshold);
        Assert.AreEqual(94, ThresholdStrategy.Recall(0.07).Fit(scores, [.. scores.Select(_ => true)]).Threshold);
    }

    [TestMethod]
    [DataRow(0.0)]
    [DataRow(1.0)]
    [DataRow(-0.1)]
    [DataRow(1.5)]
    [DataRow(double.NaN)]
    [DataRow(double.PositiveInfinity)]
    public void A_share_that_is_none_is_refused(double share)
    {
        Assert.AreEqual("probability", Refused(ThresholdStrategy.Quantile));
        Assert.AreEqual("rate", Refused(ThresholdStrategy.FalsePositiveRate));
        if (share != 1)
        {
            Assert.AreEqual("recall", Refused(ThresholdStrategy.Recall));
            Assert.AreEqual("precision", Refused(ThresholdStrategy.Precision));
        }

        string? Refused(Func<double, ThresholdStrategy> factory)
            => Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => factory(share)).ParamName;
    }

    [TestMethod]
    [DataRow(-1.0)]
    [DataRow(double.NaN)]
    [DataRow(double.PositiveInfinity)]
    public void A_number_of_deviations_that_is_none_is_refused(double count)
    {
        var refusal = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => ThresholdStrategy.MeanPlusDeviations(count));
        Assert.AreEqual("count", refusal.ParamName);
        Assert.AreEqual(count, refusal.ActualValue);
        Assert.AreEqual("count", Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => ThresholdStrategy.MedianPlusDeviations(count)).ParamName);
        Assert.AreEqual("count", Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => ThresholdStrategy.FalseAlarms(-1)).ParamName);
    }

    [TestMethod]
    public void A_label_short_is_refused_with_both_numbers()
    {
        var refusal = Assert.ThrowsExactly<ArgumentException>(() => ThresholdStrategy.Quantile(0.5).Fit([1, 2, 3], [true, false]));
        StringAssert.Contains(refusal.Message, "3 scores, but 2 labels");
    }

    [TestMethod]
    [DynamicData(nameof(Strategies))]
    public void A_score_that_is_NaN_is_refused_with_its_place(ThresholdStrategy strategy)
    {
        var refusal = Assert.ThrowsExactly<ArgumentException>(() => strategy.Fit([1, 2, float.NaN, 4], [true, false, true, false]));
        StringAssert.Contains(refusal.Message, "index 2 is NaN");
    }

    [TestMethod]
    [DataRow("MaximumF1()", "at least 1 anomalous row, but found 0 (5 normal and 0 anomalous rows in all)", "use Quantile, MeanPlus")]
    [DataRow("Recall(0.9)", "at least 1 anomalous row, but found 0", "use Quantile, MeanPlusDeviations or FalsePositiveRate")]
    [DataRow("FalsePositiveRate(0.1)", "at least 9 normal rows, but found 5", "use Quantile(0.9)")]
    public void Without_enough_of_a_class_the_refusal_says_what_would_do(string name, string found, string advice)
        => AssertRefuses(name, [1, 2, 3, 4, 5], [false, false, false, false, false], found, advice);

    [TestMethod]
    [DataRow("MaximumF1()", "at least 1 normal row, but found 0 (0 normal and 2 anomalous rows in all)", "use Recall")]
    [DataRow("Quantile(0.9)", "at least 1 normal row, but found 0", "use Recall")]
    [DataRow("MeanPlusDeviations(3)", "at least 2 normal rows, but found 0", "use Recall")]
    [DataRow("FalsePositiveRate(0.5)", "at least 1 normal row, but found 0", "use Quantile(0.5)")]
    [DataRow("MedianPlusDeviations(3)", "at least 1 normal row, but found 0", "use Recall")]
    [DataRow("FalseAlarms(0)", "at least 1 normal row, but found 0", "Add normal rows")]
    [DataRow("Precision(0.9)", "at least 1 normal row, but found 0", "use Recall")]
    public void Without_normal_rows_the_refusal_says_what_would_do(string name, string found, string advice)
        => AssertRefuses(name, [1, 2], [true, true], found, advice);

    [TestMethod]
    public void Without_any_row_every_strategy_refuses()
    {
        foreach (object[] strategy in Strategies)
            Assert.ThrowsExactly<InvalidOperationException>(() => ((ThresholdStrategy)strategy[0]).Fit(Array.Empty<float>(), []));
    }

    [TestMethod]
    [DataRow("Quantile(0.9)")]
    [DataRow("FalsePositiveRate(0.5)")]
    [DataRow("Recall(0.5)")]
    [DataRow("MeanPlusDeviations(3)")]
    public void A_threshold_that_would_be_infinite_is_refused(string name)
    {
        float[] scores = [1, float.PositiveInfinity, float.PositiveInfinity, float.PositiveInfinity];
        Assert.ThrowsExactly<InvalidOperationException>(() => Named(name).Fit(scores, new bool[4]));
        Assert.ThrowsExactly<InvalidOperationException>(() => Named(name).Fit(scores, [true, true, true, true]));
    }

    [TestMethod]
    [DynamicData(nameof(Strategies))]
    public void Single_scores_and_the_same_numbers_as_Double_lead_to_the_same_decisions(ThresholdStrategy strategy)
        => Rows.Check(rows =>
        {
            if (TryFit(strategy, rows.Scores, rows.IsAnomalous) is not { } single)
                return;
            double[] wide = Array.ConvertAll(rows.Scores, score => (double)score);
            double threshold = strategy.Fit(wide, rows.IsAnomalous).Threshold;
            CollectionAssert.AreEqual(
                rows.Scores.Select(score => score >= (float)single.Threshold).ToArray(), wide.Select(score => score >= threshold).ToArray());
        }, seed: Seed, iter: 40);

    [TestMethod]
    [DynamicData(nameof(Strategies))]
    public void Scores_without_labels_are_normal(ThresholdStrategy strategy)
    {
        float[] scores = [.. Enumerable.Range(0, 40).Select(i => (i * 7 % 40) / 8f)];
        if (strategy.NeedsAnomalies)
        {
            StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => strategy.Fit(scores)).Message, "needs at least 1 anomalous row");
            return;
        }

        Assert.AreEqual(strategy.Fit(scores, new bool[40]), strategy.Fit(scores));
        Assert.AreEqual(
            strategy.Fit(Array.ConvertAll(scores, score => (double)score), new bool[40]), strategy.Fit(Array.ConvertAll(scores, score => (double)score)));
    }

    [TestMethod]
    [DataRow("FalsePositiveRate(0.1)", 0f, "next to 0", DisplayName = "the next number above 0 is a scale of nothing")]
    [DataRow("FalsePositiveRate(0.1)", 5f, "All 20 normal scores are 5, and the threshold is the next number", DisplayName = "constant, decided right")]
    [DataRow("MeanPlusDeviations(3)", 5f, "All 20 normal scores are 5, and so is the threshold", DisplayName = "constant, every row alarms")]
    [DataRow("Quantile(0.9)", -2f, "All 20 normal scores are -2, and so is the threshold", DisplayName = "constant quantile")]
    public void A_scale_that_says_little_is_flagged_with_the_reason(string name, float score, string reason)
    {
        float[] scores = [.. Enumerable.Repeat(score, 20)];
        StringAssert.Contains(Named(name).Fit(scores).Warning, reason);
        StringAssert.Contains(Named(name).Fit(Array.ConvertAll(scores, single => (double)single)).Warning, reason);
        Assert.IsNull(Named(name).Fit([.. scores, 7f, 8f, 9f, 10f, 11f]).Warning);
    }

    [TestMethod]
    public void A_threshold_half_way_to_an_infinite_score_is_flagged()
    {
        ThresholdFit fit = ThresholdStrategy.MaximumF1().Fit([1f, 2f, float.PositiveInfinity], [false, false, true]);
        StringAssert.Contains(fit.Warning, "half-way to an infinite score");
        Assert.IsNull(ThresholdStrategy.MaximumF1().Fit([0f, 0f, 4f], [false, false, true]).Warning);
    }

    private static void AssertRefuses(string name, float[] scores, bool[] isAnomalous, string found, string advice)
    {
        var refusal = Assert.ThrowsExactly<InvalidOperationException>(() => Named(name).Fit(scores, isAnomalous));
        StringAssert.StartsWith(refusal.Message, $"{name} needs ");
        StringAssert.Contains(refusal.Message, found);
        StringAssert.Contains(refusal.Message, advice);
    }

    private static ThresholdStrategy Named(string name)
        => new[]
        {
            ThresholdStrategy.MaximumF1(), ThresholdStrategy.Quantile(0.9), ThresholdStrategy.MeanPlusDeviations(3),
            ThresholdStrategy.Recall(0.9), ThresholdStrategy.Recall(0.5),
            ThresholdStrategy.FalsePositiveRate(0.1), ThresholdStrategy.FalsePositiveRate(0.5),
            ThresholdStrategy.MedianPlusDeviations(3), ThresholdStrategy.FalseAlarms(0), ThresholdStrategy.Precision(0.9),
        }.Single(strategy => strategy.ToString() == name);

    // Null where the strategy refuses.
    private static ThresholdFit? TryFit(ThresholdStrategy strategy, float[] scores, bool[] isAnomalous)
    {
        try
        {
            return strategy.Fit(scores, isAnomalous);
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
