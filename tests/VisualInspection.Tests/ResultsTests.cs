namespace VisualInspection.Tests;

[TestClass]
public sealed class ResultsTests
{
    [TestMethod]
    [DataRow(new float[] { 1, 2 }, new float[] { 3, 4 }, 1.0, DisplayName = "every defect above every good image")]
    [DataRow(new float[] { 3, 4 }, new float[] { 1, 2 }, 0.0, DisplayName = "the wrong way round")]
    [DataRow(new float[] { 1, 1 }, new float[] { 1 }, 0.5, DisplayName = "ties count half")]
    [DataRow(new float[] { 1, 3 }, new float[] { 2, 3, 4 }, 4.5 / 6, DisplayName = "counted by hand")]
    [DataRow(new float[] { 1, 2 }, new float[0], double.NaN, DisplayName = "one class only: undefined")]
    public void The_area_under_the_curve_is_the_share_of_pairs_in_the_right_order(float[] good, float[] defective, double expected)
    {
        Result[] results = [.. good.Select(score => Scored(score, 50, "good")), .. defective.Select(score => Scored(score, 50, "hole"))];
        Assert.AreEqual(expected, results.AreaUnderRocCurve());
    }

    [TestMethod]
    public void The_table_shows_each_image_with_both_scores_the_area_and_the_decision()
    {
        Result[] results = [Scored(1.5f, 99.999f, "good"), Scored(1.6f, 100, "good"), Scored(9, 600, "hole"), Scored(1, 66.6f, "hole")];
        string[] lines = Lines(results.PrintTable);
        Assert.HasCount(6, lines);
        StringAssert.Matches(lines[2], new(@"^good/1\.png +1\.500 +99\.999 +2\.5 ?%  good$"));
        StringAssert.Matches(lines[3], new(@"^good/1\.png +1\.600 +100\.000 +2\.5 ?%  anomalous  <- false alarm$"));
        StringAssert.Matches(lines[4], new(@"^hole/1\.png +9\.000 +600\.000 +2\.5 ?%  anomalous$"));
        StringAssert.Matches(lines[5], new(@"^hole/1\.png +1\.000 +66\.600 +2\.5 ?%  good       <- missed$"));
    }

    [TestMethod]
    public void The_summary_counts_the_four_cases_and_says_where_the_area_is_undefined()
    {
        Result[] results = [Scored(1, 50, "good"), Scored(2, 60, "good"), Scored(3, 150, "good"), Scored(2.5f, 70, "hole")];
        string[] lines = Lines(results.PrintSummary);
        StringAssert.Matches(lines[1], new("^really good +2 +1$"));
        StringAssert.Matches(lines[2], new("^really anomalous +1 +0$"));
        Assert.AreEqual("Image AUROC: 0.6667", lines[3]);

        StringAssert.Contains(Lines(results[..3].PrintSummary)[3], "undefined");
    }

    private static Result Scored(float raw, float normalized, string kind)
        => new(new InspectionImage($"{kind}/1.png", kind), raw, normalized, normalized >= 100, AnomalousArea: 0.025);

    private static string[] Lines(Action<TextWriter> print)
    {
        using var writer = new StringWriter { NewLine = "\n" };
        print(writer);
        return writer.ToString().TrimEnd('\n').Split('\n');
    }
}
