using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Tests.Evaluation;

[TestClass]
public sealed class DetectionMetricsTests
{
    [TestMethod]
    [DataRow(EvaluationPrecision.Exact, 0, 1, 1, "was left out", DisplayName = "exact: left out")]
    [DataRow(EvaluationPrecision.Exact, 1000, 0, 1, "needs a normal image", DisplayName = "exact: no normal image")]
    [DataRow(EvaluationPrecision.Grid, 1000, 0, 1, "needs a normal image", DisplayName = "grid: no normal image")]
    [DataRow(EvaluationPrecision.Exact, 1000, 1, 0, "needs an image with a defect", DisplayName = "exact: no anomalous image")]
    [DataRow(EvaluationPrecision.Grid, 1000, 1, 0, "needs an image with a defect", DisplayName = "grid: no anomalous image")]
    [DataRow(EvaluationPrecision.Exact, 30, 1, 1, "needs at least 31 distinct thresholds; PerImageOverlapThresholds is 30", DisplayName = "exact: too few thresholds")]
    [DataRow(EvaluationPrecision.Exact, 1000, 1, 1, "the false positive rate 0.25, above the lower bound 1E-05", DisplayName = "exact: too few pixels")]
    [DataRow(EvaluationPrecision.Grid, 1000, 1, 1, "the counts of the grid can't tell", DisplayName = "grid: too few pixels")]
    public void An_overlap_per_image_that_is_not_defined_says_why(
        EvaluationPrecision precision, int thresholds, int normal, int anomalous, string reason)
    {
        var evaluator = new PixelEvaluator(new() { Precision = precision, PerImageOverlapThresholds = thresholds });
        for (int i = 0; i < normal; i++)
            evaluator.Add([1, 2, 3, 4], [0, 0, 0, 0], 2, 2);
        for (int i = 0; i < anomalous; i++)
            evaluator.Add([1, 2, 3, 4], [0, 0, 0, 1], 2, 2);
        PixelMetrics metrics = evaluator.Compute();
        Assert.IsTrue(double.IsNaN(metrics.AreaUnderPerImageOverlap));
        StringAssert.Contains(metrics.UndefinedReasons[nameof(metrics.AreaUnderPerImageOverlap)], reason);
    }

    [TestMethod]
    public void Defined_metrics_have_no_reasons()
    {
        var evaluator = new ImageEvaluator();
        evaluator.Add(130, true);
        evaluator.Add(20, false);
        Assert.IsEmpty(evaluator.Compute().UndefinedReasons);
    }
}
