using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Imaging.Tests.Reports;

namespace MLNet.AnomalyNormalization.Imaging.Tests;

[TestClass]
public sealed class AnomalyReportTests
{
    [TestMethod]
    public void The_folder_has_quadra_s_files_and_pictures_of_the_image_s_size()
    {
        using var folder = new TemporaryFolder();
        var scenario = ReportScenario.Of("p2");
        using MLImage image = Pixels.Ramp(30, 24);
        var report = new AnomalyReport(scenario.Thresholds, new() { NormalizedThreshold = null, Colors = HeatMapColors.Jet });
        foreach (AnomalyReportRow row in scenario.Rows)
            report.Add(row with { Image = image });
        var shares = new List<double>();
        report.Write(folder["report"], new ImmediateProgress(shares.Add));

        string text = File.ReadAllText(folder["report/anomaly_test_output.json"]);
        StringAssert.StartsWith(text, "{\"observations\": [{\"image_path\": \"data/good\", \"file_name\": \"img_000.png\"");
        StringAssert.Contains(File.ReadAllText(folder["report/test_predictions.csv"]), "data/good/img_000.png,0,0,92.78346");
        StringAssert.StartsWith(File.ReadAllText(folder["report/avg_score_by_label.csv"]), "label,avg_anomaly_score\ngood,");
        Assert.AreEqual(1, shares[^1]);
        CollectionAssert.AreEqual(shares.Order().ToArray(), shares);
        for (int i = 0; i < scenario.Rows.Length; i++)
        {
            string path = string.Join('/', scenario.Rows[i].ImagePath.Split('/')[1..]);
            using MLImage mask = MLImage.CreateFromFile(folder[$"report/predictions/{path}"]);
            using MLImage heat = MLImage.CreateFromFile(folder[$"report/heatmaps/{path}"]);
            Assert.AreEqual((30, 24, 30, 24), (mask.Height, mask.Width, heat.Height, heat.Width));
            int white = Enumerable.Range(0, 30 * 24).Count(pixel => Pixels.At(mask, pixel / 24, pixel % 24).Red == 255);
            Assert.AreEqual(scenario.MaskPixels[i] * 20, white, path);
        }
    }

    [TestMethod]
    public void Pictures_show_the_regions_that_count_and_what_was_not_inspected()
    {
        using var folder = new TemporaryFolder();
        using MLImage image = Pixels.Ramp(6, 8);
        var regions = new AnomalyRegionOptions { MinimumArea = 2, ValidArea = [1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0] };
        float[] map = [2, 2, 0, 2, 0, 0, 0, 2, 0, 0, 2, 2];
        var report = new AnomalyReport(new(1, 1), new() { Regions = regions });
        report.Add(new("good/a.png", 1, new(map, 3, 4)) { Image = image });
        report.Write(folder["report"]);
        using MLImage mask = MLImage.CreateFromFile(folder["report/predictions/good/a.png"]);
        using MLImage heat = MLImage.CreateFromFile(folder["report/heatmaps/good/a.png"]);
        using MLImage expectedMask = HeatMap.Mask([200, 200, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 3, 4, 6, 8);
        using MLImage expectedHeat = HeatMap.Overlay(image, [.. map.Select(score => 100 * score)], 3, 4, opacity: 1, regions: regions);
        Pixels.AssertSame(expectedMask, mask);
        Pixels.AssertSame(expectedHeat, heat);
    }

    [TestMethod]
    public void Regions_that_do_not_fit_are_refused_before_anything_is_written()
    {
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new AnomalyReport(new(1, 1), new() { Regions = new() { MinimumArea = 0 } }));
        var report = new AnomalyReport(new(1, 1), new() { Regions = new() { ValidArea = new byte[7] } });
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(
            () => report.Add(new("a.png", 1, new(new float[6], 2, 3)))).Message, "7 pixels, but the map of row 0, 'a.png', has 2 x 3 = 6");
    }

    [TestMethod]
    public void Images_are_read_from_their_files()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["good"]);
        using MLImage image = Pixels.Ramp(9, 7);
        image.Save(folder["good/a.png"]);
        var report = new AnomalyReport(new(1, 1));
        report.Add(Row(folder["good/a.png"]));
        report.Write(folder["report"]);
        using MLImage heat = MLImage.CreateFromFile(folder["report/heatmaps/good/a.png"]);
        Assert.AreEqual((9, 7), (heat.Height, heat.Width));
    }

    [TestMethod]
    [DataRow(0.6, "is truncated", DisplayName = "half a picture, which is drawn grey or black below")]
    [DataRow(0, "no image that can be read", DisplayName = "something else")]
    public void An_image_that_is_not_whole_is_refused_by_name(double share, string reason)
    {
        using var folder = new TemporaryFolder();
        using MLImage image = Pixels.Ramp(200, 200);
        image.Save(folder["whole.png"]);
        byte[] bytes = File.ReadAllBytes(folder["whole.png"]);
        File.WriteAllBytes(folder["a.png"], share == 0 ? "not a picture"u8.ToArray() : bytes[..(int)(bytes.Length * share)]);
        var report = new AnomalyReport(new(1, 1));
        report.Add(Row(folder["a.png"]));
        var e = Assert.ThrowsExactly<InvalidDataException>(() => report.Write(folder["report"]));
        StringAssert.Contains(e.Message, reason);
        StringAssert.Contains(e.Message, folder["a.png"]);
        Assert.IsFalse(Directory.Exists(folder["report"]));
    }

    [TestMethod]
    [DataRow("good/", 0xD800, ".png", DisplayName = "a first half")]
    [DataRow("good/", 0xDC00, "x.png", DisplayName = "a second half")]
    [DataRow("", 0xD83D, "", DisplayName = "at the end")]
    public void A_path_that_is_no_text_is_refused_with_its_row(string before, int half, string after)
    {
        string path = $"{before}{(char)half}{after}";
        var report = new AnomalyReport(new(1, 1));
        report.Add(Row("good/\U0001F36A.png"));
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => report.Add(Row(path))).Message, "row 1");
    }

    [TestMethod]
    public void A_failure_half_way_leaves_no_half_report_and_the_old_one_as_it_was()
    {
        using var folder = new TemporaryFolder();
        using MLImage image = Pixels.Ramp(4, 4);
        var report = new AnomalyReport(new(1, 1));
        report.Add(Row("good/a.png") with { Image = image });
        report.Write(folder["report"]);
        string before = File.ReadAllText(folder["report/anomaly_test_output.json"]);

        report.Add(Row(folder["missing.png"]));
        StringAssert.Contains(Assert.ThrowsExactly<FileNotFoundException>(() => report.Write(folder["report"])).Message, "missing.png");
        File.WriteAllText(folder["missing.png"], "no image");
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => report.Write(folder["report"])).Message, "no image that can be read");
        Assert.ThrowsExactly<OperationCanceledException>(() => report.Write(folder["report"], cancellationToken: new(canceled: true)));

        Assert.AreEqual(before, File.ReadAllText(folder["report/anomaly_test_output.json"]));
        CollectionAssert.AreEquivalent(
            new[] { "report", "missing.png" }, Directory.GetFileSystemEntries(folder["."]).Select(Path.GetFileName).ToArray());
    }

    [TestMethod]
    public void Bad_rows_are_refused_with_their_place_and_name()
    {
        var report = new AnomalyReport(new(1, 1));
        Assert.ThrowsExactly<InvalidOperationException>(() => report.Write("nowhere"));
        report.Add(Row("a.png"));
        Assert.Contains("row 1, 'b.png', is NaN",
            Assert.ThrowsExactly<ArgumentException>(() => report.Add(Row("b.png") with { Score = float.NaN })).Message);
        Assert.Contains("has 3 pixels, but the map has 2 x 2 = 4",
            Assert.ThrowsExactly<ArgumentException>(() => report.Add(Row("b.png") with { Mask = new byte[3] })).Message);
        Assert.Contains("is empty",
            Assert.ThrowsExactly<ArgumentException>(() => report.Add(Row("b.png") with { Map = new([], 0, 0) })).Message);
        Assert.ThrowsExactly<ArgumentException>(() => report.Add(Row("")));
        Assert.AreEqual(1, report.Count);
    }

    [TestMethod]
    [DataRow(1e39, DisplayName = "infinite as Single")]
    [DataRow(1e-46, DisplayName = "zero as Single")]
    public void A_threshold_that_a_Single_can_not_hold_is_refused(double threshold)
        => Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new AnomalyReport(new(1, threshold)));

    [TestMethod]
    [DataRow(0.0)]
    [DataRow(1000.5)]
    [DataRow(double.NaN)]
    public void A_decision_threshold_off_the_scale_is_refused(double threshold)
        => Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new AnomalyReportOptions { NormalizedThreshold = threshold });

    private static AnomalyReportRow Row(string path) => new(path, 0.5f, new AnomalyMap([0.1f, 0.4f, 1, float.NaN], 2, 2));

    private sealed class ImmediateProgress(Action<double> report) : IProgress<double>
    {
        public void Report(double value) => report(value);
    }
}
