using System.Text.Json;
using CsCheck;
using MLNet.AnomalyNormalization.Thresholds;

namespace MLNet.AnomalyNormalization.Tests.Thresholds;

[TestClass]
public sealed class MaximumF1StrategyTests
{
    private static readonly ThresholdStrategy Strategy = ThresholdStrategy.MaximumF1();

    [TestMethod]
    [DataRow(0, 3, 1f, DisplayName = "heavy ties")]
    [DataRow(-500, 500, 1f, DisplayName = "few ties, both signs")]
    [DataRow(-100, 100, 0.0078125f, DisplayName = "many scores in one cell")]
    [DataRow(-3, 3, float.Epsilon, DisplayName = "denormal scores")]
    public void The_threshold_is_the_lowest_score_with_the_exact_maximum(int from, int to, float step)
        => Gen.Select(Gen.Int[from, to], Gen.Bool).Array[2, 40].Check(rows =>
        {
            float[] scores = [.. rows.Select(row => row.Item1 * step)];
            bool[] isAnomalous = [.. rows.Select(row => row.Item2)];
            if (isAnomalous.Distinct().Count() < 2)
                return;

            var twin = new SortedTwin(scores, isAnomalous);
            ThresholdFit fit = Strategy.Fit(scores, isAnomalous);
            if (!twin.IsSeparable)
                Assert.AreEqual(twin.LowestWithMaximumF1(), fit.Threshold);
            twin.AssertMeasures(fit);
        }, seed: "0000KDXOm2k3", iter: 150);

    [TestMethod]
    [DataRow(1f, 3f, 2.0, DisplayName = "the middle")]
    [DataRow(0.3f, 0.4f, ((double)0.3f + 0.4f) / 2, DisplayName = "the middle in double precision")]
    [DataRow(-4f, -2f, -3.0, DisplayName = "negative")]
    [DataRow(-1f, 1f, 0.0, DisplayName = "zero")]
    [DataRow(1f, 1.00000012f, 1.00000012f, DisplayName = "neighbours: the middle rounds to the even one, which is normal")]
    [DataRow(3e38f, 3.4e38f, ((double)3e38f + 3.4e38f) / 2, DisplayName = "the sum is beyond the floats")]
    [DataRow(float.MinValue, float.MaxValue, 0.0, DisplayName = "the difference is beyond the floats")]
    [DataRow(0f, float.Epsilon, float.Epsilon, DisplayName = "the middle would be rounded to zero, which is normal")]
    [DataRow(-float.Epsilon, 0f, 0.0, DisplayName = "the middle would be rounded to -0")]
    [DataRow(1f, float.PositiveInfinity, (1 + (double)float.MaxValue) / 2, DisplayName = "infinite above")]
    [DataRow(float.NegativeInfinity, float.PositiveInfinity, 0.0, DisplayName = "infinite on both sides")]
    public void The_threshold_of_separable_classes_lies_midway_and_separates(float normal, float anomalous, double expected)
    {
        ThresholdFit fit = Strategy.Fit([normal, anomalous], [false, true]);
        Assert.AreEqual(expected, fit.Threshold);
        Assert.IsTrue(anomalous >= (float)fit.Threshold && !(normal >= (float)fit.Threshold), "as Single");
        Assert.IsTrue(anomalous >= fit.Threshold && !(normal >= fit.Threshold), "as Double");
        Assert.AreEqual((1, 0, 1), (fit.F1Score, fit.FalsePositiveRate, fit.Recall));
    }

    [TestMethod]
    public void Any_two_neighbouring_floats_are_separated()
        => Gen.Single.Where(float.IsFinite).Check(normal =>
        {
            float anomalous = MathF.BitIncrement(normal) is 0 ? 0 : MathF.BitIncrement(normal);
            if (!float.IsFinite(anomalous) || anomalous == normal)
                return;
            ThresholdFit fit = Strategy.Fit([normal, anomalous], [false, true]);
            Assert.AreEqual((1, 0), (fit.F1Score, fit.FalsePositiveRate));
            Assert.IsTrue(anomalous >= (float)fit.Threshold && !(normal >= (float)fit.Threshold));
        }, seed: "0000KDXOm2k3", iter: 60);

    [TestMethod]
    public void Only_infinity_separates_infinity_from_the_largest_float_so_that_is_refused()
        => Assert.ThrowsExactly<InvalidOperationException>(() => Strategy.Fit([float.MaxValue, float.PositiveInfinity], [false, true]));

    [TestMethod]
    public void A_score_in_both_classes_is_not_separable()
    {
        ThresholdFit fit = Strategy.Fit([1, 2, 2, 3], [false, false, true, true]);
        Assert.AreEqual(2, fit.Threshold);
        Assert.AreEqual(0.8, fit.F1Score);
    }

    [TestMethod]
    public void The_interval_ends_where_the_rows_in_between_tell_the_difference()
    {
        // Separable: half the rows in between would have to be of the other class; among four of one class, z is 2, and among three 1.73.
        // Whatever lies above 7 decides as 8 does.
        float[] scores = [.. Enumerable.Range(1, 20).Select(i => (float)i)];
        ThresholdFit fit = Strategy.Fit(scores, [.. scores.Select(score => score > 10)]);
        Assert.AreEqual((10.5, 7, 14), (fit.Threshold, fit.LowerBound, fit.UpperBound));
    }

    [TestMethod]
    public void An_interval_that_the_rows_cannot_bound_is_infinite()
    {
        ThresholdFit fit = Strategy.Fit([1, 2, 3, 4], [false, true, false, true]);
        Assert.AreEqual((double.NegativeInfinity, double.PositiveInfinity), (fit.LowerBound, fit.UpperBound));
    }

    [TestMethod]
    public void The_interval_covers_the_true_optimum()
    {
        // Normal scores uniform on 0..1, anomalous ones triangular there (density 2x): with as many of each, F1 is greatest where
        // 2 (1 - x²) / (1 + (1 - x²) + (1 - x)) is.
        double optimum = Enumerable.Range(1, 99_999).Select(i => i / 1e5).MaxBy(x => 2 * (1 - (x * x)) / (1 + (1 - (x * x)) + (1 - x)));
        var random = new Random(17);
        int covered = 0;
        for (int repeat = 0; repeat < 200; repeat++)
        {
            bool[] isAnomalous = [.. Enumerable.Range(0, 300).Select(i => i % 2 == 0)];
            float[] scores = [.. isAnomalous.Select(a => a ? MathF.Max(random.NextSingle(), random.NextSingle()) : random.NextSingle())];
            ThresholdFit fit = Strategy.Fit(scores, isAnomalous);
            covered += fit.LowerBound <= optimum && optimum <= fit.UpperBound ? 1 : 0;
        }

        Assert.IsGreaterThanOrEqualTo(190, covered);
    }

    [TestMethod]
    public void Golden_maxima_are_found_at_their_lowest_threshold()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Oracle", "metrics.json")));
        int compared = 0;
        foreach (JsonElement expected in golden.RootElement.GetProperty("cases").EnumerateArray())
        {
            bool[] isAnomalous = [.. expected.GetProperty("labels").EnumerateArray().Select(label => label.GetInt32() == 1)];
            if (!expected.TryGetProperty("max_f1_exact", out JsonElement maximum) || isAnomalous.Distinct().Count() < 2)
                continue;

            JsonElement bits = expected.GetProperty("scores").GetProperty("bits");
            float[] scores = [.. bits.EnumerateArray().Select(b => BitConverter.UInt32BitsToSingle(b.GetUInt32()))];
            ThresholdFit fit = Strategy.Fit(scores, isAnomalous);
            Assert.AreEqual(maximum.GetProperty("f1").GetDouble(), fit.F1Score);
            if (fit.F1Score < 1)
            {
                float lowest = BitConverter.UInt32BitsToSingle(maximum.GetProperty("lowest_threshold_bits").GetUInt32());
                Assert.AreEqual(lowest, fit.Threshold);
            }

            compared++;
        }

        Assert.IsGreaterThan(20, compared);
    }

    [TestMethod]
    [DataRow(2, DisplayName = "a model that works")]
    [DataRow(0, DisplayName = "a model that guesses: F1 has hardly a maximum")]
    public void Two_passes_are_enough(int shift)
    {
        var random = new Random(3);
        bool[] isAnomalous = [.. Enumerable.Range(0, 200_000).Select(i => i % 100 == 0)];
        float[] scores =
            [.. isAnomalous.Select(a => (float)Math.Exp(Enumerable.Range(0, 3).Sum(_ => random.NextDouble())) + (a ? 4 * shift : 0))];
        (ThresholdFit fit, int passes) = FitInPasses(scores, isAnomalous);
        Assert.AreEqual(2, passes);
        Assert.AreEqual(BestF1(scores, isAnomalous), (fit.F1Score, fit.Threshold));
    }

    [TestMethod]
    public void A_third_pass_follows_where_too_many_cells_are_equally_good()
    {
        // At the top 1,000 anomalous rows, then 1,000 cells with two normal rows above one anomalous row, all neighbours: with 2,000
        // anomalous rows in all, F1 is 2/3 at every anomalous score. All of it 400 times, as cells with few rows are resolved at once.
        const int cells = 1000, times = 400;
        (float Score, bool IsAnomalous)[] rows =
        [
            .. Enumerable.Repeat((1e30f, true), cells),
            .. Enumerable.Range(0, cells).SelectMany(i =>
            {
                float score = BitConverter.Int32BitsToSingle((0x3F80 + i) << 16);
                return new[] { (score, true), (MathF.BitIncrement(score), false), (MathF.BitIncrement(score), false) };
            }),
        ];
        rows = [.. rows.SelectMany(row => Enumerable.Repeat(row, times))];
        (ThresholdFit fit, int passes) = FitInPasses([.. rows.Select(row => row.Score)], [.. rows.Select(row => row.IsAnomalous)]);
        Assert.AreEqual(3, passes);
        Assert.AreEqual((1, 2 / 3.0, 1), (fit.Threshold, fit.F1Score, fit.Recall));
    }

    private static (ThresholdFit Fit, int Passes) FitInPasses(float[] scores, bool[] isAnomalous)
    {
        NarrowingCounts counts = Strategy.StartFit(ScoreType.Single);
        for (int passes = 1; ; passes++)
        {
            counts.StartPart().Add(scores, isAnomalous);
            if (Strategy.TryFinish(counts, out ThresholdFit? fit))
                return (fit, passes);
        }
    }

    // One sort; F1 in double tells apart what differs here.
    private static (double F1, double Threshold) BestF1(float[] scores, bool[] isAnomalous)
    {
        int positives = isAnomalous.Count(a => a);
        (double best, double threshold, int tp, int predicted) = (0, 0, 0, 0);
        foreach (var group in scores.Zip(isAnomalous).GroupBy(row => row.First).OrderByDescending(group => group.Key))
        {
            tp += group.Count(row => row.Second);
            predicted += group.Count();
            double f1 = 2.0 * tp / (positives + predicted);
            if (f1 >= best)
                (best, threshold) = (f1, group.Key);
        }

        return (best, threshold);
    }
}
