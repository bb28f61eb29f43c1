using MLNet.AnomalyNormalization.Imaging;

namespace VisualInspection.Tests;

[TestClass]
public sealed class ResultsTests
{
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

    private static Result Scored(float raw, float normalized, string kind)
        => new(new FolderImage($"{kind}/1.png", kind), raw, normalized, normalized >= 100, AnomalousArea: 0.025);

    private static string[] Lines(Action<TextWriter> print)
    {
        using var writer = new StringWriter { NewLine = "\n" };
        print(writer);
        return writer.ToString().TrimEnd('\n').Split('\n');
    }
}
