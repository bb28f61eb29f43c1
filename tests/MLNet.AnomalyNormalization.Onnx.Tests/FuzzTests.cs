using System.Text;
using Google.Protobuf;
using MLNet.AnomalyNormalization.Tests;

namespace MLNet.AnomalyNormalization.Onnx.Tests;

/// <summary>Damaged models and metadata: every one ends in a result or in a documented exception.</summary>
[TestClass]
public sealed class FuzzTests : IDisposable
{
    private const long MostBytes = 64 << 20;

    private readonly TemporaryFolder _folder = new();

    public TestContext TestContext { get; set; } = null!;

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void Damaged_models_end_in_a_result_or_a_documented_exception() => TryModels(DamagedFiles.Few);

    [TestMethod]
    [TestCategory("Long")]
    public void Damaged_models_end_in_a_result_or_a_documented_exception_long() => TryModels(DamagedFiles.Many);

    [TestMethod]
    public void Damaged_sidecars_end_in_a_result_or_a_documented_exception() => TrySidecars(DamagedFiles.Few);

    [TestMethod]
    [TestCategory("Long")]
    public void Damaged_sidecars_end_in_a_result_or_a_documented_exception_long() => TrySidecars(DamagedFiles.Many);

    private void TryModels(int count)
    {
        string path = _folder["damaged.onnx"];
        byte[][] seeds =
        [
            ModelFile.Vision().WithMetadata("image_threshold", "0.5").WithMetadata("pixel_threshold", "0.25").ToByteArray(),
            ModelFile.Vision(opset: 11, batch: null, height: null, width: null).ToByteArray(),
            ModelFile.Vision(type: typeof(Half), score: null).ToByteArray(),
            ModelFile.Raw(typeof(double), [("score", [null])]).ToByteArray(),
            ModelFile.Vision().WithExternalData("weight", "model.data", bytes => File.WriteAllBytes(_folder["model.data"], bytes))
                .ToByteArray(),
        ];
        DamagedFiles.Try(count, seeds, TestContext, MostBytes, bytes =>
        {
            File.WriteAllBytes(path, bytes);
            AnomalyOnnxModel model = AnomalyOnnxModel.Open(path);
            Assert.IsNotEmpty(model.ToString());
            model.BakeNormalization(_folder["baked.onnx"], new(0.5, 0.25), new() { AddLabel = true });
        });
    }

    private void TrySidecars(int count)
    {
        ModelFile.Vision().Save(_folder["model.onnx"]);
        byte[][] seeds =
        [
            Encoding.UTF8.GetBytes("""{"input_size": [[3, 224, 224]], "mean": [0.4, 0.4, 0.4], "std": [0.2, 0.2, 0.2], "image_threshold": 1.5, "pixel_threshold": 2}"""),
            Encoding.UTF8.GetBytes("""
                {"task": "segmentation", "image_threshold": 14, "pixel_threshold": 12.5, "transform": {"transform": {"transforms": [
                {"__class_fullname__": "Resize", "height": 256, "width": 256}, {"__class_fullname__": "CenterCrop", "height": 224, "width": 224},
                {"__class_fullname__": "Normalize", "mean": [0.4, 0.4, 0.4], "std": 0.2, "max_pixel_value": 255.0}]}},
                "normalization_method": "cdf", "image_mean": 1.5, "image_std": 0.2, "pixel_mean": 1, "pixel_std": 0.1}
                """),
        ];
        DamagedFiles.Try(count, seeds, TestContext, MostBytes, bytes =>
        {
            File.WriteAllBytes(_folder["model.json"], bytes);
            Assert.IsNotEmpty(AnomalyOnnxModel.Open(_folder["model.onnx"]).ToString());
        });
    }
}
