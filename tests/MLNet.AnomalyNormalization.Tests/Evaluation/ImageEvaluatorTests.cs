using System.Text.Json;
using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Tests.Evaluation;

[TestClass]
public class ImageEvaluatorTests
{
    [TestMethod]
    public void Every_golden_case_is_reproduced()
    {
        JsonElement[] cases = [.. GoldenData.Load("metrics.json").GetProperty("cases").EnumerateArray().Where(c => c.TryGetProperty("max_f1_exact", out _))];
        Assert.IsGreaterThan(25, cases.Length);
        foreach (JsonElement golden in cases)
        {
            string id = golden.GetProperty("id").GetString()!;
            var evaluator = new ImageEvaluator();
            int[] labels = [.. golden.GetProperty("labels").EnumerateArray().Select(label => label.GetInt32())];
            float[] scores = golden.GetProperty("scores").Floats();
            for (int i = 0; i < labels.Length; i++)
                evaluator.Add(scores[i], labels[i] == 1);

            ImageMetrics metrics = evaluator.Compute();
            bool anyPositive = labels.Contains(1);
            Near(golden.GetProperty("roc_auc_score").ValueOrNaN(), metrics.AreaUnderRocCurve, 1e-12, id);
            Near(anyPositive ? golden.GetProperty("average_precision_score").ValueOrNaN() : double.NaN, metrics.AreaUnderPrecisionRecallCurve, 1e-12, id);

            JsonElement exact = golden.GetProperty("max_f1_exact");
            Near(anyPositive ? exact.GetProperty("f1").Number() : double.NaN, metrics.MaximumF1Score, 0, id);
            Near(anyPositive ? exact.GetProperty("lowest_threshold_bits").GetUInt32() : double.NaN,
                anyPositive ? BitConverter.SingleToUInt32Bits((float)metrics.MaximumF1Threshold) : double.NaN, 0, id);
            Near(anyPositive ? golden.GetProperty("max_f1_sklearn").GetProperty("f1").Number() : double.NaN, metrics.MaximumF1Score, 1e-9, id);

            JsonElement at100 = golden.GetProperty("at_100");
            Near(at100.GetProperty("f1").ValueOrNaN(), metrics.F1Score, 1e-12, id);
            Near(at100.GetProperty("precision").ValueOrNaN(), metrics.Precision, 1e-12, id);
            Near(at100.GetProperty("recall").ValueOrNaN(), metrics.Recall, 1e-12, id);
            Near(at100.GetProperty("accuracy").ValueOrNaN(), metrics.Accuracy, 1e-12, id);
            Assert.AreEqual(new ConfusionCounts(at100.GetProperty("tp").GetInt64(), at100.GetProperty("fp").GetInt64(),
                at100.GetProperty("tn").GetInt64(), at100.GetProperty("fn").GetInt64()), metrics.Counts, id);

            foreach (JsonElement rate in golden.GetProperty("detection_rate_at_k_false_positives").EnumerateArray())
            {
                int k = rate.GetProperty("k").GetInt32();
                Near(rate.GetProperty("rate").ValueOrNaN(), evaluator.Compute(falsePositiveCount: k).DetectionRateAtFalsePositiveCount, 1e-12, $"{id}, {k}");
            }
        }
    }

    private static void Near(double expected, double actual, double tolerance, string id)
    {
        if (double.IsNaN(expected))
            Assert.IsTrue(double.IsNaN(actual), $"{id}: expected NaN, got {actual}");
        else
            Assert.AreEqual(expected, actual, tolerance, id);
    }
}
