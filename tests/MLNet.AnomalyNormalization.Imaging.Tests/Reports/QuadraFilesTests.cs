using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Imaging.Reports;

namespace MLNet.AnomalyNormalization.Imaging.Tests.Reports;

[TestClass]
public sealed class QuadraFilesTests
{
    [TestMethod]
    [DynamicData(nameof(ReportScenario.Completed), typeof(ReportScenario))]
    public void The_test_output_is_quadra_s_value_for_value_and_byte_for_byte(string id)
    {
        var scenario = ReportScenario.Of(id);
        string text = QuadraFiles.TestOutput(scenario.Assess());
        using JsonDocument actual = JsonDocument.Parse(text);
        AssertEqual(scenario.Expected!.Value, actual.RootElement, "$");
        if (scenario.ExpectedTextDigest is { } digest)
            Assert.AreEqual(digest, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))));
    }

    [TestMethod]
    public void Predictions_number_the_classes_and_count_false_defects_apart()
    {
        AssessedRow[] rows =
        [
            Row("d/good/a.png", 92.5f, isAnomalous: false), Row("d/good/b.png", 100f, isAnomalous: false),
            Row("d/hole/c.png", 250.125f, isAnomalous: true), Row("d/crack/d.png", 40f, isAnomalous: true), Row("d/crack/e.png", 1000f, isAnomalous: true),
        ];
        Assert.AreEqual(
            "image_path,predicted_label,ground_truth_label,predicted_score\r\n"
            + "d/good/a.png,0,0,92.5\r\nd/good/b.png,3,0,100.0\r\nd/hole/c.png,2,2,250.125\r\nd/crack/d.png,0,1,40.0\r\nd/crack/e.png,1,1,1000.0\r\n",
            QuadraFiles.TestPredictions(rows));
        Assert.Contains("d/good/b.png,1,0,100.0\r\n", QuadraFiles.TestPredictions(rows[..3]), "one class of defects: no number of their own");
    }

    [TestMethod]
    public void Averages_rise_and_have_three_decimals()
        => Assert.AreEqual(
            "label,avg_anomaly_score\nhole,20.000\ngood,50.167\n\"a,\"\"b\",90.062\n",
            QuadraFiles.AverageScores(
            [
                Row("d/good/a.png", 50.25f, isAnomalous: false), Row("d/good/b.png", 50.083f, isAnomalous: false),
                Row("d/hole/c.png", 20, isAnomalous: true), Row("d/a,\"b/c.png", 90.0625f, isAnomalous: true),
            ]));

    [TestMethod]
    public void Names_are_quoted_in_CSV_and_escaped_in_JSON()
    {
        AssessedRow row = Row("d/x\",\ny/<é>.png", 12, isAnomalous: null);
        Assert.Contains("\"d/x\"\",\ny/<é>.png\",0,1,12.0\r\n", QuadraFiles.TestPredictions([row]));
        var assessment = new Assessment([row.Row], new(100, 100), 100);
        using JsonDocument json = JsonDocument.Parse(QuadraFiles.TestOutput(assessment));
        JsonElement observation = json.RootElement.GetProperty("observations")[0];
        Assert.AreEqual("d/x\",\ny", observation.GetProperty("image_path").GetString());
        Assert.AreEqual("<é>.png", observation.GetProperty("file_name").GetString());
        Assert.AreEqual("", observation.GetProperty("expectation").GetString());
    }

    private static AssessedRow Row(string path, float score, bool? isAnomalous)
        => new(new AnomalyReportRow(path, score, new AnomalyMap([score], 1, 1)) { IsAnomalous = isAnomalous }, score, score >= 100, "x.png");

    private static void AssertEqual(JsonElement expected, JsonElement actual, string where)
    {
        Assert.AreEqual(expected.ValueKind, actual.ValueKind, where);
        switch (expected.ValueKind)
        {
            case JsonValueKind.Object:
                CollectionAssert.AreEqual(expected.EnumerateObject().Select(p => p.Name).ToArray(), actual.EnumerateObject().Select(p => p.Name).ToArray());
                foreach (JsonProperty property in expected.EnumerateObject())
                    AssertEqual(property.Value, actual.GetProperty(property.Name), $"{where}.{property.Name}");
                break;
            case JsonValueKind.Array:
                Assert.AreEqual(expected.GetArrayLength(), actual.GetArrayLength(), where);
                for (int i = 0; i < expected.GetArrayLength(); i++)
                    AssertEqual(expected[i], actual[i], $"{where}[{i}]");
                break;
            case JsonValueKind.Number:
                Assert.AreEqual(expected.GetDouble(), actual.GetDouble(), where);
                break;
            case JsonValueKind.String:
                Assert.AreEqual(expected.GetString(), actual.GetString(), where);
                break;
        }
    }
}
