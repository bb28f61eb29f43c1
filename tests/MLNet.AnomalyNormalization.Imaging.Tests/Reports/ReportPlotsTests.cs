using System.Globalization;
using System.Xml.Linq;
using MLNet.AnomalyNormalization.Imaging.Reports;

namespace MLNet.AnomalyNormalization.Imaging.Tests.Reports;

[TestClass]
public sealed class ReportPlotsTests
{
    [TestMethod]
    public void Every_diagram_is_an_SVG_with_the_threshold_or_its_figure()
    {
        Assessment assessment = Masked();
        Dictionary<string, string> plots = Draw(assessment);
        CollectionAssert.AreEquivalent(ReportPlots.FileNames.ToArray(), plots.Keys);
        foreach ((string name, string svg) in plots)
        {
            Assert.AreEqual("svg", XDocument.Parse(svg).Root!.Name.LocalName, name);
            Assert.DoesNotContain("href", svg, "nothing is linked");
            Assert.DoesNotContain("DOCTYPE", svg, "nor defined elsewhere");
        }

        Assert.Contains("threshold 106.852", plots["cumulative_histogram.svg"]);
        Assert.Contains("threshold 106.852", plots["precision_recall.svg"]);
        Assert.Contains(assessment.Metrics.AreaUnderRocCurve.ToString("F4", CultureInfo.InvariantCulture), plots["roc.svg"]);
        Assert.Contains("overkill", plots["confusion_matrix.svg"]);
        Assert.Contains("Mean overlap of", plots["pro.svg"]);
    }

    [TestMethod]
    [DataRow("p9", "cumulative_histogram.svg", DisplayName = "no label is known")]
    [DataRow("p12", "cumulative_histogram.svg,confusion_matrix.svg", DisplayName = "only normal images")]
    [DataRow("p14", "cumulative_histogram.svg,confusion_matrix.svg,precision_recall.svg", DisplayName = "only defects")]
    public void What_the_labels_do_not_allow_is_left_out(string id, string expected)
        => Assert.AreEqual(expected, string.Join(',', Draw(ReportScenario.Of(id).Assess()).Keys));

    [TestMethod]
    public void The_language_of_the_machine_is_of_no_account()
    {
        string invariant = Draw(Masked())["cumulative_histogram.svg"];
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("de-DE");
            Assert.AreEqual(invariant, Draw(Masked())["cumulative_histogram.svg"]);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    private static Dictionary<string, string> Draw(Assessment assessment)
        => ReportPlots.Draw(assessment, assessment.EvaluatePixels()).ToDictionary(plot => plot.FileName, plot => plot.Svg);

    private static Assessment Masked()
    {
        var scenario = ReportScenario.Of("p2");
        AnomalyReportRow[] rows = [.. scenario.Rows.Select(row => row.IsAnomalous is true
            ? row with { Mask = [.. row.Map.Values.Select(value => value > 1.3 ? (byte)1 : (byte)0)] }
            : row)];
        return new Assessment(rows, scenario.Thresholds, null);
    }
}
