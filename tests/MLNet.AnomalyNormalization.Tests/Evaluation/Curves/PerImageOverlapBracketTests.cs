using CsCheck;
using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Tests.Evaluation;

[TestClass]
public class PerImageOverlapBracketTests
{
    [TestMethod]
    [DataRow(50f, 1000, 0.02, DisplayName = "many bins between thresholds")]
    [DataRow(0.03f, 1000, 0.2, DisplayName = "many thresholds in a bin")]
    [DataRow(0.2f, 300, 0.05, DisplayName = "about as many bins as thresholds")]
    public void The_exact_area_lies_within_the_bounds(float range, int thresholds, double widest)
    {
        const int Pixels = 64;
        int defined = 0;
        double worst = 0;
        Gen<float> score = Gen.Int[0, 4000].Select(i => 100 + (range * i * i / 16e6f));
        Gen<byte[]> mask = Gen.OneOf(Gen.Const(new byte[Pixels]), Draw.Mask(Pixels));
        Gen<(float[] Map, byte[] Mask)[]> sets = Gen.Select(score.Array[Pixels], mask).Array[3, 12];
        Gen.Select(sets, Gen.Double[0.003, 0.1], Gen.Double[2, 20]).Check(100, drawn =>
        {
            var (images, lower, factor) = drawn;
            var options = new PixelEvaluatorOptions
            {
                PerImageOverlapThresholds = thresholds,
                PerImageOverlapLowerBound = lower,
                PerImageOverlapUpperBound = Math.Min(1, lower * factor),
            };
            var set = new ImageSet([.. images.Select(image => image.Map)], [.. images.Select(image => image.Mask)], 8, 8);
            PixelMetrics exact = set.Evaluator(options).Compute();
            PixelMetrics grid = set.Evaluator(options with { Precision = EvaluationPrecision.Grid }).Compute();
            if (double.IsNaN(grid.AreaUnderPerImageOverlap))
                return;

            Assert.AreEqual(exact.AreaUnderPerImageOverlap, grid.AreaUnderPerImageOverlap, grid.AreaUnderPerImageOverlapError);
            worst = Math.Max(worst, grid.AreaUnderPerImageOverlapError);
            defined++;
        });
        Assert.IsGreaterThan(50, defined, "too few cases were defined to show anything");
        Assert.IsLessThan(widest, worst);
    }

    [TestMethod]
    public void Normal_images_of_different_sizes_leave_it_undefined()
    {
        var evaluator = new PixelEvaluator(new()
        {
            Precision = EvaluationPrecision.Grid,
            PerImageOverlapThresholds = 1000,
            PerImageOverlapLowerBound = 0.3,
            PerImageOverlapUpperBound = 0.5,
        });
        evaluator.Add([1, 20, 60, 100], new byte[4], 2, 2);
        evaluator.Add([1, 70], [0, 1], 1, 2);
        Assert.IsFalse(double.IsNaN(evaluator.Compute().AreaUnderPerImageOverlap));
        evaluator.Add([1, 20, 60, 100, 50, 50], new byte[6], 2, 3);
        Assert.IsTrue(double.IsNaN(evaluator.Compute().AreaUnderPerImageOverlap));
        Assert.IsTrue(double.IsNaN(evaluator.Compute().AreaUnderPerImageOverlapError));
    }
}
