using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Imaging.Reports;

namespace MLNet.AnomalyNormalization.Imaging.Tests.Reports;

[TestClass]
public sealed class AssessmentTests
{
    [TestMethod]
    [DynamicData(nameof(ReportScenario.Completed), typeof(ReportScenario))]
    public void F1_and_the_pixels_of_the_masks_are_quadra_s(string id)
    {
        var scenario = ReportScenario.Of(id);
        Assessment assessment = scenario.Assess();
        if (!scenario.HasMasks)
            return;

        Assert.AreEqual(scenario.OptimalF1, assessment.F1Score, scenario.NormalizedThreshold is null ? 0 : 1e-15);
        float threshold = (float)assessment.Decision.Normalized;
        CollectionAssert.AreEqual(
            scenario.MaskPixels, assessment.Rows.Select(row => assessment.NormalizedMap(row).Count(score => score >= threshold)).ToArray());
    }

    [TestMethod]
    [DataRow(-2.5, DisplayName = "a negative training threshold, which quadra's formula turns round")]
    [DataRow(0, DisplayName = "a training threshold of zero, which quadra's formula can't move")]
    [DataRow(1.24, DisplayName = "a positive training threshold")]
    public void A_custom_threshold_lies_where_it_was_put_for_every_sign(double training)
    {
        var assessment = new Assessment([Row(0, isAnomalous: null)], new(training, training), 110);
        Assert.AreEqual(110, assessment.Decision.Normalized, 1e-4);
    }

    [TestMethod]
    public void Maps_are_decided_by_their_own_threshold_at_the_same_place_of_the_scale()
    {
        var row = new AnomalyReportRow("a/b.png", 3, new AnomalyMap([9.9f, 10, 10.9f, 11, 12], 1, 5));
        var assessment = new Assessment([row], new(Image: 2, Pixel: 10), 110);
        float[] map = assessment.NormalizedMap(assessment.Rows[0]);
        CollectionAssert.AreEqual(
            new[] { false, false, false, true, true }, map.Select(score => score >= (float)assessment.Decision.Normalized).ToArray());
        Assert.AreEqual(150, assessment.Rows[0].Score, 1e-4);
    }

    [TestMethod]
    public void Of_thresholds_with_the_same_best_F1_the_lowest_is_taken()
    {
        AnomalyReportRow[] rows = [Row(4, isAnomalous: true), Row(3, isAnomalous: false), Row(2, isAnomalous: false), Row(1, isAnomalous: true)];
        var assessment = new Assessment(rows, new(1, 1), null);
        Assert.AreEqual((1.0, 0.666667), (assessment.Decision.Raw, Math.Round(assessment.F1Score, 6)), "TP 1 of 1 taken, or TP 2 of 4 taken");
    }

    [TestMethod]
    public void The_best_F1_without_an_anomalous_row_is_refused_with_advice()
        => StringAssert.Contains(
            Assert.ThrowsExactly<InvalidOperationException>(() => ReportScenario.Of("p13").Assess()).Message, "all 30 labelled rows are normal");

    [TestMethod]
    public void The_best_F1_at_the_floor_of_the_scale_is_refused()
        => StringAssert.Contains(
            Assert.ThrowsExactly<InvalidOperationException>(() => new Assessment([Row(-1, isAnomalous: true)], new(1, 1), null)).Message, "at the raw score -1");

    private static AnomalyReportRow Row(float score, bool? isAnomalous) => new("a/b.png", score, new AnomalyMap([score], 1, 1)) { IsAnomalous = isAnomalous };

    [TestMethod]
    public void Pixels_of_normal_images_count_without_a_mask_and_those_of_others_do_not()
    {
        AnomalyMap map = new([0, 100, 100, 0], 2, 2);
        AnomalyReportRow defect = new("x/a.png", 1, map) { IsAnomalous = true, Mask = [0, 1, 0, 0] };
        AnomalyReportRow good = new("x/b.png", 1, map) { IsAnomalous = false }, unknown = new("x/c.png", 1, map), unmasked = defect with { Mask = null };
        (PixelMetrics metrics, ScoreCurve curve) = new Assessment([defect, good, unknown, unmasked], new(100, 100), 100).EvaluatePixels()!.Value;
        Assert.AreEqual(new ConfusionCounts(1, 3, 4, 0), metrics.Counts);
        Assert.Contains(new ScoreCurvePoint(100, metrics.Counts, 1), curve.Points);
        Assert.IsNull(new Assessment([good, unknown, unmasked], new(100, 100), 100).EvaluatePixels());
    }

    [TestMethod]
    public void What_is_ignored_is_left_out_of_the_pixels_and_a_defect_there_with_it()
    {
        AnomalyMap map = new([0, 100, 100, 0], 2, 2);
        AnomalyReportRow defect = new("x/a.png", 1, map) { IsAnomalous = true, Mask = [0, 255, 7, 0] };
        AnomalyReportRow good = new("x/b.png", 1, map) { IsAnomalous = false };
        Assert.AreEqual(new ConfusionCounts(1, 1, 2, 0), Counts([1, 1, 0, 0]), "the upper row of both");
        Assert.AreEqual(new ConfusionCounts(2, 2, 4, 0), Counts([1, 1, 1, 1], minimumArea: 4), "the minimum area of a region is of no account");
        Assert.IsNull(Counts([1, 0, 0, 1]), "no defect is left");

        ConfusionCounts? Counts(byte[] valid, int minimumArea = 1)
            => new Assessment([defect, good], new(100, 100), 100, new() { ValidArea = valid, MinimumArea = minimumArea })
                .EvaluatePixels()?.Metrics.Counts;
    }

    [TestMethod]
    public void A_pixel_of_NaN_lies_above_every_score()
    {
        AnomalyReportRow row = new("x/a.png", 1, new AnomalyMap([float.NaN, 1000], 1, 2)) { IsAnomalous = true, Mask = [1, 0] };
        Assert.AreEqual(1, new Assessment([row], new(100, 100), 100).EvaluatePixels()!.Value.Metrics.AreaUnderRocCurve, 1e-9);
    }
}
