using System.Text.Json;
using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Tests.Evaluation;

[TestClass]
public sealed class ThresholdNormalizationCallbackTests
{
    private static readonly AnomalyThresholds Thresholds = new(Image: 2, Pixel: 4);

    public static IEnumerable<object[]> GoldenCases()
        => Golden().EnumerateArray().Select(golden => new object[] { golden.GetProperty("id").GetString()! });

    [TestMethod]
    [DynamicData(nameof(GoldenCases))]
    public void The_callback_does_what_the_original_did_bit_for_bit(string id)
    {
        JsonElement golden = Golden().EnumerateArray().Single(c => c.GetProperty("id").GetString() == id);
        var callback = new ThresholdNormalizationCallback(
            new(ThresholdOf(golden, "image_threshold"), ThresholdOf(golden, "pixel_threshold")),
            golden.GetProperty("threshold_type").GetString() == "pixel" ? ThresholdType.Pixel : ThresholdType.Image,
            preserveDecisions: golden.GetProperty("mode").GetString() == "consistent");

        AssertTestStart(callback, golden);

        JsonElement input = golden.GetProperty("input");
        JsonElement output = golden.GetProperty("output");
        if (!input.TryGetProperty("pred_scores", out _))
        {
            Assert.AreEqual("KeyError", output.GetProperty("exception").GetString());
            Assert.ThrowsExactly<ArgumentNullException>(() => new AnomalyBatch(null!));
            return;
        }

        AnomalyBatch batch = Batch(input);
        (float[] scores, AnomalyMap[]? maps, float[][]? boxScores) = (batch.Scores, batch.Maps, batch.BoxScores);
        bool isTest = golden.GetProperty("hook").GetString() == "on_test_batch_end";
        Action<AnomalyBatch> hook = isTest ? callback.OnTestBatchEnd : callback.OnPredictBatchEnd;
        hook(batch);

        AssertSame(Batch(output), batch);
        Assert.IsTrue(batch.IsNormalized);

        // The caller's arrays keep their values, and the batch has none of them.
        AssertSame(Batch(input), new AnomalyBatch(scores) { Maps = maps, BoxScores = boxScores });
        Assert.AreNotSame(scores, batch.Scores);
        Assert.IsTrue(maps is null || maps.Zip(batch.Maps!).All(pair => !ReferenceEquals(pair.First.Values, pair.Second.Values)));
        Assert.IsTrue(boxScores is null || !ReferenceEquals(boxScores, batch.BoxScores));

        Assert.ThrowsExactly<InvalidOperationException>(() => hook(batch));
        AssertSame(Batch(output), batch);
    }

    [TestMethod]
    public void All_golden_cases_are_there() => Assert.AreEqual(69, GoldenCases().Count());

    [TestMethod]
    public void A_second_run_is_refused_by_either_hook_and_says_what_to_do()
    {
        var callback = new ThresholdNormalizationCallback(Thresholds);
        var batch = new AnomalyBatch([1, 2]);
        callback.OnTestBatchEnd(batch);
        var refusal = Assert.ThrowsExactly<InvalidOperationException>(() => callback.OnPredictBatchEnd(batch));
        StringAssert.Contains(refusal.Message, "make a new batch");
        Assert.AreEqual((50f, 100f), (batch.Scores[0], batch.Scores[1]));
    }

    [TestMethod]
    [DataRow(ThresholdType.Image, 200f, DisplayName = "by the image threshold")]
    [DataRow(ThresholdType.Pixel, 100f, DisplayName = "by the pixel threshold")]
    public void Maps_and_boxes_are_normalised_by_the_chosen_threshold_and_scores_always_by_the_image_one(ThresholdType type, float expected)
    {
        var batch = new AnomalyBatch([4]) { Maps = [new([4, 4], 1, 2)], BoxScores = [[4]] };
        new ThresholdNormalizationCallback(Thresholds, type).OnPredictBatchEnd(batch);
        Assert.AreEqual(200f, batch.Scores.Single());
        CollectionAssert.AreEqual(new[] { expected, expected }, batch.Maps[0].Values);
        Assert.AreEqual((1, 2), (batch.Maps[0].Height, batch.Maps[0].Width));
        Assert.AreEqual(expected, batch.BoxScores[0].Single());
    }

    [TestMethod]
    public void A_failure_leaves_the_batch_as_it_was()
    {
        float[] scores = [1, 2];
        var batch = new AnomalyBatch(scores) { BoxScores = [[1], null!] };
        Assert.ThrowsExactly<ArgumentNullException>(() => new ThresholdNormalizationCallback(Thresholds).OnTestBatchEnd(batch));
        Assert.AreSame(scores, batch.Scores);
        Assert.IsFalse(batch.IsNormalized);
    }

    [TestMethod]
    public void Thresholds_that_are_none_are_refused()
    {
        Assert.ThrowsExactly<ArgumentNullException>(() => new ThresholdNormalizationCallback(null!));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new ThresholdNormalizationCallback(Thresholds, (ThresholdType)2));
        Assert.ThrowsExactly<ArgumentNullException>(() => new ThresholdNormalizationCallback(Thresholds).OnTestBatchEnd(null!));
    }

    private static void AssertTestStart(ThresholdNormalizationCallback callback, JsonElement golden)
    {
        var calls = new List<(string, double)>();
        IThresholdMetrics? Metrics(string name)
            => golden.GetProperty($"{name}_present").GetBoolean() ? new Recorder(threshold => calls.Add((name, threshold))) : null;

        callback.OnTestStart(Metrics("image_metrics"), Metrics("pixel_metrics"));
        CollectionAssert.AreEqual(
            golden.GetProperty("set_threshold_calls_on_test_start").EnumerateArray()
                .Select(call => (call[0].GetString()!, call[1].GetDouble())).ToArray(),
            calls);
    }

    private static JsonElement Golden()
        => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Oracle", "callback.json")))
            .RootElement.GetProperty("cases");

    private static double ThresholdOf(JsonElement golden, string name)
        => golden.GetProperty(name).GetProperty("value_after_item").GetDouble();

    private static AnomalyBatch Batch(JsonElement outputs)
        => new(Floats(outputs.GetProperty("pred_scores")))
        {
            Maps = outputs.TryGetProperty("anomaly_maps", out JsonElement maps) ? Maps(maps) : null,
            BoxScores = outputs.TryGetProperty("box_scores", out JsonElement boxes) ? [.. boxes.EnumerateArray().Select(Floats)] : null,
        };

    // One array of images x 1 x height x width.
    private static AnomalyMap[] Maps(JsonElement maps)
    {
        int[] shape = [.. maps.GetProperty("shape").EnumerateArray().Select(size => size.GetInt32())];
        return [.. Floats(maps).Chunk(shape[2] * shape[3]).Select(values => new AnomalyMap(values, shape[2], shape[3]))];
    }

    private static float[] Floats(JsonElement array)
    {
        Assert.AreEqual("float32", array.GetProperty("dtype").GetString());
        return [.. array.GetProperty("bits").EnumerateArray().Select(bits => BitConverter.UInt32BitsToSingle(bits.GetUInt32()))];
    }

    private static void AssertSame(AnomalyBatch expected, AnomalyBatch actual)
    {
        AssertSameBits(expected.Scores, actual.Scores);
        Assert.AreEqual(expected.Maps?.Length, actual.Maps?.Length);
        foreach ((AnomalyMap e, AnomalyMap a) in (expected.Maps ?? []).Zip(actual.Maps ?? []))
        {
            Assert.AreEqual((e.Height, e.Width), (a.Height, a.Width));
            AssertSameBits(e.Values, a.Values);
        }

        Assert.AreEqual(expected.BoxScores?.Length, actual.BoxScores?.Length);
        foreach ((float[] e, float[] a) in (expected.BoxScores ?? []).Zip(actual.BoxScores ?? []))
            AssertSameBits(e, a);
    }

    // NaNs count as equal to each other, and -0 to +0.
    private static void AssertSameBits(float[] expected, float[] actual)
        => CollectionAssert.AreEqual(expected.Select(Bits).ToArray(), actual.Select(Bits).ToArray());

    private static uint Bits(float value) => BitConverter.SingleToUInt32Bits(float.IsNaN(value) ? float.NaN : value + 0f);

    private sealed class Recorder(Action<double> onSet) : IThresholdMetrics
    {
        public void SetThreshold(double threshold) => onSet(threshold);
    }
}
