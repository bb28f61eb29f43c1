using System.Text.Json;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Imaging.Reports;

namespace MLNet.AnomalyNormalization.Imaging.Tests.Reports;

/// <summary>One run of quadra's evaluation task, recorded in report.json.</summary>
internal sealed class ReportScenario(JsonElement scenario)
{
    public static IEnumerable<object[]> Completed => All.Where(scenario => scenario.Expected is not null).Select(scenario => new object[] { scenario.Id });

    private static ReportScenario[] All { get; } =
        [.. Oracle.Load("report.json").GetProperty("scenarios").EnumerateArray().Select(scenario => new ReportScenario(scenario))];

    public string Id => scenario.GetProperty("id").GetString()!;

    /// <summary>The recorded file, also where quadra failed to serialise it; null where it failed before.</summary>
    public JsonElement? Expected
        => scenario.TryGetProperty("anomaly_test_output", out JsonElement output)
            || scenario.TryGetProperty("anomaly_test_output_that_failed_to_serialise", out output) ? output : null;

    public string? ExpectedTextDigest
        => scenario.TryGetProperty("anomaly_test_output_text_sha256", out JsonElement digest) ? digest.GetString() : null;

    public double OptimalF1 => scenario.GetProperty("metadata").GetProperty("optimal_f1").GetDouble();

    public int[] MaskPixels => [.. scenario.GetProperty("mask_pixels_per_image").EnumerateArray().Select(count => count.GetInt32())];

    public bool HasMasks => scenario.TryGetProperty("mask_pixels_per_image", out _);

    public static ReportScenario Of(string id) => All.Single(scenario => scenario.Id == id);

    public AnomalyThresholds Thresholds
    {
        get
        {
            string type = scenario.TryGetProperty("effective", out JsonElement effective)
                && effective.GetProperty("training_threshold_type").GetString() is { } name ? name : "image";
            double training = scenario.GetProperty("model_json_thresholds").GetProperty($"{type}_threshold").GetDouble();
            return new(training, training);
        }
    }

    public double? NormalizedThreshold
    {
        get
        {
            JsonElement arguments = scenario.GetProperty("arguments");
            return arguments.TryGetProperty("custom_normalized_threshold", out JsonElement custom) ? custom.GetDouble()
                : arguments.TryGetProperty("use_training_threshold", out JsonElement use) && use.GetBoolean() ? 100 : null;
        }
    }

    public AnomalyReportRow[] Rows
    {
        get
        {
            float[] scores = Oracle.Singles(scenario.GetProperty("raw_scores")), maps = Oracle.Singles(scenario.GetProperty("raw_maps"));
            return
            [
                .. scenario.GetProperty("image_paths").EnumerateArray().Zip(scenario.GetProperty("labels").EnumerateArray()).Select((pair, i) =>
                    new AnomalyReportRow(pair.First.GetString()!, scores[i], new AnomalyMap(maps[(36 * i)..(36 * (i + 1))], 6, 6))
                    {
                        IsAnomalous = pair.Second.GetInt32() switch { 0 => false, 1 => true, _ => null },
                    }),
            ];
        }
    }

    public Assessment Assess() => new(Rows, Thresholds, NormalizedThreshold);
}
