using System.Numerics;
using System.Text.Json;
using MLNet.AnomalyNormalization.Tests;

namespace MLNet.AnomalyNormalization.Onnx.Tests;

[TestClass]
public sealed class NormalizationGraphTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow(11, DisplayName = "opset 11, the oldest")]
    [DataRow(17, DisplayName = "opset 17")]
    [DataRow(ModelFile.NewestOpset, DisplayName = "the newest opset that OnnxRuntime takes")]
    public void A_baked_graph_gives_the_golden_values_in_Single(int opset)
    {
        int cases = 0;
        foreach (JsonElement item in Oracle.Load("normalize.json").GetProperty("cases").EnumerateArray())
        {
            if (item.GetProperty("dtype").GetString() == "float32")
                cases += CompareWithOracle<float>(item, Oracle.Singles, opset);
        }

        Assert.IsGreaterThan(100, cases);
    }

    [TestMethod]
    public void A_baked_graph_gives_the_golden_values_in_Double()
    {
        int cases = 0;
        foreach (JsonElement item in Oracle.Load("normalize.json").GetProperty("cases").EnumerateArray())
        {
            if (item.GetProperty("dtype").GetString() == "float64")
                cases += CompareWithOracle<double>(item, Oracle.Doubles, opset: 17);
        }

        Assert.IsGreaterThan(50, cases);
    }

    // Cases with thresholds that are refused are void.
    private int CompareWithOracle<T>(JsonElement item, Func<JsonElement, T[]> read, int opset)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        double threshold = Oracle.Number(item.GetProperty("threshold"));
        if (!double.IsFinite(threshold))
            return 0;

        int compared = 0;
        T[] raw = read(item.GetProperty("raw"));
        foreach (JsonElement outcome in item.GetProperty("out").EnumerateArray())
        {
            var evaluation = Oracle.Evaluation(outcome);
            bool preserve = outcome.GetProperty("mode").GetString() == "consistent";
            if (!CanHold<T>(threshold) || (evaluation is { } pair && !(CanHold<T>(pair.Raw) && pair.Normalized is > 0 and <= 1000)))
                continue;

            JsonElement expected = outcome.GetProperty("numpy");
            string path = ModelFile.Raw(typeof(T), [("pred_score", [null])], opset).Save(_folder["raw.onnx"]);
            AnomalyOnnxModel.Open(path).BakeNormalization(
                _folder["baked.onnx"], new(threshold, 1), new() { ImageEvaluation = evaluation, PreserveDecisions = preserve });
            using var runtime = new Runtime(_folder["baked.onnx"]);
            T[] actual = runtime.Run<T>("normalized_score", ("raw_pred_score", raw, [raw.Length]));
            Same.Bits<T>(read(expected), actual, $"{item.GetProperty("id")} {outcome.GetProperty("mode")}");
            compared++;
        }

        return compared;
    }

    private static bool CanHold<T>(double threshold)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => T.IsFinite(T.CreateTruncating(threshold)) && (T.CreateTruncating(threshold) != T.Zero || threshold == 0);
}
