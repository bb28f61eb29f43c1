using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Tests.Evaluation;

[TestClass]
public class PixelEvaluatorTests
{
    [TestMethod]
    public void Every_golden_set_is_reproduced()
    {
        foreach (JsonElement set in GoldenData.Load("pixel.json").GetProperty("sets").EnumerateArray())
        {
            string name = set.GetProperty("name").GetString()!;
            ImageSet images = GoldenData.LoadSet(set);
            JsonElement golden = set.GetProperty("metrics");
            foreach ((string key, RegionConnectivity connectivity) in new[] { ("aupro_8", RegionConnectivity.Eight), ("aupro_4", RegionConnectivity.Four) })
            {
                foreach (JsonProperty limit in golden.GetProperty(key).EnumerateObject())
                {
                    double rate = double.Parse(limit.Name, System.Globalization.CultureInfo.InvariantCulture);
                    PixelMetrics metrics = images.Evaluator(new() { Connectivity = connectivity, FalsePositiveRateLimit = rate }).Compute();
                    Check(golden, metrics, name);
                    Near(limit.Value.Number(), metrics.AreaUnderPerRegionOverlap, 1e-12, $"{name} {key} {rate}");
                }
            }

            foreach (JsonElement pimo in golden.GetProperty("aupimo").EnumerateArray().Where(pimo => !pimo.GetProperty("force").GetBoolean()))
            {
                PixelMetrics metrics = images.Evaluator(new()
                {
                    PerImageOverlapThresholds = pimo.GetProperty("num_thresholds").GetInt32(),
                    PerImageOverlapLowerBound = pimo.GetProperty("fpr_lower").GetDouble(),
                    PerImageOverlapUpperBound = pimo.GetProperty("fpr_upper").GetDouble(),
                }).Compute();
                Assert.HasCount(images.Count, metrics.AreaUnderPerImageOverlaps);
                if (pimo.TryGetProperty("exception", out _))
                {
                    Assert.IsTrue(double.IsNaN(metrics.AreaUnderPerImageOverlap) && metrics.AreaUnderPerImageOverlaps.All(double.IsNaN), name);
                    continue;
                }

                Near(pimo.GetProperty("mean_over_anomalous").Number(), metrics.AreaUnderPerImageOverlap, 1e-9, name);
                foreach ((double expected, double actual) in pimo.GetProperty("per_image").Numbers().Zip(metrics.AreaUnderPerImageOverlaps))
                    Near(expected, actual, 1e-9, name);
            }
        }
    }

    [TestMethod]
    public void The_large_set_is_reproduced()
    {
        JsonElement large = GoldenData.Load("large.json");
        ImageSet images = LargeSet.Draw();
        Assert.AreEqual(large.GetProperty("maps_sha256").GetString(), Digest(images.Maps), "the drawn maps are not those of the golden values");
        Assert.AreEqual(large.GetProperty("masks_sha256").GetString(), Digest(images.Masks), "the drawn masks are not those of the golden values");

        JsonElement golden = large.GetProperty("metrics");
        PixelMetrics metrics = images.Evaluator().Compute(threads: 2);
        Near(golden.GetProperty("sklearn_auroc").GetProperty("value").Number(), metrics.AreaUnderRocCurve, 1e-12, "AUROC");
        Near(golden.GetProperty("sklearn_ap").GetProperty("value").Number(), metrics.AreaUnderPrecisionRecallCurve, 1e-12, "average precision");
        JsonElement maximum = golden.GetProperty("sklearn_max_f1").GetProperty("value");
        Near(maximum.GetProperty("f1").Number(), metrics.MaximumF1Score, 1e-9, "maximum F1");
        Near(maximum.GetProperty("threshold_bits").GetUInt32(), BitConverter.SingleToUInt32Bits((float)metrics.MaximumF1Threshold), 0, "its threshold");
        Near(golden.GetProperty("f1_at_100_numpy").GetProperty("value").GetProperty("f1").Number(), metrics.F1Score, 1e-12, "F1 at 100");
        Near(golden.GetProperty("aupro_8").GetProperty("value").GetProperty("0.3").Number(), metrics.AreaUnderPerRegionOverlap, 1e-12, "AUPRO");
        JsonElement pimo = golden.GetProperty("aupimo_300000").GetProperty("value");
        Near(pimo.GetProperty("mean_over_anomalous").Number(), metrics.AreaUnderPerImageOverlap, 1e-9, "AUPIMO");
        foreach ((double expected, double actual) in pimo.GetProperty("per_image").Numbers().Zip(metrics.AreaUnderPerImageOverlaps))
            Near(expected, actual, 1e-9, "AUPIMO of an image");

        PixelMetrics grid = images.Evaluator(new() { Precision = EvaluationPrecision.Grid }).Compute();
        Assert.AreEqual(metrics.Counts, grid.Counts);
        Within(metrics.AreaUnderRocCurve, grid.AreaUnderRocCurve, grid.AreaUnderRocCurveError);
        Within(metrics.AreaUnderPrecisionRecallCurve, grid.AreaUnderPrecisionRecallCurve, grid.AreaUnderPrecisionRecallCurveError);
        Within(metrics.MaximumF1Score, grid.MaximumF1Score, grid.MaximumF1ScoreError);
        Within(metrics.AreaUnderPerRegionOverlap, grid.AreaUnderPerRegionOverlap, grid.AreaUnderPerRegionOverlapError);

        static void Within(double exact, double middle, double halfWidth)
        {
            Console.WriteLine($"{exact:R} {middle:R} ± {halfWidth:E2}");
            Assert.IsLessThanOrEqualTo(halfWidth, Math.Abs(exact - middle));
            Assert.IsLessThanOrEqualTo(1e-5, halfWidth);
        }
    }

    private static void Check(JsonElement golden, PixelMetrics metrics, string name)
    {
        bool anyDefect = metrics.Counts.TruePositives + metrics.Counts.FalseNegatives > 0;
        Near(golden.GetProperty("pixel_auroc").ValueOrNaN(), metrics.AreaUnderRocCurve, 1e-12, name);
        Near(anyDefect ? golden.GetProperty("pixel_average_precision").Number() : double.NaN, metrics.AreaUnderPrecisionRecallCurve, 1e-12, name);
        JsonElement at100 = golden.GetProperty("pixel_at_100");
        Near(at100.GetProperty("f1").Number(), metrics.F1Score, 1e-12, name);
        Assert.AreEqual(new ConfusionCounts(at100.GetProperty("tp").GetInt64(), at100.GetProperty("fp").GetInt64(),
            at100.GetProperty("tn").GetInt64(), at100.GetProperty("fn").GetInt64()), metrics.Counts, name);
        JsonElement maximum = golden.GetProperty("pixel_max_f1");
        Near(anyDefect ? maximum.GetProperty("f1").Number() : double.NaN, metrics.MaximumF1Score, 1e-9, name);
        Near(anyDefect ? maximum.GetProperty("at_threshold").GetProperty("threshold").Number() : double.NaN, metrics.MaximumF1Threshold, 0, name);
    }

    private static string Digest<T>(T[][] images)
        where T : unmanaged
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (T[] image in images)
            hash.AppendData(MemoryMarshal.AsBytes<T>(image));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Near(double expected, double actual, double tolerance, string what)
    {
        if (double.IsNaN(expected))
            Assert.IsTrue(double.IsNaN(actual), $"{what}: expected NaN, got {actual}");
        else
            Assert.AreEqual(expected, actual, tolerance, what);
    }
}
