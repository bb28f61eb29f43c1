using Microsoft.AspNetCore.Builder;
using MLNet.AnomalyNormalization;
using MLNet.AnomalyNormalization.Onnx;

namespace WebApi.Tests;

[TestClass]
public sealed class ModelFileTests
{
    [TestMethod]
    public async Task A_model_that_there_isn_t_is_named_at_the_start()
        => StringAssert.Contains((await Assert.ThrowsExactlyAsync<FileNotFoundException>(() => StartAsync("nowhere.onnx"))).Message, "'nowhere.onnx'");

    [TestMethod]
    public async Task A_file_of_another_kind_is_refused_by_name_at_the_start()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["other.onnx"], "no model");
        StringAssert.Contains(
            (await Assert.ThrowsExactlyAsync<InvalidDataException>(() => StartAsync(folder["other.onnx"]))).Message, "other.onnx");
    }

    [TestMethod]
    public async Task A_model_without_raw_outputs_is_refused_at_the_start()
    {
        using var folder = new TemporaryFolder();
        AnomalyOnnxModel.Open(Service.ModelPath).BakeNormalization(
            folder["baked.onnx"], new AnomalyThresholds(1, 1), new BakeOptions { ReplaceRawOutputs = true });
        StringAssert.Contains(
            (await Assert.ThrowsExactlyAsync<ArgumentException>(() => StartAsync(folder["baked.onnx"]))).Message, "gives normalised scores alone");
    }

    private static async Task StartAsync(string model)
    {
        await using WebApplication app = InspectionApi.Create(["--urls", "http://127.0.0.1:0", "--Inspection:ModelPath", model]);
        await app.StartAsync();
    }
}
