using MLNet.AnomalyNormalization.Onnx.Format;
using MLNet.AnomalyNormalization.Tests;

namespace MLNet.AnomalyNormalization.Onnx.Tests;

[TestClass]
public sealed class AnomalyOnnxModelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void An_export_of_anomalib_2_is_understood()
    {
        AnomalyOnnxModel model = AnomalyOnnxModel.Open(Anomalib2().Save(_folder["model.onnx"]));
        Assert.AreEqual("pred_score", model.ScoreOutputName);
        Assert.AreEqual("anomaly_map", model.MapOutputName);
        Assert.AreEqual("pred_label", model.LabelOutputName);
        Assert.AreEqual("pred_mask", model.MaskOutputName);
        Assert.AreEqual("input", model.InputName);
        Assert.AreEqual(typeof(float), model.InputType);
        CollectionAssert.AreEqual(new long?[] { null, 3, null, null }, model.InputShape!.ToArray());
        Assert.AreEqual("pytorch 2.1.0", model.Producer);
        Assert.AreEqual(14, model.Opset);
        Assert.IsTrue(model.IsAlreadyNormalized);
        Assert.AreEqual(new AnomalyThresholds(0.5, 0.5), model.Thresholds);
        Assert.IsFalse(model.IsBaked);
    }

    [TestMethod]
    public void The_text_of_a_model_is_its_data_sheet()
        => Assert.AreEqual("""
            Model      model.onnx
            Producer   pytorch 2.1.0, opset 14
            Input      input: Single [? x 3 x ? x ?]
            Pictures   of a size that nothing tells, bilinear, antialiased (torchvision), / 255 (assumed)
            Output     pred_score: Single [? x 1] -> Score
            Output     pred_label: Boolean [? x 1] -> Label
            Output     anomaly_map: Single [? x 1 x ? x ?] -> Map
            Output     pred_mask: Boolean [? x 1 x ? x ?] -> Mask
            Scale      0..1, clipped by the model, 0.5 is the threshold
            Thresholds image 0.5, pixel 0.5 (from the scale 0..1 of anomalib 2)
            Note       Nothing tells how pictures were prepared in training; torchvision's antialiased resize is assumed, as anomalib 1 and 2 have it, and no further mean and deviation.
            """.ReplaceLineEndings(), AnomalyOnnxModel.Open(Anomalib2().Save(_folder["model.onnx"])).ToString());

    [TestMethod]
    public void Thresholds_come_from_the_file_then_from_model_json_then_from_metadata_json()
    {
        string path = ModelFile.Vision().Save(_folder["model.onnx"]);
        Assert.IsNull(AnomalyOnnxModel.Open(path).Thresholds);

        File.WriteAllText(_folder["metadata.json"], """{"task": "segmentation", "image_threshold": 3, "pixel_threshold": 4}""");
        Assert.AreEqual(new AnomalyThresholds(3, 4), AnomalyOnnxModel.Open(path).Thresholds);

        File.WriteAllText(_folder["model.json"], """{"input_size": [[3, 4, 6]], "image_threshold": 5, "pixel_threshold": 6}""");
        Assert.AreEqual(new AnomalyThresholds(5, 6), AnomalyOnnxModel.Open(path).Thresholds);

        ModelFile.Vision().WithMetadata("image_threshold", "7").WithMetadata("pixel_threshold", "-8e-3").Save(path);
        Assert.AreEqual(new AnomalyThresholds(7, -0.008), AnomalyOnnxModel.Open(path).Thresholds);
        StringAssert.Contains(AnomalyOnnxModel.Open(path).ToString(), "image 7, pixel -0.008 (from the model's metadata)");
    }

    [TestMethod]
    [DataRow("image_threshold", "7", DisplayName = "one of two")]
    [DataRow("pixel_threshold", "NaN", DisplayName = "not finite")]
    [DataRow("pixel_threshold", "auto", DisplayName = "not a number")]
    public void Metadata_with_thresholds_that_are_none_is_refused(string key, string value)
    {
        string path = ModelFile.Vision().WithMetadata(key, value).Save(_folder["model.onnx"]);
        var e = Assert.ThrowsExactly<InvalidDataException>(() => AnomalyOnnxModel.Open(path));
        StringAssert.Contains(e.Message, path);
        StringAssert.Contains(e.Message, "threshold");
    }

    [TestMethod]
    public void A_missing_file_is_named()
    {
        var e = Assert.ThrowsExactly<FileNotFoundException>(() => AnomalyOnnxModel.Open(_folder["nowhere.onnx"]));
        Assert.AreEqual(_folder["nowhere.onnx"], e.FileName);
    }

    [TestMethod]
    [DataRow(9, DisplayName = "opset 9")]
    [DataRow(10, DisplayName = "opset 10")]
    [DataRow(0, DisplayName = "no opset")]
    public void An_opset_below_11_is_refused(int opset)
    {
        string path = ModelFile.Vision(opset).Save(_folder["model.onnx"]);
        StringAssert.Contains(
            Assert.ThrowsExactly<InvalidDataException>(() => AnomalyOnnxModel.Open(path)).Message,
                $"uses version {opset} of the ONNX operators");
    }

    [TestMethod]
    public void A_model_without_anything_like_a_score_or_a_map_is_refused_with_its_outputs()
    {
        ModelProto model = ModelFile.Empty();
        model.Graph.Input.Add(ModelFile.Value("input", typeof(float), 1, 3, 8, 8));
        model.Graph.Output.Add(ModelFile.Value("embedding", typeof(float), 1, 512));
        model.Graph.Output.Add(ModelFile.Value("class", typeof(long), 1));
        string path = model.Save(_folder["model.onnx"]);
        var e = Assert.ThrowsExactly<InvalidDataException>(() => AnomalyOnnxModel.Open(path));
        StringAssert.Contains(e.Message, "embedding: Single [1 x 512], class: Int64 [1]");

        Assert.AreEqual("embedding", AnomalyOnnxModel.Open(path, scoreOutputName: "embedding").ScoreOutputName);
    }

    [TestMethod]
    public void A_model_without_an_input_or_with_a_hundred_outputs_is_refused()
    {
        ModelProto model = ModelFile.Empty();
        model.Graph.Output.Add(ModelFile.Value("score", typeof(float), 1));
        StringAssert.Contains(
            Assert.ThrowsExactly<InvalidDataException>(() => AnomalyOnnxModel.Open(model.Save(_folder["model.onnx"]))).Message, "no input");

        model.Graph.Output.AddRange(Enumerable.Range(0, 100).Select(i => ModelFile.Value($"score{i}", typeof(float), 1)));
        StringAssert.Contains(
            Assert.ThrowsExactly<InvalidDataException>(() => AnomalyOnnxModel.Open(model.Save(_folder["model.onnx"]))).Message,
                "101 outputs");
    }

    [TestMethod]
    public void A_baked_model_says_so_and_gives_its_thresholds_back()
    {
        AnomalyOnnxModel.Open(ModelFile.Vision().Save(_folder["model.onnx"]))
            .BakeNormalization(_folder["baked.onnx"], new(0.1 + 0.2, -1e-3),
                new() { AddLabel = true, AddMask = true, ReplaceRawOutputs = true });
        AnomalyOnnxModel baked = AnomalyOnnxModel.Open(_folder["baked.onnx"]);
        Assert.IsTrue(baked.IsBaked);
        Assert.AreEqual(new AnomalyThresholds(0.1 + 0.2, -1e-3), baked.Thresholds);
        Assert.IsNull(baked.ScoreOutputName);
        Assert.AreEqual("is_anomalous", baked.LabelOutputName);
        Assert.AreEqual("anomaly_mask", baked.MaskOutputName);
        CollectionAssert.AreEqual(
            new[] { AnomalyOutputRole.NormalizedScore, AnomalyOutputRole.Label, AnomalyOutputRole.NormalizedMap, AnomalyOutputRole.Mask },
            baked.Outputs.Select(output => output.Role).ToArray());
        StringAssert.Contains(baked.ToString(), "normalised, 100 is the threshold");
    }

    // pred_score, pred_label, anomaly_map and pred_mask; scores and map clipped to 0..1 at the end, as anomalib's post-processor does.
    private static ModelProto Anomalib2()
    {
        ModelProto model = ModelFile.Vision(opset: 14, batch: null, height: null, width: null, score: "raw_score", map: "raw_map");
        GraphProto graph = model.Graph;
        graph.Output.Clear();
        graph.Initializer.Add(ModelFile.Tensor("low", typeof(float), [0], []));
        graph.Initializer.Add(ModelFile.Tensor("high", typeof(float), [1], []));
        graph.Initializer.Add(ModelFile.Tensor("half", typeof(float), [0.5], []));
        graph.Node.Add(ModelFile.Node("Clip", ["raw_score", "low", "high"], ["pred_score"]));
        graph.Node.Add(ModelFile.Node("Clip", ["raw_map", "low", "high"], ["anomaly_map"]));
        graph.Node.Add(ModelFile.Node("Greater", ["pred_score", "half"], ["pred_label"]));
        graph.Node.Add(ModelFile.Node("Greater", ["anomaly_map", "half"], ["pred_mask"]));
        graph.Output.Add(ModelFile.Value("pred_score", typeof(float), null, 1));
        graph.Output.Add(ModelFile.Value("pred_label", typeof(bool), null, 1));
        graph.Output.Add(ModelFile.Value("anomaly_map", typeof(float), null, 1, null, null));
        graph.Output.Add(ModelFile.Value("pred_mask", typeof(bool), null, 1, null, null));
        return model;
    }
}
