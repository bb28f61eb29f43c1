using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Tests.Notebooks;

[TestClass]
public sealed class TableTests
{
    [TestMethod]
    public void Thresholds_fits_and_metrics_are_tables_as_text_in_every_culture()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("de-DE");
            Assert.AreEqual("Raw thresholds\nImage  1.24\nPixel  -0.5", new AnomalyThresholds(1.24, -0.5).ToString());
            string[] lines = Evaluation(bothClasses: true).ToString().Split('\n');
            Assert.AreEqual("Evaluation", lines[0]);
            Assert.AreEqual("                           Image   Pixel", lines[1]);
            Assert.AreEqual("AUROC                     1.0000  1.0000", lines[2]);
            string fit = ThresholdStrategy.MaximumF1().Fit([1, 2], [false, true]).ToString();
            StringAssert.StartsWith(fit, "Learned threshold\nThreshold            1.5\n");
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [TestMethod]
    public void A_metric_that_is_undefined_says_why()
        => StringAssert.Contains(
            Evaluation(bothClasses: false).Image!.ToString(), "AUROC                     –  (not defined: needs anomalous and normal scores)\n");

    [TestMethod]
    public void A_curve_is_a_table_of_some_of_its_points_with_the_first_and_the_last()
    {
        var evaluator = new ImageEvaluator();
        for (int i = 0; i < 400; i++)
            evaluator.Add(i, i % 3 == 0 || i > 300);
        string[] lines = evaluator.ComputeCurve().ToString().Split('\n');
        Assert.HasCount(23, lines);
        Assert.AreEqual("Curve of 401 points, by threshold", lines[0]);
        Assert.AreEqual("          Recall  Precision     FPR      F1   TP   FP   TN   FN", lines[1]);
        Assert.AreEqual("Infinity  0.0000     0.0000  0.0000  0.0000    0    0  200  200", lines[2]);
        Assert.AreEqual("0         1.0000     0.5000  1.0000  0.6667  200  200    0    0", lines[^1]);
        StringAssert.StartsWith(new ImageEvaluator().ComputeCurve().ToString(), "Curve of 1 points");

        var pixels = new PixelEvaluator();
        pixels.Add([1, 2, 3, 120], [0, 0, 1, 1], 2, 2);
        StringAssert.EndsWith(pixels.ComputeCurve().ToString().Split('\n')[1], "  PRO");
    }

    [TestMethod]
    public void What_is_a_table_as_text_is_a_line_in_the_debugger()
    {
        Type[] tables = [.. typeof(ScoreNormalizer).Assembly.GetExportedTypes()
            .Where(type => type.GetCustomAttributes().Any(attribute => attribute.GetType().Name == "TypeFormatterSourceAttribute"))];
        Assert.IsGreaterThan(3, tables.Length);
        foreach (Type type in tables.Where(type => !type.IsAbstract))
        {
            string? line = type.GetCustomAttributes<DebuggerDisplayAttribute>().FirstOrDefault()?.Value;
            Assert.IsNotNull(line, type.Name);
            foreach (Match member in Regex.Matches(line, @"\{(\w+)"))
                Assert.IsNotNull(type.GetProperty(member.Groups[1].Value), $"{type.Name}.{member.Groups[1].Value}");
        }
    }

    [TestMethod]
    [DataRow(true, DisplayName = "all numbers")]
    [DataRow(false, DisplayName = "with NaN")]
    public void Results_come_back_from_JSON_as_they_were(bool bothClasses)
    {
        AnomalyEvaluation evaluation = Evaluation(bothClasses);
        Assert.AreEqual(evaluation, JsonSerializer.Deserialize<AnomalyEvaluation>(JsonSerializer.Serialize(evaluation)));
        ThresholdFit fit = ThresholdStrategy.Quantile(0.5).Fit([1f, 2]);
        Assert.AreEqual(fit, JsonSerializer.Deserialize<ThresholdFit>(JsonSerializer.Serialize(fit)));
        var thresholds = new AnomalyThresholds(1.24, -0.5);
        Assert.AreEqual(thresholds, JsonSerializer.Deserialize<AnomalyThresholds>(JsonSerializer.Serialize(thresholds)));
        var options = new AnomalyNormalizationOptions { ImageEvaluation = EvaluationThreshold.At(110), InspectedArea = new(0.1, 0.2, 0.5, 0.6) };
        AnomalyNormalizationOptions back = JsonSerializer.Deserialize<AnomalyNormalizationOptions>(JsonSerializer.Serialize(options))!;
        Assert.AreEqual((options.ImageEvaluation, options.InspectedArea), (back.ImageEvaluation, back.InspectedArea));
    }

    private static AnomalyEvaluation Evaluation(bool bothClasses)
    {
        var images = new ImageEvaluator();
        images.Add(40, false);
        if (bothClasses)
            images.Add(140, true);
        var pixels = new PixelEvaluator();
        pixels.Add([1, 2, 3, 120], [0, 0, 0, bothClasses ? (byte)1 : (byte)0], 2, 2);
        return new() { Image = images.Compute(), Pixel = pixels.Compute(), ImageThresholdOrigin = ThresholdOrigin.Column };
    }
}
