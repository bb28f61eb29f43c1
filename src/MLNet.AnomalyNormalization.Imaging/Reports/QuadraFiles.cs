using System.Globalization;
using System.Text;
using System.Text.Json;
using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Imaging.Reports;

/// <summary>
/// The text files of orobix/quadra: anomaly_test_output.json of its evaluation task, test_predictions.csv and avg_score_by_label.csv of its
/// training task (quadra/tasks/anomaly.py). The JSON text has the spacing and the numbers of Python's json module.
/// </summary>
internal static class QuadraFiles
{
    private const string Good = "good";

    public static string TestOutput(Assessment assessment)
    {
        ConfusionCounts counts = assessment.Metrics.Counts;
        return Object(
            ("observations", Array(assessment.Rows.Select(Observation))),
            ("threshold", Rounded(assessment.Decision.Normalized)),
            ("unnormalized_threshold", Rounded(assessment.Decision.Raw)),
            ("f1_score", Rounded(assessment.F1Score)),
            ("metrics", Object(
                ("overlapping_scores", Whole(assessment.Metrics.OverlappingScores)),
                ("confusion_matrix", Object(
                    ("class_labels", Array([Text("normal"), Text("anomaly")])),
                    ("matrix", Array(
                    [
                        Array([Whole(counts.TrueNegatives), Whole(counts.FalsePositives)]),
                        Array([Whole(counts.FalseNegatives), Whole(counts.TruePositives)]),
                    ])))))));
    }

    public static string TestPredictions(IReadOnlyList<AssessedRow> rows)
    {
        string[] defects = [.. rows.Select(ClassOf).Where(name => name != Good).Distinct().Order(StringComparer.Ordinal)];
        int falseDefect = defects.Length > 1 ? defects.Length + 1 : 1;
        var text = new StringBuilder("image_path,predicted_label,ground_truth_label,predicted_score\r\n");
        foreach (AssessedRow row in rows)
        {
            int actual = System.Array.BinarySearch(defects, ClassOf(row), StringComparer.Ordinal) is >= 0 and int index ? index + 1 : 0;
            int predicted = !row.IsPredictedAnomalous ? 0 : actual == 0 ? falseDefect : actual;
            string score = PythonNumber(row.Score.ToString(CultureInfo.InvariantCulture));
            text.Append(CultureInfo.InvariantCulture, $"{Field(row.Row.ImagePath)},{predicted},{actual},{score}\r\n");
        }

        return text.ToString();
    }

    public static string AverageScores(IReadOnlyList<AssessedRow> rows)
    {
        var text = new StringBuilder("label,avg_anomaly_score\n");
        foreach ((string name, double average) in rows.GroupBy(row => row.Class, StringComparer.Ordinal)
            .Select(group => (group.Key, Average: group.Sum(row => (double)row.Score) / group.Count()))
            .OrderBy(group => group.Average).ThenBy(group => group.Key, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"{Field(name)},{average:F3}\n");
        }

        return text.ToString();
    }

    private static string Observation(AssessedRow row) => Object(
        ("image_path", Text(row.Directory)),
        ("file_name", Text(row.FileName)),
        ("expectation", row.Row.IsAnomalous switch { null => Text(""), true => "1", false => "0" }),
        ("prediction", row.IsPredictedAnomalous ? "1" : "0"),
        ("prediction_mask", Text($"predictions/{row.PicturePath}")),
        ("prediction_heatmap", Text($"heatmaps/{row.PicturePath}")),
        ("is_correct", row.IsCorrect is false ? "false" : "true"),
        ("anomaly_score", Text(row.Score.ToString("F3", CultureInfo.InvariantCulture))));

    private static string Object(params (string Name, string Value)[] members)
        => $"{{{string.Join(", ", members.Select(member => $"{Text(member.Name)}: {member.Value}"))}}}";

    private static string Array(IEnumerable<string> items) => $"[{string.Join(", ", items)}]";

    private static string Whole(long value) => value.ToString(CultureInfo.InvariantCulture);

    // quadra's folder of normal images is always called good; a folder of another name can be labelled normal here.
    private static string ClassOf(AssessedRow row) => row.Row.IsAnomalous is false ? Good : row.Class;

    // Pure ASCII, so that a reader's default encoding is of no account.
    private static string Text(string value) => $"\"{JsonEncodedText.Encode(value)}\"";

    private static string Rounded(double value) => PythonNumber(Math.Round(value, 3).ToString(CultureInfo.InvariantCulture));

    private static string PythonNumber(string number) => number.All(c => char.IsAsciiDigit(c) || c == '-') ? number + ".0" : number;

    // RFC 4180. By hand: a library for one rule would come with every heat map.
    private static string Field(string value)
        => value.AsSpan().ContainsAny("\",\r\n") ? $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : value;
}
