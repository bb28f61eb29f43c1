using CsCheck;
using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Tests.Evaluation;

[TestClass]
public sealed class ScoreCurveTests
{
    private const string Seed = "0000KDXOm2k3";

    private static readonly Gen<(double Score, bool IsAnomalous)[]> s_rows = Gen.Int[0, 12].Select(Gen.Bool, (score, label) => (score * 25.0, label)).Array[0, 30];

    [TestMethod]
    public void Every_point_and_every_threshold_counts_what_counting_one_by_one_counts()
        => s_rows.Select(Gen.Double[-10, 400]).Check((rows, threshold) =>
        {
            ScoreCurve curve = Curve(rows);
            Assert.AreEqual(Count(rows, threshold), curve.CountsAt(threshold));
            Assert.AreEqual(new ConfusionCounts(0, 0, rows.Count(row => !row.IsAnomalous), rows.Count(row => row.IsAnomalous)), curve.Points[0].Counts);
            CollectionAssert.AreEqual(
                rows.Select(row => row.Score).Distinct().OrderDescending().ToArray(), curve.Points.Skip(1).Select(point => point.Threshold).ToArray());
            foreach (ScoreCurvePoint point in curve.Points.Skip(1))
                Assert.AreEqual(Count(rows, point.Threshold), point.Counts);
        }, Seed, 200);

    [TestMethod]
    public void The_area_under_the_points_is_that_of_the_metrics()
        => s_rows.Check(rows =>
        {
            var evaluator = Evaluator(rows);
            Assert.AreEqual(evaluator.Compute().AreaUnderRocCurve, evaluator.ComputeCurve().AreaUnderRocCurve(), 1e-12);
        }, Seed, 200);

    [TestMethod]
    [DataRow(0.5, 2 / 3.0, DisplayName = "to the corner: 0.25 of 0.5, chance 0.125")]
    [DataRow(0.25, 0.5 * (1 + ((0.125 - 0.03125) / (0.25 - 0.03125))), DisplayName = "before the corner")]
    [DataRow(1, 0.75, DisplayName = "all of it")]
    public void The_partial_area_is_set_to_the_scale_of_the_whole(double limit, double expected)
        => Assert.AreEqual(expected, Curve([(0.1, false), (0.4, false), (0.35, true), (0.8, true)]).AreaUnderRocCurve(limit), 1e-15);

    [TestMethod]
    public void Chance_has_half_of_every_partial_area_and_one_class_has_none()
    {
        Assert.AreEqual(0.5, Curve([(1, true), (1, false), (1, false)]).AreaUnderRocCurve(0.1), 1e-15);
        Assert.IsTrue(double.IsNaN(Curve([(1, true)]).AreaUnderRocCurve()));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Curve([]).AreaUnderRocCurve(0));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Curve([]).CountsAt(double.NaN));
    }

    [TestMethod]
    public void Pixels_count_at_every_point_what_Compute_counts_and_have_its_areas()
        => Draw.Images(Draw.NormalizedScore).Check(20, images =>
        {
            PixelEvaluator exact = images.Evaluator(), grid = images.Evaluator(new() { Precision = EvaluationPrecision.Grid });
            ScoreCurve curve = exact.ComputeCurve(), ofGrid = grid.ComputeCurve();
            foreach (ScoreCurvePoint point in curve.Points.Where(point => double.IsFinite(point.Threshold)))
                Assert.AreEqual(exact.Compute(point.Threshold).Counts, point.Counts);
            foreach (ScoreCurvePoint point in ofGrid.Points.Where(point => double.IsFinite(point.Threshold)))
                Assert.AreEqual(grid.Compute(point.Threshold).Counts, point.Counts);

            PixelMetrics metrics = exact.Compute();
            Assert.AreEqual(metrics.AreaUnderRocCurve, curve.AreaUnderRocCurve(), 1e-12);
            Assert.AreEqual(metrics.AreaUnderPerRegionOverlap, OverlapArea(curve, 0.3), 1e-9);
            Assert.AreEqual(metrics.Counts, curve.CountsAt(100));
            Assert.AreEqual(metrics.Counts, ofGrid.CountsAt(100));
            if (grid.Compute() is { AreaUnderRocCurveError: >= 0 and var error })
                Assert.AreEqual(metrics.AreaUnderRocCurve, ofGrid.AreaUnderRocCurve(), error + 1e-12);
        });

    [TestMethod]
    public void Between_the_points_of_exact_pixels_the_curve_says_what_it_does_not_know()
    {
        var evaluator = new PixelEvaluator();
        evaluator.Add([120, 110, 105, 90], [1, 0, 0, 1], 2, 2);
        ScoreCurve curve = evaluator.ComputeCurve();
        Assert.AreEqual(new ConfusionCounts(1, 0, 2, 1), curve.CountsAt(115 + 5));
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => curve.CountsAt(107)).Message, "The curve has points at 120 and 100");
        Assert.AreEqual(new ConfusionCounts(2, 2, 0, 0), curve.CountsAt(-5));
    }

    private static ImageEvaluator Evaluator((double Score, bool IsAnomalous)[] rows)
    {
        var evaluator = new ImageEvaluator();
        foreach ((double score, bool isAnomalous) in rows)
            evaluator.Add(score, isAnomalous);
        return evaluator;
    }

    private static ScoreCurve Curve((double Score, bool IsAnomalous)[] rows) => Evaluator(rows).ComputeCurve();

    private static ConfusionCounts Count((double Score, bool IsAnomalous)[] rows, double threshold) => new(
        rows.Count(row => row.IsAnomalous && row.Score >= threshold),
        rows.Count(row => !row.IsAnomalous && row.Score >= threshold),
        rows.Count(row => !row.IsAnomalous && row.Score < threshold),
        rows.Count(row => row.IsAnomalous && row.Score < threshold));

    private static double OverlapArea(ScoreCurve curve, double limit)
    {
        double area = 0;
        (double X, double Y) last = (0, 0);
        foreach (ScoreCurvePoint point in curve.Points)
        {
            (double x, double y) = (point.Counts.FalsePositiveRate, point.RegionOverlap);
            double right = Math.Min(x, limit);
            if (right > last.X)
                area += (right - last.X) * (last.Y + ((y - last.Y) * (right - last.X) / (x - last.X) / 2));
            last = (x, y);
        }

        return curve.Points[^1].Counts.FalsePositives == 0 ? double.NaN : area / limit;
    }
}
