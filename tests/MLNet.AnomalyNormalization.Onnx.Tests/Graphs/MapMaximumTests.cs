using MLNet.AnomalyNormalization.Tests;

namespace MLNet.AnomalyNormalization.Onnx.Tests.Graphs;

[TestClass]
public sealed class MapMaximumTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow(typeof(float), DisplayName = "Single")]
    [DataRow(typeof(double), DisplayName = "Double")]
    [DataRow(typeof(Half), DisplayName = "Half")]
    public void A_map_with_a_NaN_anywhere_has_the_score_NaN_and_is_anomalous(Type type)
    {
        AnomalyOnnxModel.Open(ModelFile.Raw(type, [("anomaly_map", [null, 1, 5, 7])]).Save(_folder["raw.onnx"]))
            .BakeNormalization(_folder["baked.onnx"], new(2, 2), new() { AddLabel = true });
        using var runtime = new Runtime(_folder["baked.onnx"]);
        for (int i = 0; i < 35; i++)
        {
            float[] maps = [.. Enumerable.Repeat(1f, 35), .. Enumerable.Repeat(-1f, 35)];
            maps[i] = float.NaN;
            maps[35 + ((i + 1) % 35)] = float.PositiveInfinity;
            Array values = type == typeof(float) ? maps
                : type == typeof(double) ? Array.ConvertAll(maps, value => (double)value)
                : Array.ConvertAll(maps, value => (Half)value);
            (string, Array, long[])[] inputs = [("raw_anomaly_map", values, [2, 1, 5, 7])];
            double[] scores = type == typeof(float) ? [.. runtime.Run<float>("normalized_score", inputs).Select(value => (double)value)]
                : type == typeof(double) ? runtime.Run<double>("normalized_score", inputs)
                : [.. runtime.Run<Half>("normalized_score", inputs).Select(value => (double)value)];
            Same.Bits<double>([double.NaN, 1000], scores, $"{i}");
            CollectionAssert.AreEqual(new[] { true, true }, runtime.Run<bool>("is_anomalous", inputs));
        }
    }

    [TestMethod]
    public void A_map_without_a_batch_has_one_score()
    {
        AnomalyOnnxModel.Open(ModelFile.Raw(typeof(float), [("anomaly_map", [5, 7])]).Save(_folder["raw.onnx"]))
            .BakeNormalization(_folder["baked.onnx"], new(2, 2));
        using var runtime = new Runtime(_folder["baked.onnx"]);
        float[] score = runtime.Run<float>("normalized_score", out long[] shape,
            ("raw_anomaly_map", Enumerable.Range(0, 35).Select(i => i / 34f).ToArray(), [5, 7]));
        CollectionAssert.AreEqual(new long[] { 1, 1 }, shape);
        Assert.AreEqual(new ScoreNormalizer(2).Normalize(1f), score.Single());
    }

    [TestMethod]
    public void A_single_number_that_is_called_a_map_is_its_own_maximum()
    {
        AnomalyOnnxModel.Open(ModelFile.Raw(typeof(float), [("number", [])]).Save(_folder["raw.onnx"]), mapOutputName: "number")
            .BakeNormalization(_folder["baked.onnx"], new(2, 2));
        using var runtime = new Runtime(_folder["baked.onnx"]);
        Assert.AreEqual(new ScoreNormalizer(2).Normalize(3f), runtime.Run<float>("normalized_score", ("raw_number", new[] { 3f }, []))
            .Single());
    }
}
