using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using MLNet.AnomalyNormalization.Onnx.Format;
using MLNet.AnomalyNormalization.Tests;

namespace MLNet.AnomalyNormalization.Onnx.Tests.Baking;

[TestClass]
public sealed class BakedOutputsTests : IDisposable
{
    private static readonly AnomalyThresholds Thresholds = new(Image: 0.6, Pixel: 0.3);
    private static readonly BakeOptions Everything = new() { AddLabel = true, AddMask = true };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void Every_opset_from_11_to_the_newest_runs_and_gives_the_bits_of_the_kernel()
    {
        for (int opset = 11; opset <= ModelFile.NewestOpset; opset++)
            CompareWithKernel<float>(ModelFile.Vision(opset), batch: 1, what: $"opset {opset}");
    }

    [TestMethod]
    [DataRow(11, DisplayName = "opset 11, ReduceMax with an attribute")]
    [DataRow(18, DisplayName = "opset 18, ReduceMax with an input")]
    public void A_map_alone_gives_its_maximum_for_a_score(int opset)
    {
        CompareWithKernel<float>(ModelFile.Vision(opset, score: null), batch: 1, what: "Single");
        CompareWithKernel<double>(ModelFile.Vision(opset, typeof(double), score: null), batch: 1, what: "Double");
        CompareWithKernel<Half>(ModelFile.Vision(opset, typeof(Half), score: null), batch: 1, what: "Half");
    }

    [TestMethod]
    public void A_score_alone_gets_no_map()
        => CompareWithKernel<float>(ModelFile.Vision(map: null), batch: 1, what: "score");

    [TestMethod]
    public void Double_and_Half_graphs_are_computed_in_their_own_type()
    {
        CompareWithKernel<double>(ModelFile.Vision(type: typeof(double)), batch: 1, what: "Double");
        CompareWithKernel<Half>(ModelFile.Vision(type: typeof(Half)), batch: 1, what: "Half");
    }

    [TestMethod]
    public void Open_and_fixed_batches_and_sizes_keep_their_shapes()
    {
        CompareWithKernel<float>(ModelFile.Vision(batch: null, height: null, width: null), batch: 5, what: "open");
        CompareWithKernel<float>(ModelFile.Vision(batch: null, score: null), batch: 3, what: "open, a map alone");
        CompareWithKernel<float>(ModelFile.Vision(batch: 4), batch: 4, what: "fixed");
    }

    [TestMethod]
    public void Normalised_outputs_take_the_place_of_the_raw_ones_if_asked()
    {
        AnomalyOnnxModel.Open(ModelFile.Vision().Save(_folder["model.onnx"]))
            .BakeNormalization(_folder["baked.onnx"], Thresholds, new() { ReplaceRawOutputs = true });
        using var runtime = new Runtime(_folder["baked.onnx"]);
        CollectionAssert.AreEqual(new[] { "normalized_score", "normalized_map" }, runtime.Session.OutputNames.ToArray());
        CollectionAssert.AreEqual(new[] { "image_threshold", "pixel_threshold" },
            runtime.Session.OverridableInitializerMetadata.Keys.ToArray());
        Assert.IsEmpty(runtime.Run<float>("normalized_score", ("input", Pixels<float>(1), [1, 3, 4, 6]))
            .Where(score => score is < 0 or > 1000));
    }

    [TestMethod]
    [DataRow(typeof(float), DisplayName = "Single")]
    [DataRow(typeof(double), DisplayName = "Double")]
    [DataRow(typeof(Half), DisplayName = "Half")]
    public void A_band_decides_as_the_kernel_does_and_its_limits_can_be_overridden(Type type)
    {
        ReviewBand band = new(60, 140);
        AnomalyOnnxModel.Open(ModelFile.Vision(type: type, batch: null, score: null).Save(_folder["model.onnx"]))
            .BakeNormalization(_folder["baked.onnx"], Thresholds, new() { ReviewBand = band });
        Assert.AreEqual("decision", AnomalyOnnxModel.Open(_folder["baked.onnx"]).Outputs.Single(output => output.Role == AnomalyOutputRole.Decision).Name);
        if (type == typeof(float))
            Compare<float>();
        else if (type == typeof(double))
            Compare<double>();
        else
            Compare<Half>();

        void Compare<T>()
            where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
        {
            using var runtime = new Runtime(_folder["baked.onnx"]);
            (string, Array, long[]) input = ("input", Pixels<T>(50), [50, 3, 4, 6]);
            T[] scores = runtime.Run<T>("normalized_score", input);
            int[] decisions = runtime.Run<int>("decision", out long[] shape, input);
            CollectionAssert.AreEqual(scores.Select(score => (int)band.Decide(score)).ToArray(), decisions);
            CollectionAssert.AreEqual(new long[] { 50, 1 }, shape);
            CollectionAssert.AreEqual(scores.Select(score => (int)new ReviewBand(1, 2).Decide(score)).ToArray(),
                runtime.Run<int>("decision", input, ("review_from", (T[])[T.One], [1]), ("review_to", (T[])[T.One + T.One], [1])));
        }
    }

    [TestMethod]
    public void Names_that_are_taken_get_a_number_and_are_found_all_the_same()
    {
        ModelProto model = ModelFile.Vision(score: "normalized_score", map: "anomaly_map");
        model.Graph.Node.Add(ModelFile.Node("Identity", ["input"], ["image_threshold"]));
        model.Graph.Output.Add(ModelFile.Value("image_threshold", typeof(float), 1, 3, 4, 6));
        AnomalyOnnxModel.Open(model.Save(_folder["model.onnx"]), scoreOutputName: "normalized_score")
            .BakeNormalization(_folder["baked.onnx"], Thresholds);
        AnomalyOnnxModel baked = AnomalyOnnxModel.Open(_folder["baked.onnx"]);
        Assert.AreEqual("normalized_score_1", baked.Outputs.Single(output => output.Role == AnomalyOutputRole.NormalizedScore).Name);
        using var runtime = new Runtime(_folder["baked.onnx"]);
        CollectionAssert.Contains(runtime.Session.OverridableInitializerMetadata.Keys.ToArray(), "image_threshold_1");
    }

    [TestMethod]
    public void Nothing_else_of_the_file_changes()
    {
        ModelProto original = ModelFile.Vision().WithMetadata("author", "someone");
        original.Graph.DocString = "as it was";
        original.OpsetImport.Add(new OperatorSetIdProto { Domain = "com.example", Version = 3 });

        // Field 25, functions, and field 9 of a node, its metadata: not in the subset of the format that is known here.
        byte[] unknown = [.. original.ToByteArray(), 0xCA, 0x01, 0x03, 0x0A, 0x01, (byte)'f'];
        ModelProto withUnknown = ModelProto.Parser.ParseFrom(unknown);
        withUnknown.Graph.Node[0].MergeFrom([0x4A, 0x02, 0x0A, 0x00]);
        AnomalyOnnxModel.Open(withUnknown.Save(_folder["model.onnx"])).BakeNormalization(_folder["baked.onnx"], Thresholds, Everything);

        ModelProto baked = ModelProto.Parser.ParseFrom(File.ReadAllBytes(_folder["baked.onnx"]));
        Assert.AreEqual(withUnknown.Graph.Node.Count, baked.Graph.Node.Zip(withUnknown.Graph.Node)
            .Count(pair => pair.First.Equals(pair.Second)));
        while (baked.Graph.Node.Count > withUnknown.Graph.Node.Count)
            baked.Graph.Node.RemoveAt(baked.Graph.Node.Count - 1);
        while (baked.Graph.Initializer.Count > withUnknown.Graph.Initializer.Count)
            baked.Graph.Initializer.RemoveAt(baked.Graph.Initializer.Count - 1);
        while (baked.Graph.Output.Count > withUnknown.Graph.Output.Count)
            baked.Graph.Output.RemoveAt(baked.Graph.Output.Count - 1);
        while (baked.Graph.Input.Count > withUnknown.Graph.Input.Count)
            baked.Graph.Input.RemoveAt(baked.Graph.Input.Count - 1);
        while (baked.MetadataProps.Count > withUnknown.MetadataProps.Count)
            baked.MetadataProps.RemoveAt(baked.MetadataProps.Count - 1);
        Assert.AreEqual(withUnknown, baked);
    }

    [TestMethod]
    public void Baking_twice_is_refused()
    {
        AnomalyOnnxModel.Open(ModelFile.Vision().Save(_folder["model.onnx"])).BakeNormalization(_folder["baked.onnx"], Thresholds);
        var e = Assert.ThrowsExactly<InvalidOperationException>(
            () => AnomalyOnnxModel.Open(_folder["baked.onnx"]).BakeNormalization(_folder["again.onnx"], Thresholds));
        StringAssert.Contains(e.Message, "already");
        Assert.IsFalse(File.Exists(_folder["again.onnx"]));
    }

    [TestMethod]
    [DataRow(typeof(float), 1e39, DisplayName = "too large for Single")]
    [DataRow(typeof(float), -1e-46, DisplayName = "too small for Single")]
    [DataRow(typeof(Half), 70000, DisplayName = "too large for Half")]
    [DataRow(typeof(Half), 1e-9, DisplayName = "too small for Half")]
    public void A_threshold_that_the_type_of_the_output_cannot_hold_is_refused(Type type, double threshold)
    {
        AnomalyOnnxModel model = AnomalyOnnxModel.Open(ModelFile.Vision(type: type).Save(_folder["model.onnx"]));
        File.WriteAllText(_folder["baked.onnx"], "old");
        var image = Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => model.BakeNormalization(_folder["baked.onnx"], new(threshold, 1)));
        Assert.AreEqual(threshold, image.ActualValue);
        StringAssert.Contains(image.Message, type.Name);
        var pixel = Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => model.BakeNormalization(_folder["baked.onnx"], new(1, threshold)));
        StringAssert.Contains(pixel.Message, "anomaly_map");
        Assert.AreEqual("old", File.ReadAllText(_folder["baked.onnx"]));
        Assert.HasCount(2, Directory.GetFiles(_folder[""]));
    }

    [TestMethod]
    public void Options_that_make_no_sense_are_refused()
    {
        AnomalyOnnxModel scores = AnomalyOnnxModel.Open(ModelFile.Vision(map: null).Save(_folder["model.onnx"]));
        Assert.ThrowsExactly<ArgumentException>(() => scores.BakeNormalization(_folder["baked.onnx"], Thresholds, Everything));
        Assert.ThrowsExactly<ArgumentException>(() => scores.BakeNormalization(
            _folder["baked.onnx"], Thresholds, new() { PreserveDecisions = false, ImageEvaluation = new(1, 110) }));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => scores.BakeNormalization(
            _folder["baked.onnx"], Thresholds, new() { ImageEvaluation = new(1, 1001) }));
        Assert.HasCount(1, Directory.GetFiles(_folder[""]));
    }

    [TestMethod]
    public void A_model_of_format_version_3_becomes_one_whose_inputs_may_have_defaults()
    {
        ModelProto model = ModelFile.Raw(typeof(float), [("pred_score", [null])], opset: 11, version: 3);
        AnomalyOnnxModel.Open(model.Save(_folder["model.onnx"])).BakeNormalization(_folder["baked.onnx"], Thresholds);
        using var runtime = new Runtime(_folder["baked.onnx"]);
        Assert.AreEqual(new ScoreNormalizer(2).Normalize(3f),
            runtime.Run<float>("normalized_score", ("raw_pred_score", new[] { 3f }, [1]), ("image_threshold", new[] { 2f }, [1])).Single());
    }

    [TestMethod]
    public void A_threshold_of_another_shape_is_refused_by_the_runtime()
    {
        AnomalyOnnxModel.Open(ModelFile.Vision().Save(_folder["model.onnx"])).BakeNormalization(_folder["baked.onnx"], Thresholds);
        using var runtime = new Runtime(_folder["baked.onnx"]);
        Assert.ThrowsExactly<OnnxRuntimeException>(() => runtime.Run<float>(
            "normalized_score", ("input", Pixels<float>(1), [1, 3, 4, 6]), ("image_threshold", new[] { 1f, 2f }, [2])));
    }

    private static T[] Pixels<T>(int batch)
        where T : System.Numerics.IFloatingPointIeee754<T>
    {
        var random = new Random(batch);
        return [.. Enumerable.Range(0, batch * 3 * 4 * 6).Select(_ => T.CreateTruncating(random.NextDouble() * 1.5))];
    }

    // The raw outputs of the same run, normalised by the kernel, must be the normalised ones.
    private void CompareWithKernel<T>(ModelProto model, int batch, string what)
        where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
    {
        AnomalyOnnxModel original = AnomalyOnnxModel.Open(model.Save(_folder["model.onnx"]));
        original.BakeNormalization(_folder["baked.onnx"], Thresholds,
            new() { AddLabel = true, AddMask = original.MapOutputName is not null });
        using var runtime = new Runtime(_folder["baked.onnx"]);
        (string, Array, long[])[] inputs = [("input", Pixels<T>(batch), [batch, 3, 4, 6])];
        T[]? map = null;
        if (original.MapOutputName is not null)
        {
            map = runtime.Run<T>("anomaly_map", out long[] shape, inputs);
            Compare(new(Thresholds.Pixel), map, shape, "normalized_map", "anomaly_mask");
        }

        T[] score = original.ScoreOutputName is not null ? runtime.Run<T>("pred_score", inputs)
            : [.. map!.Chunk(map!.Length / batch).Select(image => image.Max())];
        Assert.HasCount(batch, score);
        Compare(new(Thresholds.Image), score, [batch, 1], "normalized_score", "is_anomalous");

        void Compare(ScoreNormalizer twin, T[] raw, long[] shape, string normalized, string decision)
        {
            Same.Bits<T>([.. raw.Select(twin.Normalize)], runtime.Run<T>(normalized, out long[] normalizedShape, inputs),
                $"{what} {normalized}");
            CollectionAssert.AreEqual(shape, normalizedShape, what);
            CollectionAssert.AreEqual(raw.Select(twin.IsAnomalous).ToArray(),
                runtime.Run<bool>(decision, out long[] decisionShape, inputs), what);
            CollectionAssert.AreEqual(shape, decisionShape, what);
            CollectionAssert.AreEquivalent(new[] { false, true }, raw.Length < 10 ? [false, true] : raw.Select(twin.IsAnomalous)
                .Distinct().ToArray(), what);
        }
    }
}
