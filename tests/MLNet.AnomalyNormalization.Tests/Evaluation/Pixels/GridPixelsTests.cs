using CsCheck;
using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Tests.Evaluation;

[TestClass]
public class GridPixelsTests
{
    private static readonly PixelEvaluatorOptions s_grid = new() { Precision = EvaluationPrecision.Grid };

    [TestMethod]
    public void The_exact_value_lies_within_the_certified_half_width()
        => Gen.Select(Draw.Images(Draw.NormalizedScore), Gen.Bool, Gen.Double[0.01, 1]).Check(120, drawn =>
        {
            var (images, diagonal, limit) = drawn;
            var options = new PixelEvaluatorOptions
            {
                Connectivity = diagonal ? RegionConnectivity.Eight : RegionConnectivity.Four,
                FalsePositiveRateLimit = limit,
            };
            PixelMetrics exact = images.Evaluator(options).Compute();
            PixelMetrics grid = images.Evaluator(options with { Precision = EvaluationPrecision.Grid }).Compute();
            Metrics.Certified(exact, grid);
            if (!double.IsNaN(exact.MaximumF1Score))
            {
                double attained = images.Evaluator(options).Compute(grid.MaximumF1Threshold).F1Score;
                Assert.IsGreaterThanOrEqualTo(grid.MaximumF1Score - grid.MaximumF1ScoreError, attained);
                Assert.IsLessThanOrEqualTo(exact.DetectionRateAtFalsePositiveCount, grid.DetectionRateAtFalsePositiveCount);
            }

            Assert.IsGreaterThanOrEqualTo(exact.OverlappingScores, grid.OverlappingScores);
        });

    [TestMethod]
    public void With_NaN_counted_as_anomalous_grid_and_exact_precision_agree_also_on_the_overlap_per_image()
    {
        var random = new Random(3);
        byte[][] masks = [.. Enumerable.Range(0, 6).Select(i => (byte[])[.. Enumerable.Range(0, 400).Select(p => i % 2 == 1 && p < 30 ? (byte)1 : (byte)0)])];
        float[][] maps = [.. masks.Select(mask => (float[])[.. mask.Select(defect => (random.Next(100_000) / 1024f) + (60 * defect))])];
        maps[2][7] = float.NaN;
        var images = new ImageSet(maps, masks, 20, 20);
        PixelEvaluatorOptions options = new()
        {
            CountNaNAsAnomalous = true,
            PerImageOverlapLowerBound = 0.01,
            PerImageOverlapUpperBound = 0.5,
            PerImageOverlapThresholds = 1000,
        };
        PixelMetrics exact = images.Evaluator(options).Compute(1000.5), grid = images.Evaluator(options with { Precision = EvaluationPrecision.Grid }).Compute(1000.5);
        Assert.IsFalse(double.IsNaN(exact.AreaUnderPerImageOverlap));
        Metrics.Certified(exact, grid);
        Assert.AreEqual(exact.Counts, grid.Counts);
        Assert.AreEqual(1, grid.Counts.FalsePositives);
    }

    [TestMethod]
    public void The_half_widths_are_attained_by_the_best_and_the_worst_order_within_a_bin()
    {
        // Two defects and two normal pixels in one bin: either order is possible.
        PixelMetrics best = Exact([100.5f, 100.5f, 100.25f, 100.25f]), worst = Exact([100.1f, 100.2f, 100.5f, 100.5f]);
        PixelMetrics grid = Metrics([100.0001f, 100.0002f, 100.0003f, 100.0004f]);
        CheckEnds(best.AreaUnderRocCurve, worst.AreaUnderRocCurve, grid.AreaUnderRocCurve, grid.AreaUnderRocCurveError);
        CheckEnds(best.AreaUnderPrecisionRecallCurve, worst.AreaUnderPrecisionRecallCurve,
            grid.AreaUnderPrecisionRecallCurve, grid.AreaUnderPrecisionRecallCurveError);
        CheckEnds(best.MaximumF1Score, worst.MaximumF1Score, grid.MaximumF1Score, grid.MaximumF1ScoreError);
        CheckEnds(best.AreaUnderPerRegionOverlap, worst.AreaUnderPerRegionOverlap,
            grid.AreaUnderPerRegionOverlap, grid.AreaUnderPerRegionOverlapError);

        static PixelMetrics Metrics(float[] map) => Evaluate(map, s_grid);

        static PixelMetrics Exact(float[] map) => Evaluate(map, new());

        static PixelMetrics Evaluate(float[] map, PixelEvaluatorOptions options)
        {
            var evaluator = new PixelEvaluator(options);
            evaluator.Add(map, [1, 1, 0, 0], 2, 2);
            return evaluator.Compute();
        }

        static void CheckEnds(double best, double worst, double middle, double halfWidth)
        {
            Assert.AreEqual(best, middle + halfWidth, 1e-9);
            Assert.AreEqual(worst, middle - halfWidth, 1e-9);
        }
    }

    [TestMethod]
    public void Crowded_bins_keep_their_certificate()
    {
        // Hundreds of defects in one bin take the bound by an integral instead of the sum.
        const int Side = 40;
        Gen<float[]> map = Gen.Int[0, 40].Select(i => 100 + ((i - 20) / 32768f)).Array[Side * Side];
        Gen.Select(map, Gen.Byte[0, 1].Array[Side * Side]).Check(30, image =>
        {
            var images = new ImageSet([image.Item1], [image.Item2], Side, Side);
            Metrics.Certified(images.Evaluator().Compute(), images.Evaluator(s_grid).Compute());
        });
    }

    [TestMethod]
    public void A_bin_with_many_defects_is_bounded_almost_by_their_worst_order()
    {
        // One bin: 50 normal pixels above 150 defects, no ties. The bound takes an integral instead of the sum.
        float[] map = [.. Enumerable.Range(0, 200).Select(i => 1 + (i / 8388608f))];
        var images = new ImageSet([map], [[.. Enumerable.Range(0, 200).Select(i => (byte)(i < 150 ? 1 : 0))]], 10, 20);
        PixelMetrics worst = images.Evaluator().Compute(), grid = images.Evaluator(s_grid).Compute();
        double lowest = grid.AreaUnderPrecisionRecallCurve - grid.AreaUnderPrecisionRecallCurveError;
        Assert.IsGreaterThanOrEqualTo(lowest, worst.AreaUnderPrecisionRecallCurve);
        Assert.AreEqual(worst.AreaUnderPrecisionRecallCurve, lowest, 1e-5);
    }

    [TestMethod]
    [DataRow(-0.001f, DisplayName = "below 0")]
    [DataRow(1000.0001f, DisplayName = "above 1000")]
    [DataRow(float.PositiveInfinity, DisplayName = "infinite")]
    public void A_score_that_is_not_normalised_is_refused_and_nothing_is_added(float score)
    {
        var evaluator = new PixelEvaluator(s_grid);
        var e = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => evaluator.Add([1, 2, score, 4], [1, 1, 0, 0], 2, 2));
        Assert.AreEqual(score, e.ActualValue);
        Assert.AreEqual(0, evaluator.Compute().Counts.Total);
    }

    [TestMethod]
    public void A_threshold_between_two_bins_is_refused_with_the_nearest_two()
    {
        var e = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new PixelEvaluator(s_grid).Compute(100.0001));
        StringAssert.Contains(e.Message, "The nearest are 100 and 100.0009765625.");
        Assert.AreEqual(100.0001, e.ActualValue);
    }

    [TestMethod]
    [DataRow(-5.0, 4, DisplayName = "below the scale: all")]
    [DataRow(0.0, 4)]
    [DataRow(1 / 1024.0, 3)]
    [DataRow(1000.0, 1, DisplayName = "the last bin")]
    [DataRow(1001.0, 0, DisplayName = "above the scale: none")]
    public void Counts_are_exact_at_every_multiple_of_the_step(double threshold, int reached)
    {
        var evaluator = new PixelEvaluator(s_grid);
        evaluator.Add([-0f, 1 / 1024f, 500, 1000], new byte[4], 2, 2);
        Assert.AreEqual(reached, evaluator.Compute(threshold).Counts.FalsePositives);
    }

    [TestMethod]
    public void The_state_has_one_size_whatever_the_number_of_images()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        var evaluator = new PixelEvaluator(s_grid);
        long state = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.IsLessThan(64 << 20, state);

        var map = new float[10_000];
        var mask = new byte[10_000];
        evaluator.Add(map, mask, 100, 100);
        before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1_000; i++)
            evaluator.Add(map, mask, 100, 100);
        Assert.IsLessThan(100_000, GC.GetAllocatedBytesForCurrentThread() - before, "less than 100 bytes of scratch an image");
    }
}
