using MLNet.AnomalyNormalization.Onnx.Models;
using MLNet.AnomalyNormalization.Tests;

namespace MLNet.AnomalyNormalization.Onnx.Tests.Models;

[TestClass]
public sealed class ModelSidecarTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow("[[3, 224, 256]]", 224, 256, DisplayName = "shapes of the inputs")]
    [DataRow("[224, 256]", 224, 256, DisplayName = "a size")]
    [DataRow("null", null, null, DisplayName = "nothing")]
    public void The_model_json_of_quadra_tells_size_mean_and_deviation(string size, int? height, int? width)
    {
        ModelSidecar sidecar = Find("model.json", $$"""
            {"input_size": {{size}}, "classes": null, "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225], "image_threshold": 1.24,
             "pixel_threshold": 0.8, "anomaly_method": "padim"}
            """);
        Assert.AreEqual(new AnomalyThresholds(1.24, 0.8), sidecar.Thresholds);
        Assert.AreEqual((height, width), (sidecar.Preprocessing!.Height, sidecar.Preprocessing.Width));
        CollectionAssert.AreEqual(new[] { 0.485, 0.456, 0.406 }, sidecar.Preprocessing.Mean.ToArray());
        CollectionAssert.AreEqual(new[] { 0.229, 0.224, 0.225 }, sidecar.Preprocessing.StandardDeviation.ToArray());
        Assert.AreEqual(255, sidecar.Preprocessing.PixelDivisor);
    }

    [TestMethod]
    public void The_metadata_json_of_anomalib_0_tells_its_transforms()
    {
        ModelSidecar sidecar = Find("metadata.json", """
            {"task": "segmentation", "image_threshold": 14, "pixel_threshold": 12.5, "min": 1, "max": 30,
             "transform": {"__version__": "1.3.1", "transform": {"__class_fullname__": "Compose", "p": 1.0, "transforms": [
               {"__class_fullname__": "Resize", "always_apply": true, "p": 1, "height": 256, "width": 320, "interpolation": 1},
               {"__class_fullname__": "Normalize", "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.2, 0.1], "max_pixel_value": 255.0},
               {"__class_fullname__": "ToTensorV2", "always_apply": true, "p": 1.0, "transpose_mask": false}]}}}
            """);
        Assert.AreEqual(new AnomalyThresholds(14, 12.5), sidecar.Thresholds);
        Assert.AreEqual((256, 320), (sidecar.Preprocessing!.Height, sidecar.Preprocessing.Width));
        CollectionAssert.AreEqual(new[] { 0.5, 0.4, 0.3 }, sidecar.Preprocessing.Mean.ToArray());
    }

    [TestMethod]
    [DataRow("{}", DisplayName = "an empty object")]
    [DataRow("""{"name": "something else", "transform": 3}""", DisplayName = "the description of something else")]
    [DataRow("[1]", DisplayName = "an array")]
    [DataRow("\"text\"", DisplayName = "a text")]
    public void A_file_that_tells_nothing_is_left_aside_with_a_word(string json)
    {
        ModelSidecar sidecar = Find("model.json", json);
        Assert.IsNull(sidecar.Thresholds);
        Assert.IsNull(sidecar.Preprocessing);
        StringAssert.Contains(sidecar.Notes.Single(), "model.json is left aside");
    }

    [TestMethod]
    [DataRow("", "is empty", DisplayName = "empty")]
    [DataRow("{\"mean\": [1,\n 2", "line 2", DisplayName = "truncated")]
    [DataRow("""{"image_threshold": 1}""", "pixel_threshold", DisplayName = "one threshold of two")]
    [DataRow("""{"image_threshold": NaN, "pixel_threshold": 1}""", "line 1", DisplayName = "a bare NaN")]
    [DataRow("""{"mean": ["a"], "std": [1]}""", "'mean'", DisplayName = "text in place of a mean")]
    [DataRow("""{"mean": [0], "std": [0]}""", "'std'", DisplayName = "a deviation of 0")]
    [DataRow("""{"mean": [0], "std": [1], "input_size": [0.5, 3]}""", "'input_size'", DisplayName = "half a pixel")]
    [DataRow("""{"mean": {"a": 1}, "std": [1]}""", "'mean'", DisplayName = "an object in place of a mean")]
    public void A_file_that_is_damaged_is_refused_with_its_name_and_the_place(string json, string place)
    {
        var e = Assert.ThrowsExactly<InvalidDataException>(() => Find("model.json", json));
        StringAssert.Contains(e.Message, _folder["model.json"]);
        StringAssert.Contains(e.Message, place);
    }

    [TestMethod]
    public void Text_that_is_not_UTF_8_is_refused()
    {
        File.WriteAllBytes(_folder["metadata.json"],
            [.. """{"transform": {"transform": {"transforms": [{"__class_fullname__": "Re"""u8, 0x80, .. "\"}]}}}"u8]);
        Assert.ThrowsExactly<InvalidDataException>(() => ModelSidecar.Find(_folder["model.onnx"]));
    }

    private ModelSidecar Find(string name, string json)
    {
        File.WriteAllText(_folder[name], json);
        return ModelSidecar.Find(_folder["model.onnx"]);
    }
}
