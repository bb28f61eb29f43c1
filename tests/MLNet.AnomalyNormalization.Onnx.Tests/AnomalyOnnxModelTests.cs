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
    public void Thresholds_and_preparation_may_come_from_two_files_or_from_one_that_is_named()
    {
        string path = ModelFile.Vision().Save(_folder["model.onnx"]);
        File.WriteAllText(_folder["model.json"], """{"input_size": [[3, 4, 6]], "std": [0.5]}""");
        File.WriteAllText(_folder["metadata.json"], """{"image_threshold": 3, "pixel_threshold": 4, "pred_scores.min": 0}""");
        AnomalyOnnxModel both = AnomalyOnnxModel.Open(path);
        Assert.AreEqual(new AnomalyThresholds(3, 4), both.Thresholds);
        Assert.AreEqual((4, 6, 0.5), (both.Preprocessing.Height, both.Preprocessing.Width, both.Preprocessing.StandardDeviation.Single()));
        StringAssert.Contains(both.ToString(), "model.json has no mean; 0 is assumed.");

        Directory.CreateDirectory(_folder["other"]);
        File.WriteAllText(_folder["other/mine.json"], """{"image_threshold": 5, "pixel_threshold": 6} // mine""");
        Assert.AreEqual(new AnomalyThresholds(5, 6), AnomalyOnnxModel.Open(path, descriptionPath: _folder["other/mine.json"]).Thresholds);
        Assert.ThrowsExactly<FileNotFoundException>(() => AnomalyOnnxModel.Open(path, descriptionPath: _folder["none.json"]));
    }

    [TestMethod]
    public void A_file_beside_two_models_may_be_the_others_and_a_file_of_its_own_name_goes_first()
    {
        string path = ModelFile.Vision().Save(_folder["a.onnx"]);
        ModelFile.Vision().Save(_folder["b.onnx"]);
        File.WriteAllText(_folder["metadata.json"], """{"image_threshold": 3, "pixel_threshold": 4}""");
        StringAssert.Contains(AnomalyOnnxModel.Open(path).ToString(), "There are several models in this folder; metadata.json may be another's.");

        File.WriteAllText(_folder["a.json"], """{"image_threshold": 5, "pixel_threshold": 6}""");
        AnomalyOnnxModel own = AnomalyOnnxModel.Open(path);
        Assert.AreEqual(new AnomalyThresholds(5, 6), own.Thresholds);
        Assert.DoesNotContain("several models", own.ToString());
    }

    [TestMethod]
    public void The_thresholds_of_the_graph_win_over_an_older_file_and_the_contradiction_is_said()
    {
        string path = Anomalib2(scales: true).Save(_folder["model.onnx"]);
        File.WriteAllText(_folder["metadata.json"], """{"image_threshold": 16.35, "pixel_threshold": 0.5, "pred_scores.min": 0}""");
        AnomalyOnnxModel model = AnomalyOnnxModel.Open(path);
        Assert.AreEqual(new AnomalyThresholds(0.25, 0.25), model.Thresholds);
        Assert.AreEqual(new AnomalyPostProcessing(0.25, 4, 0.5), model.ScorePostProcessing);
        Assert.AreEqual(new AnomalyPostProcessing(0.25, 4, 0.5), model.MapPostProcessing);
        Assert.IsFalse(model.IsAlreadyNormalized);
        StringAssert.Contains(model.ToString(), "metadata.json has other thresholds, image 16.35, pixel 0.5; the model's own post-processing count.");
        StringAssert.Contains(model.ToString(), "score: (raw - 0.25) / 4 + 0.5, clipped, decided at 0.5");

        AnomalyOnnxModel clipped = AnomalyOnnxModel.Open(Anomalib2().Save(path));
        Assert.AreEqual(new AnomalyThresholds(0.5, 0.5), clipped.Thresholds);
        StringAssert.Contains(clipped.ToString(), "metadata.json has other thresholds");
    }

    [TestMethod]
    public void A_baked_anomalib_2_model_shows_the_baked_decisions_and_normalises_from_before_the_clip()
    {
        AnomalyOnnxModel model = AnomalyOnnxModel.Open(Anomalib2(scales: true).Save(_folder["model.onnx"]));
        model.BakeNormalization(_folder["baked.onnx"], model.Thresholds!, new() { AddLabel = true, AddMask = true });
        AnomalyOnnxModel baked = AnomalyOnnxModel.Open(_folder["baked.onnx"]);
        Assert.AreEqual("is_anomalous", baked.LabelOutputName);
        Assert.AreEqual("anomaly_mask", baked.MaskOutputName);
        Assert.AreEqual("pred_score", baked.ScoreOutputName);
        Assert.AreEqual("raw", baked.ToString().Split('\n').Single(line => line.StartsWith("Scale", StringComparison.Ordinal))[11..14]);

        // White gives |1 - 0.25| = 0.75 raw, three times the threshold, which the model itself would scale to 0.625.
        using var runtime = new Runtime(_folder["baked.onnx"]);
        (string, Array, long[]) white = ("input", Enumerable.Repeat(1f, 72).ToArray(), [1, 3, 4, 6]);
        Assert.AreEqual(300, runtime.Run<float>("normalized_score", white)[0]);
        Assert.AreEqual(0.625f, runtime.Run<float>("pred_score", white)[0]);
        Assert.IsTrue(runtime.Run<float>("normalized_map", white).All(value => value == 300));
    }

    [TestMethod]
    public void Outputs_that_were_named_by_hand_stay_named_in_a_baked_model()
    {
        ModelProto twoMaps = ModelFile.Vision(score: null, map: "first");
        twoMaps.Graph.Node.Add(ModelFile.Node("Neg", ["first"], ["second"]));
        twoMaps.Graph.Output.Add(ModelFile.Value("second", typeof(float), 1, 1, 4, 6));
        AnomalyOnnxModel.Open(twoMaps.Save(_folder["model.onnx"]), mapOutputName: "second").BakeNormalization(_folder["baked.onnx"], new(1, 1));
        Assert.AreEqual("second", AnomalyOnnxModel.Open(_folder["baked.onnx"]).MapOutputName);
        Assert.AreEqual("first", AnomalyOnnxModel.Open(_folder["baked.onnx"], mapOutputName: "first").MapOutputName);
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
    // With or without (raw - 0.25) / 4 + 0.5 before the clip.
    private static ModelProto Anomalib2(bool scales = false)
    {
        ModelProto model = ModelFile.Vision(opset: 14, batch: null, height: null, width: null, score: "raw_score", map: "raw_map");
        GraphProto graph = model.Graph;
        graph.Output.Clear();
        graph.Initializer.Add(ModelFile.Tensor("low", typeof(float), [0], []));
        graph.Initializer.Add(ModelFile.Tensor("high", typeof(float), [1], []));
        graph.Initializer.Add(ModelFile.Tensor("half", typeof(float), [0.5], []));
        graph.Initializer.Add(ModelFile.Tensor("threshold", typeof(float), [0.25], []));
        graph.Initializer.Add(ModelFile.Tensor("range", typeof(float), [4], []));
        Clip("raw_score", "pred_score");
        Clip("raw_map", "anomaly_map");
        graph.Node.Add(ModelFile.Node("Greater", ["pred_score", "half"], ["pred_label"]));
        graph.Node.Add(ModelFile.Node("Greater", ["anomaly_map", "half"], ["pred_mask"]));
        graph.Output.Add(ModelFile.Value("pred_score", typeof(float), null, 1));
        graph.Output.Add(ModelFile.Value("pred_label", typeof(bool), null, 1));
        graph.Output.Add(ModelFile.Value("anomaly_map", typeof(float), null, 1, null, null));
        graph.Output.Add(ModelFile.Value("pred_mask", typeof(bool), null, 1, null, null));
        return model;

        void Clip(string raw, string output)
        {
            if (scales)
            {
                graph.Node.Add(ModelFile.Node("Sub", [raw, "threshold"], [$"{raw}_shifted"]));
                graph.Node.Add(ModelFile.Node("Div", [$"{raw}_shifted", "range"], [$"{raw}_divided"]));
                graph.Node.Add(ModelFile.Node("Add", [$"{raw}_divided", "half"], [$"{raw}_scaled"]));
                raw = $"{raw}_scaled";
            }

            graph.Node.Add(ModelFile.Node("Clip", [raw, "low", "high"], [output]));
        }
    }
}
