using System.Numerics;
using System.Text.Json;
using MLNet.AnomalyNormalization.Tests;

namespace MLNet.AnomalyNormalization.Onnx.Tests.Baking;

[TestClass]
public sealed class NormalizationGraphTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void A_baked_graph_gives_the_golden_values_in_Single()
        => Assert.IsGreaterThan(300, CompareWithOracle<float>("float32", Oracle.Singles));

    [TestMethod]
    public void A_baked_graph_gives_the_golden_values_in_Double()
        => Assert.IsGreaterThan(50, CompareWithOracle<double>("float64", Oracle.Doubles));

    [TestMethod]
    [DataRow(true, DisplayName = "decision-preserving")]
    [DataRow(false, DisplayName = "classic")]
    public void A_threshold_of_any_sign_overrides_the_baked_one_at_call_time_in_Single(bool preserve)
        => CompareOverrides<float>([1.24, 0.5, 3e38, 1e-40, 0, -0.0, -1e-45, -0.7, -2.5, -3e38], preserve);

    [TestMethod]
    [DataRow(true, DisplayName = "decision-preserving")]
    [DataRow(false, DisplayName = "classic")]
    public void A_threshold_of_any_sign_overrides_the_baked_one_at_call_time_in_Double(bool preserve)
        => CompareOverrides<double>([1.24, 0.1, 1e308, 5e-324, 0, -0.0, -5e-324, -0.7, -2.5, -1e300], preserve);

    [TestMethod]
    [DataRow(true, DisplayName = "decision-preserving")]
    [DataRow(false, DisplayName = "classic")]
    public void A_threshold_of_any_sign_overrides_the_baked_one_at_call_time_in_Half(bool preserve)
        => CompareOverrides<Half>([1.24, 0.5, 65504, 6e-8, 0, -0.0, -6e-8, -0.7, -2.5, -60000], preserve);

    [TestMethod]
    public void An_evaluation_threshold_is_a_constant_that_overriding_leaves_alone()
    {
        var evaluation = EvaluationThreshold.At(110, 1.24);
        Bake<float>(1.24, new() { ImageEvaluation = evaluation, AddLabel = true });
        using var runtime = new Runtime(_folder["baked.onnx"]);
        float[] raw = RawValues<float>([1.24, 1.5, evaluation.Raw]);
        foreach (float threshold in (float[])[1.24f, 1.3f, -1, 0])
        {
            var twin = new ScoreNormalizer(threshold, evaluation);
            (string, Array, long[])[] inputs = [("raw_pred_score", raw, [raw.Length]), ("image_threshold", new[] { threshold }, [1])];
            Same.Bits<float>([.. raw.Select(twin.Normalize)], runtime.Run<float>("normalized_score", inputs), $"{threshold}");
            CollectionAssert.AreEqual(raw.Select(twin.IsAnomalous).ToArray(), runtime.Run<bool>("is_anomalous", inputs));
        }
    }

    [TestMethod]
    public void Every_Half_has_the_bits_of_the_kernel()
    {
        Half[] all = [.. Enumerable.Range(0, 1 << 16).Select(bits => BitConverter.UInt16BitsToHalf((ushort)bits))];
        foreach (double threshold in (double[])[1.24, 0, -3.7])
        {
            Bake<Half>(threshold, new());
            using var runtime = new Runtime(_folder["baked.onnx"]);
            var twin = new ScoreNormalizer(threshold);
            Same.Bits<Half>([.. all.Select(twin.Normalize)], runtime.Run<Half>("normalized_score", ("raw_pred_score", all, [all.Length])),
                $"{threshold}");
        }
    }

    [TestMethod]
    public void Random_bits_have_the_bits_of_the_kernel()
    {
        var random = new Random(11);
        float[] raw = [.. Enumerable.Range(0, 200_000).Select(_ => BitConverter.UInt32BitsToSingle((uint)random.NextInt64(1L << 32)))];
        Bake<float>(1, new());
        using var runtime = new Runtime(_folder["baked.onnx"]);
        for (int i = 0; i < 20; i++)
        {
            float threshold = BitConverter.UInt32BitsToSingle((uint)random.NextInt64(1L << 32));
            if (!float.IsFinite(threshold))
                continue;

            float[] actual = runtime.Run<float>("normalized_score", ("raw_pred_score", raw, [raw.Length]),
                ("image_threshold", new[] { threshold }, [1]));
            float[] expected = new float[raw.Length];
            new ScoreNormalizer(threshold).Normalize<float>(raw, expected);
            Same.Bits<float>(expected, actual, $"{threshold:R}");
        }
    }

    [TestMethod]
    public void A_raw_output_without_dimensions_keeps_its_shape()
    {
        string path = ModelFile.Raw(typeof(float), [("score", [])]).Save(_folder["raw.onnx"]);
        AnomalyOnnxModel.Open(path).BakeNormalization(_folder["baked.onnx"], new(1.24, 1));
        using var runtime = new Runtime(_folder["baked.onnx"]);
        float[] normalized = runtime.Run<float>("normalized_score", out long[] shape, ("raw_score", new[] { 2f }, []));
        Assert.IsEmpty(shape);
        Assert.AreEqual(new ScoreNormalizer(1.24).Normalize(2f), normalized.Single());
    }

    private void CompareOverrides<T>(double[] thresholds, bool preserve)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T[] raw = RawValues<T>(thresholds);
        Bake<T>(thresholds[0], new() { AddLabel = true, PreserveDecisions = preserve });
        using var runtime = new Runtime(_folder["baked.onnx"]);
        foreach (T threshold in thresholds.Select(T.CreateTruncating))
        {
            var twin = new ScoreNormalizer(double.CreateTruncating(threshold), preserveDecisions: preserve);
            (string, Array, long[])[] inputs = [("raw_pred_score", raw, [raw.Length]), ("image_threshold", new[] { threshold }, [1])];
            Same.Bits<T>([.. raw.Select(twin.Normalize)], runtime.Run<T>("normalized_score", inputs), $"{threshold}");
            CollectionAssert.AreEqual(raw.Select(twin.IsAnomalous).ToArray(), runtime.Run<bool>("is_anomalous", inputs), $"{threshold}");
        }
    }

    // Special values, and the neighbourhood of each threshold.
    private static T[] RawValues<T>(double[] thresholds)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var random = new Random(7);
        T[] special = [T.Zero, T.NegativeZero, T.NaN, T.PositiveInfinity, T.NegativeInfinity, T.Epsilon, -T.Epsilon, T.One, -T.One];
        return
        [
            .. special,
            .. thresholds.Select(T.CreateTruncating).SelectMany(
                t => (T[])[t, -t, T.BitIncrement(t), T.BitDecrement(t), t + t, t * T.CreateTruncating(1.1)]),
            .. Enumerable.Range(0, 500).Select(_ => T.CreateTruncating((random.NextDouble() - 0.5) * 20)),
        ];
    }

    private void Bake<T>(double threshold, BakeOptions options)
    {
        string path = ModelFile.Raw(typeof(T), [("pred_score", [null])]).Save(_folder["raw.onnx"]);
        AnomalyOnnxModel.Open(path).BakeNormalization(_folder["baked.onnx"], new(threshold, 1), options);
    }

    private int CompareWithOracle<T>(string type, Func<JsonElement, T[]> read)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int compared = 0;
        foreach (JsonElement item in Oracle.Load("normalize.json").GetProperty("cases").EnumerateArray())
        {
            double threshold = Oracle.Number(item.GetProperty("threshold"));
            if (item.GetProperty("dtype").GetString() != type || !CanHold<T>(threshold))
                continue;

            T[] raw = read(item.GetProperty("raw"));
            foreach (JsonElement outcome in item.GetProperty("out").EnumerateArray())
            {
                // Cases with thresholds that are refused are void.
                EvaluationThreshold? evaluation = Oracle.Evaluation(outcome);
                if (evaluation is { } pair && !(CanHold<T>(pair.Raw) && pair.Normalized is > 0 and <= 1000))
                    continue;

                Bake<T>(threshold, new()
                {
                    ImageEvaluation = evaluation,
                    PreserveDecisions = outcome.GetProperty("mode")
                    .GetString() == "consistent"
                });
                using var runtime = new Runtime(_folder["baked.onnx"]);
                T[] actual = runtime.Run<T>("normalized_score", ("raw_pred_score", raw, [raw.Length]));
                Same.Bits<T>(read(outcome.GetProperty("numpy")), actual, $"{item.GetProperty("id")} {outcome.GetProperty("mode")}");
                compared++;
            }
        }

        return compared;
    }

    private static bool CanHold<T>(double threshold)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => T.IsFinite(T.CreateTruncating(threshold)) && (T.CreateTruncating(threshold) != T.Zero || threshold == 0);
}
