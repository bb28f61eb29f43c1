using MLNet.AnomalyNormalization;
using MLNet.AnomalyNormalization.Onnx;

namespace WebApi.Tests;

[TestClass]
public sealed class ModelFileTests
{
    [TestMethod]
    public void A_file_of_another_kind_is_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["other.onnx"], "no model");
        string message = Assert.ThrowsExactly<InvalidDataException>(() => InspectionApi.Open(folder["other.onnx"])).Message;
        StringAssert.Contains(message, "other.onnx");
    }

    [TestMethod]
    public void A_model_without_raw_outputs_is_refused_with_its_data_sheet()
    {
        using var folder = new TemporaryFolder();
        AnomalyOnnxModel.Open(Service.ModelPath).BakeNormalization(
            folder["baked.onnx"], new AnomalyThresholds(1, 1), new BakeOptions { ReplaceRawOutputs = true });
        string message = Assert.ThrowsExactly<InvalidDataException>(() => InspectionApi.Open(folder["baked.onnx"])).Message;
        StringAssert.Contains(message, "baked.onnx");
        StringAssert.Contains(message, "normalized_map");
    }
}
