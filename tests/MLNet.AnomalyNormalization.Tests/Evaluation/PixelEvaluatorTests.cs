using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using CsCheck;
using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Tests.Evaluation;

[TestClass]
public class PixelEvaluatorTests
{
    [TestMethod]
    [DataRow(EvaluationPrecision.Exact)]
    [DataRow(EvaluationPrecision.Grid)]
    public void Metrics_that_were_stopped_can_be_computed_afterwards(EvaluationPrecision precision)
    {
        var evaluator = new PixelEvaluator(new() { Precision = precision });
        evaluator.Add([1, 2, 3, 4, 5, 6], [0, 1, 1, 0, 0, 9], 2, 3);
        var stopped = new CancellationToken(canceled: true);
        Assert.ThrowsExactly<OperationCanceledException>(() => evaluator.Compute(cancellationToken: stopped));
        Assert.ThrowsExactly<OperationCanceledException>(() => evaluator.ComputeCurve(cancellationToken: stopped));
        Assert.AreEqual(6, evaluator.Compute().Counts.Total);
    }

    [TestMethod]
    public void Every_golden_set_is_reproduced()
    {
        foreach (JsonElement set in GoldenData.Load("pixel.json").GetProperty("sets").EnumerateArray())
        {
            string name = set.GetProperty("name").GetString()!;
            ImageSet images = GoldenData.LoadSet(set);
            JsonElement golden = set.GetProperty("metrics");
            foreach (RegionConnectivity connectivity in Enum.GetValues<RegionConnectivity>())
            {
                string key = connectivity == RegionConnectivity.Eight ? "aupro_8" : "aupro_4";
                foreach (JsonProperty limit in golden.GetProperty(key).EnumerateObject())
                {
                    double rate = double.Parse(limit.Name, CultureInfo.InvariantCulture);
                    PixelMetrics metrics = images.Evaluator(new() { Connectivity = connectivity, FalsePositiveRateLimit = rate }).Compute();
                    Check(golden, metrics, name);
                    Metrics.Near(limit.Value.Number(), metrics.AreaUnderPerRegionOverlap, 1e-12, $"{name} {key} {rate}");
                }
            }

            // "force" waives the minimum number of points, which has no counterpart here.
            foreach (JsonElement overlap in golden.GetProperty("aupimo").EnumerateArray().Where(o => !o.GetProperty("force").GetBoolean()))
                CheckPerImageOverlap(overlap, images, name);
        }
    }

    [TestMethod]
    public void The_large_set_is_reproduced()
    {
        JsonElement large = GoldenData.Load("large.json");
        ImageSet images = LargeSet.Draw();
        Assert.AreEqual(large.GetProperty("maps_sha256").GetString(), Digest(images.Maps), "other maps than those of the golden values");
        Assert.AreEqual(large.GetProperty("masks_sha256").GetString(), Digest(images.Masks), "other masks than those of the golden values");

        JsonElement golden = large.GetProperty("metrics");
        PixelMetrics metrics = images.Evaluator().Compute(threads: 2);
        Assert.AreEqual(golden.GetProperty("sklearn_auroc").GetProperty("value").Number(), metrics.AreaUnderRocCurve, 1e-12);
        Assert.AreEqual(golden.GetProperty("sklearn_ap").GetProperty("value").Number(), metrics.AreaUnderPrecisionRecallCurve, 1e-12);
        JsonElement maximum = golden.GetProperty("sklearn_max_f1").GetProperty("value");
        Assert.AreEqual(maximum.GetProperty("f1").Number(), metrics.MaximumF1Score, 1e-9);
        Assert.AreEqual(BitConverter.UInt32BitsToSingle(maximum.GetProperty("threshold_bits").GetUInt32()), metrics.MaximumF1Threshold);
        JsonElement at100 = golden.GetProperty("f1_at_100_numpy").GetProperty("value");
        Assert.AreEqual(at100.GetProperty("f1").Number(), metrics.F1Score, 1e-12);
        Assert.AreEqual(at100.Counts(), metrics.Counts);
        JsonElement overlaps = golden.GetProperty("aupro_8").GetProperty("value");
        Assert.AreEqual(overlaps.GetProperty("0.3").Number(), metrics.AreaUnderPerRegionOverlap, 1e-12);

        JsonElement pimo = golden.GetProperty("aupimo_300000").GetProperty("value");
        Assert.AreEqual(pimo.GetProperty("mean_over_anomalous").Number(), metrics.AreaUnderPerImageOverlap, 1e-12);
        foreach ((double expected, double actual) in pimo.GetProperty("per_image").Numbers().Zip(metrics.AreaUnderPerImageOverlaps))
            Metrics.Near(expected, actual, 1e-12, "AUPIMO of an image");

        PixelMetrics grid = images.Evaluator(new() { Precision = EvaluationPrecision.Grid }).Compute();
        Metrics.Certified(metrics, grid);
        Assert.IsLessThanOrEqualTo(1e-5, grid.AreaUnderRocCurveError);
        Assert.IsLessThanOrEqualTo(1e-5, grid.AreaUnderPrecisionRecallCurveError);
        Assert.IsLessThanOrEqualTo(1e-5, grid.MaximumF1ScoreError);
        Assert.IsLessThanOrEqualTo(1e-5, grid.AreaUnderPerRegionOverlapError);
        Assert.IsLessThanOrEqualTo(1e-5, grid.AreaUnderPerImageOverlapError);
    }

    [TestMethod]
    public void Every_metric_is_its_definition_on_small_maps_with_ties_and_regions_of_every_shape()
        => Gen.Select(Draw.Images(Draw.TiedScore), Gen.Bool, Gen.OneOf(Gen.Const(1.0), Gen.Double[0.01, 1])).Check(2_000, drawn =>
        {
            var (images, diagonal, limit) = drawn;
            RegionConnectivity connectivity = diagonal ? RegionConnectivity.Eight : RegionConnectivity.Four;
            PixelMetrics metrics = images.Evaluator(new() { Connectivity = connectivity, FalsePositiveRateLimit = limit }).Compute(1, 2);
            IEnumerable<bool> labels = images.Masks.SelectMany(mask => mask).Select(pixel => pixel != 0);
            (float Score, bool IsAnomalous)[] rows = [.. images.Maps.SelectMany(map => map).Zip(labels)];
            Metrics.Near(Twins.AreaUnderRocCurve(rows), metrics.AreaUnderRocCurve, 1e-14, "AUROC");
            Metrics.Near(Twins.AveragePrecision(rows), metrics.AreaUnderPrecisionRecallCurve, 1e-14, "average precision");
            (double score, double best) = Twins.MaximumF1(rows);
            Metrics.Near(score, metrics.MaximumF1Score, 0, "maximum F1");
            Metrics.Near(best, metrics.MaximumF1Threshold, 0, "its threshold");
            Metrics.Near(Twins.DetectionRate(rows, 2), metrics.DetectionRateAtFalsePositiveCount, 0, "detection rate");
            Assert.AreEqual(Twins.OverlappingScores(rows), metrics.OverlappingScores);
            Assert.AreEqual(rows.Count(row => row.IsAnomalous && row.Score >= 1), metrics.Counts.TruePositives);
            Assert.AreEqual(rows.Count(row => !row.IsAnomalous && row.Score >= 1), metrics.Counts.FalsePositives);
            Assert.AreEqual(rows.Length, metrics.Counts.Total);
            Metrics.Near(Twins.PerRegionOverlap(images, diagonal, limit), metrics.AreaUnderPerRegionOverlap, 1e-13, "AUPRO");
        });

    [TestMethod]
    [DataRow(EvaluationPrecision.Exact)]
    [DataRow(EvaluationPrecision.Grid)]
    public void Order_parts_merging_streams_and_threads_change_no_bit(EvaluationPrecision precision)
    {
        var options = new PixelEvaluatorOptions
        {
            Precision = precision,
            PerImageOverlapLowerBound = 0.05,
            PerImageOverlapUpperBound = 0.5,
            PerImageOverlapThresholds = 100,
        };
        int cases = precision == EvaluationPrecision.Grid ? 30 : 1_000;
        Gen.Select(Draw.Images(Draw.NormalizedScore), Gen.Int, Gen.Int[0, 5], Gen.Int[1, 4]).Check(cases, drawn =>
        {
            var (images, shuffle, cut, threads) = drawn;
            PixelMetrics whole = images.Evaluator(options).Compute();
            int[] order = [.. Enumerable.Range(0, images.Count)];
            Assert.AreEqual(whole, Merged(order).Compute(threads: threads));
            new Random(shuffle).Shuffle(order);
            Metrics.SameBitsButOrder(whole, Merged(order).Compute(threads: threads));

            PixelEvaluator Merged(int[] order)
            {
                PixelEvaluator left = images.Evaluator(options, order.Take(cut)), right = images.Evaluator(options, order.Skip(cut));
                left.Merge(Reread(right));
                return Reread(left);
            }
        });
    }

    [TestMethod]
    public void The_per_image_overlap_can_be_left_out()
    {
        PixelMetrics metrics = Tiny().Evaluator(new() { PerImageOverlapThresholds = 0 }).Compute();
        Assert.IsTrue(double.IsNaN(metrics.AreaUnderPerImageOverlap));
        Assert.IsEmpty(metrics.AreaUnderPerImageOverlaps);
    }

    [TestMethod]
    [DataRow(EvaluationPrecision.Exact)]
    [DataRow(EvaluationPrecision.Grid)]
    public void Over_no_images_everything_is_undefined(EvaluationPrecision precision)
    {
        PixelMetrics metrics = new PixelEvaluator(new() { Precision = precision }).Compute();
        double[] all =
        [
            metrics.AreaUnderRocCurve, metrics.AreaUnderPrecisionRecallCurve, metrics.F1Score, metrics.Precision, metrics.Recall,
            metrics.Accuracy, metrics.MaximumF1Score, metrics.MaximumF1Threshold, metrics.DetectionRateAtFalsePositiveCount,
            metrics.AreaUnderPerRegionOverlap, metrics.AreaUnderPerImageOverlap,
        ];
        Assert.IsTrue(all.All(double.IsNaN));
        Assert.IsEmpty(metrics.AreaUnderPerImageOverlaps);
        Assert.AreEqual(0, metrics.OverlappingScores);
    }

    [TestMethod]
    [DataRow(5, 6, 2, 3, "The map has 5 pixels, but height x width is 2 x 3 = 6.", DisplayName = "map too small")]
    [DataRow(6, 7, 2, 3, "The mask has 7 pixels, but height x width is 2 x 3 = 6.", DisplayName = "mask too large")]
    [DataRow(0, 0, 65536, 65536, "The map has 0 pixels, but height x width is 65536 x 65536 = 4294967296.", DisplayName = "no overflow")]
    public void Sizes_that_do_not_fit_are_refused_with_both_numbers(int map, int mask, int height, int width, string message)
    {
        var e = Assert.ThrowsExactly<ArgumentException>(() => new PixelEvaluator().Add(new float[map], new byte[mask], height, width));
        StringAssert.StartsWith(e.Message, message);
    }

    [TestMethod]
    [DataRow(0, 1)]
    [DataRow(1, -1)]
    public void A_size_that_is_not_positive_is_refused(int height, int width)
        => Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new PixelEvaluator().Add([], [], height, width));

    [TestMethod]
    [DataRow(EvaluationPrecision.Exact)]
    [DataRow(EvaluationPrecision.Grid)]
    public void NaN_is_refused_with_its_place_and_nothing_is_added(EvaluationPrecision precision)
    {
        var evaluator = new PixelEvaluator(new() { Precision = precision });
        var e = Assert.ThrowsExactly<ArgumentException>(() => evaluator.Add([1, 2, 3, 4, -float.NaN, 6], new byte[6], 2, 3));
        StringAssert.Contains(e.Message, "row 1, column 1 is NaN");
        Assert.AreEqual(0, evaluator.Compute().Counts.Total);
    }

    [TestMethod]
    [DataRow(EvaluationPrecision.Exact, float.MaxValue)]
    [DataRow(EvaluationPrecision.Grid, 999.5f)]
    public void NaN_counts_above_every_score_if_asked_to(EvaluationPrecision precision, float highest)
    {
        var evaluator = new PixelEvaluator(new() { Precision = precision, CountNaNAsAnomalous = true });
        evaluator.Add([float.NaN, highest, -float.NaN, 0], [1, 0, 0, 0], 2, 2);
        PixelMetrics metrics = evaluator.Compute();
        Assert.AreEqual(new ConfusionCounts(1, 2, 1, 0), metrics.Counts);
        Assert.AreEqual(5 / 6.0, metrics.AreaUnderRocCurve, metrics.AreaUnderRocCurveError + 1e-15);
    }

    [TestMethod]
    public void Evaluators_with_different_options_are_not_merged()
    {
        var e = Assert.ThrowsExactly<ArgumentException>(
            () => new PixelEvaluator().Merge(new PixelEvaluator(new() { Connectivity = RegionConnectivity.Four })));
        StringAssert.Contains(e.Message, "Connectivity = Eight");
        StringAssert.Contains(e.Message, "Connectivity = Four");
    }

    [TestMethod]
    public void Bounds_in_the_wrong_order_are_refused()
        => Assert.ThrowsExactly<ArgumentException>(() => new PixelEvaluator(new() { PerImageOverlapLowerBound = 1e-4 }));

    [TestMethod]
    [DataRow(EvaluationPrecision.Exact)]
    [DataRow(EvaluationPrecision.Grid)]
    public void Options_survive_a_stream(EvaluationPrecision precision)
    {
        var options = new PixelEvaluatorOptions
        {
            Precision = precision,
            Connectivity = RegionConnectivity.Four,
            FalsePositiveRateLimit = 0.05,
            PerImageOverlapLowerBound = 1e-3,
            PerImageOverlapUpperBound = 1e-2,
            PerImageOverlapThresholds = 77,
            CountNaNAsAnomalous = true,
        };
        Assert.AreEqual(options, Reread(new PixelEvaluator(options)).Options);
    }

    [TestMethod]
    public void An_exact_pixel_takes_four_bytes_and_a_defect_eight()
    {
        const int Pixels = 1_000_000;
        Assert.AreEqual(4.0, BytesPerPixel(0), 0.01);
        Assert.AreEqual(8.0, BytesPerPixel(1), 0.01);

        static double BytesPerPixel(byte mask)
        {
            byte[] masks = [.. Enumerable.Repeat(mask, Pixels)];
            var map = new float[Pixels];
            var evaluator = new PixelEvaluator();
            evaluator.Add(map, masks, 1000, 1000);
            long before = GC.GetAllocatedBytesForCurrentThread();
            evaluator.Add(map, masks, 1000, 1000);
            return (GC.GetAllocatedBytesForCurrentThread() - before) / (double)Pixels;
        }
    }

    private static void Check(JsonElement golden, PixelMetrics metrics, string name)
    {
        // Without a defect the reference has 0 for what is undefined here.
        bool defined = metrics.Counts.TruePositives + metrics.Counts.FalseNegatives > 0;
        double Defined(JsonElement value) => defined ? value.ValueOrNaN() : double.NaN;

        Metrics.Near(golden.GetProperty("pixel_auroc").ValueOrNaN(), metrics.AreaUnderRocCurve, 1e-12, name);
        Metrics.Near(Defined(golden.GetProperty("pixel_average_precision")), metrics.AreaUnderPrecisionRecallCurve, 1e-12, name);
        JsonElement at100 = golden.GetProperty("pixel_at_100");
        Assert.AreEqual(at100.GetProperty("f1").Number(), metrics.F1Score, 1e-12, name);
        Assert.AreEqual(at100.Counts(), metrics.Counts, name);
        JsonElement maximum = golden.GetProperty("pixel_max_f1");
        Metrics.Near(Defined(maximum.GetProperty("f1")), metrics.MaximumF1Score, 1e-9, name);
        Metrics.Near(Defined(maximum.GetProperty("at_threshold").GetProperty("threshold")), metrics.MaximumF1Threshold, 0, name);
    }

    private static void CheckPerImageOverlap(JsonElement golden, ImageSet images, string name)
    {
        PixelMetrics metrics = images.Evaluator(new()
        {
            PerImageOverlapThresholds = golden.GetProperty("num_thresholds").GetInt32(),
            PerImageOverlapLowerBound = golden.GetProperty("fpr_lower").GetDouble(),
            PerImageOverlapUpperBound = golden.GetProperty("fpr_upper").GetDouble(),
        }).Compute();
        if (golden.TryGetProperty("exception", out _))
        {
            Assert.HasCount(images.Count, metrics.AreaUnderPerImageOverlaps);
            Assert.IsTrue(double.IsNaN(metrics.AreaUnderPerImageOverlap) && metrics.AreaUnderPerImageOverlaps.All(double.IsNaN), name);
            return;
        }

        Assert.AreEqual(golden.GetProperty("mean_over_anomalous").Number(), metrics.AreaUnderPerImageOverlap, 1e-12, name);
        double[] expected = golden.GetProperty("per_image").Numbers();
        Assert.HasCount(expected.Length, metrics.AreaUnderPerImageOverlaps);
        for (int i = 0; i < expected.Length; i++)
            Metrics.Near(expected[i], metrics.AreaUnderPerImageOverlaps[i], 1e-12, $"{name}, image {i}");
    }

    private static string Digest<T>(T[][] images)
        where T : unmanaged
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (T[] image in images)
            hash.AppendData(MemoryMarshal.AsBytes<T>(image));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static ImageSet Tiny() => new([[1, 2, 3, 4]], [[0, 0, 1, 1]], 2, 2);

    private static PixelEvaluator Reread(PixelEvaluator evaluator)
    {
        using var stream = new MemoryStream();
        evaluator.WriteTo(stream);
        stream.Position = 0;
        return PixelEvaluator.ReadFrom(stream);
    }
}
