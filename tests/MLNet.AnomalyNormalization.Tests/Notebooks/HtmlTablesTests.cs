using System.Globalization;
using System.Reflection;
using System.Xml.Linq;
using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Tests.Notebooks;

[TestClass]
public sealed class HtmlTablesTests
{
    [TestMethod]
    public void Thresholds_show_what_100_stands_for()
    {
        Dictionary<string, string[]> rows = Shown(new AnomalyThresholds(1.2400000095367432, -1e-5));
        CollectionAssert.AreEqual(new[] { "1.24" }, rows["Image"]);
        CollectionAssert.AreEqual(new[] { "-1E-05" }, rows["Pixel"]);
    }

    [TestMethod]
    public void A_learned_threshold_shows_its_interval_and_what_it_achieves()
    {
        Dictionary<string, string[]> rows = Shown(ThresholdStrategy.MaximumF1().Fit([1, 2, 3, 4, 5], [false, false, true, false, true]));
        CollectionAssert.AreEqual(new[] { "3" }, rows["Threshold"]);
        CollectionAssert.AreEqual(new[] { "unbounded to unbounded" }, rows["95 % interval"]);
        CollectionAssert.AreEqual(new[] { "3" }, rows["Normal rows"]);
        CollectionAssert.AreEqual(new[] { "2" }, rows["Anomalous rows"]);
        CollectionAssert.AreEqual(new[] { "0.8000" }, rows["F1"]);
        CollectionAssert.AreEqual(new[] { "0.3333" }, rows["False positive rate"]);
        CollectionAssert.AreEqual(new[] { "1.0000" }, rows["Recall"]);
    }

    [TestMethod]
    public void Image_metrics_show_one_column()
    {
        Dictionary<string, string[]> rows = Shown(Image());
        Assert.IsTrue(rows.Values.All(values => values.Length == 1));
        Assert.DoesNotContain("AUPRO", rows.Keys);
        Assert.AreEqual("0.8333", rows["AUROC"][0]);
        Assert.AreEqual("0.8333", rows["Average precision"][0]);
        Assert.AreEqual("100", rows["Decision threshold"][0]);
        Assert.AreEqual("120", rows["its threshold"][0]);
        Assert.AreEqual("2", rows["True positives"][0]);
        Assert.AreEqual("1", rows["False positives"][0]);
        Assert.AreEqual("10", rows["at false positives up to"][0]);
    }

    [TestMethod]
    public void An_evaluation_shows_images_and_pixels_side_by_side_and_leaves_out_what_is_missing()
    {
        Dictionary<string, string[]> both = Shown(new AnomalyEvaluation { Image = Image(), Pixel = Pixel(EvaluationPrecision.Exact) });
        Dictionary<string, string[]> image = Shown(Image()), pixel = Shown(Pixel(EvaluationPrecision.Exact));
        Assert.HasCount(image.Count + 2, both);
        foreach ((string name, string[] values) in both)
            CollectionAssert.AreEqual(new[] { image.TryGetValue(name, out string[]? alone) ? alone[0] : "", pixel[name][0] }, values, name);

        Assert.AreEqual(NotebookDisplay.Html(Image()), NotebookDisplay.Html(new AnomalyEvaluation { Image = Image() }));
        PixelMetrics pixels = Pixel(EvaluationPrecision.Grid);
        Assert.AreEqual(NotebookDisplay.Html(pixels), NotebookDisplay.Html(new AnomalyEvaluation { Pixel = pixels }));
        Assert.IsEmpty(Shown(new AnomalyEvaluation()));
    }

    [TestMethod]
    public void Every_figure_of_the_metrics_has_its_place()
    {
        int next = 1000;
        var pixel = new PixelMetrics
        {
            Counts = new(next++, next++, next++, next++),
            FalsePositiveCount = next++,
            OverlappingScores = next++,
        };
        foreach (PropertyInfo property in typeof(PixelMetrics).GetProperties().Where(p => p.PropertyType == typeof(double) && p.CanWrite))
            property.SetValue(pixel, property.Name.EndsWith("Error", StringComparison.Ordinal) ? 0 : next++);

        Dictionary<string, string[]> rows = Shown(pixel);
        Assert.HasCount(18, rows);
        foreach ((string name, double value) in new[]
        {
            ("F1", pixel.F1Score), ("Precision", pixel.Precision), ("Recall", pixel.Recall), ("Accuracy", pixel.Accuracy),
        })
            Assert.AreEqual(value.ToString("F4", CultureInfo.InvariantCulture), rows[name][0]);

        IEnumerable<string> shown = rows.Values.Select(values => values[0]);
        double[] numbers = [.. shown.Select(text => double.Parse(text, CultureInfo.InvariantCulture)).Where(number => number >= 1000)];
        CollectionAssert.AreEquivalent(Enumerable.Range(1000, next - 1000).Select(number => (double)number).ToArray(), numbers);
    }

    [TestMethod]
    public void A_certified_half_width_is_shown_where_it_is_not_0_and_still_certifies_after_rounding()
    {
        PixelMetrics exact = Pixel(EvaluationPrecision.Exact), grid = Pixel(EvaluationPrecision.Grid);
        Assert.IsGreaterThan(0, grid.AreaUnderRocCurveError);
        Dictionary<string, string[]> rows = Shown(grid);
        (string Name, double Exact)[] areas =
        [
            ("AUROC", exact.AreaUnderRocCurve), ("Average precision", exact.AreaUnderPrecisionRecallCurve),
            ("Maximum F1", exact.MaximumF1Score), ("AUPRO", exact.AreaUnderPerRegionOverlap),
        ];
        foreach ((string name, double value) in areas)
        {
            double[] shown = [.. rows[name][0].Split(" ± ").Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
            Assert.HasCount(2, shown, name);
            Assert.IsInRange(shown[0] - shown[1] - 1e-12, shown[0] + shown[1] + 1e-12, value, name);
        }

        Assert.DoesNotContain("±", NotebookDisplay.Html(exact)!);
        var rounded = new PixelMetrics { AreaUnderRocCurve = 0.5000003, AreaUnderRocCurveError = 1e-6 };
        Assert.AreEqual("0.500000 ± 0.000002", Shown(rounded)["AUROC"][0]);
    }

    [TestMethod]
    public void What_the_data_can_t_define_is_a_dash_that_says_why()
    {
        var evaluator = new ImageEvaluator();
        evaluator.Add(120, isAnomalous: false);
        string html = NotebookDisplay.Html(evaluator.Compute())!;
        Assert.AreEqual("–", NotebookDisplay.Rows(html)["AUROC"][0]);
        Assert.AreEqual("–", NotebookDisplay.Rows(html)["its threshold"][0]);
        StringAssert.Contains(html, "<span title=\"not defined: needs anomalous and normal scores\">–</span>");
        Assert.AreEqual("0.0000", NotebookDisplay.Rows(html)["Precision"][0]);
        Assert.DoesNotContain("NaN", html);
        Assert.DoesNotContain("NaN", NotebookDisplay.Html(new ImageEvaluator().Compute())!);
        Assert.DoesNotContain("NaN", NotebookDisplay.Html(new PixelEvaluator().Compute())!);
        Assert.DoesNotContain("NaN", NotebookDisplay.Html(ThresholdStrategy.Quantile(0.5).Fit([1, 2, 3], [false, false, false]))!);
    }

    [TestMethod]
    public void Tables_are_the_same_under_every_culture_and_have_no_colours()
    {
        object[] values = [new AnomalyThresholds(0.5, 1234567.5), Image(), Pixel(EvaluationPrecision.Grid)];
        string[] expected = [.. values.Select(value => NotebookDisplay.Html(value)!)];
        CultureInfo culture = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("fa-IR");
            CollectionAssert.AreEqual(expected, values.Select(NotebookDisplay.Html).ToArray());
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }

        foreach (string html in expected)
        {
            Assert.DoesNotContain("color", html);
            Assert.DoesNotContain("class=", html);
        }
    }

    [TestMethod]
    public void The_formatter_leaves_other_values_to_others_and_writes_nothing()
    {
        using var writer = new StringWriter();
        Assert.IsFalse(new MLNet.AnomalyNormalization.Notebooks.HtmlTables().Format("text", writer));
        Assert.AreEqual("", writer.ToString());
    }

    private static Dictionary<string, string[]> Shown(object value)
    {
        string? html = NotebookDisplay.Html(value);
        Assert.IsNotNull(html);
        Assert.AreEqual("table", XElement.Parse(html).Name.LocalName);
        return NotebookDisplay.Rows(html);
    }

    private static ImageMetrics Image()
    {
        var evaluator = new ImageEvaluator();
        foreach ((float score, bool isAnomalous) in new[] { (50f, false), (60f, false), (130f, false), (120f, true), (200f, true) })
            evaluator.Add(score, isAnomalous);
        return evaluator.Compute();
    }

    private static PixelMetrics Pixel(EvaluationPrecision precision)
    {
        var random = new Random(3);
        var evaluator = new PixelEvaluator(new() { Precision = precision });
        byte[] mask = [.. Enumerable.Range(0, 400).Select(i => i % 20 < 6 ? (byte)1 : (byte)0)];
        evaluator.Add([.. mask.Select(pixel => 100 * random.NextSingle() + 60 * pixel)], mask, 20, 20);
        return evaluator.Compute();
    }
}
