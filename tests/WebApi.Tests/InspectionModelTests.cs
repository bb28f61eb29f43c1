using Microsoft.Extensions.ObjectPool;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization;
using MLNet.AnomalyNormalization.Onnx;
using VisualInspection;

namespace WebApi.Tests;

[TestClass]
public sealed class InspectionModelTests
{
    [TestMethod]
    public void An_engine_that_was_returned_is_used_again_and_no_two_users_have_the_same()
    {
        using InspectionModel model = InspectionModel.Load(Service.ModelPath);
        ObjectPool<PredictionEngine<Photo, Inspection>> engines = new DefaultObjectPoolProvider().Create(model);
        PredictionEngine<Photo, Inspection> first = engines.Get();
        PredictionEngine<Photo, Inspection> second = engines.Get();
        Assert.AreNotSame(first, second);
        engines.Return(first);
        Assert.AreSame(first, engines.Get());
    }

    [TestMethod]
    public void Engines_share_the_pipeline_and_one_that_is_disposed_takes_nothing_from_the_others()
    {
        using InspectionModel model = InspectionModel.Load(Service.ModelPath);
        using PredictionEngine<Photo, Inspection> kept = model.Create();
        model.Create().Dispose();
        Assert.HasCount(model.MapSize.Height * model.MapSize.Width, Inspect().NormalizedMap);
        Assert.AreEqual(Inspect().NormalizedScore[0], Inspect().NormalizedScore[0]);

        Inspection Inspect() => kept.Predict(new Photo { Image = MLImage.CreateFromFile(Service.Images[0]) });
    }

    [TestMethod]
    public void The_size_of_the_maps_is_that_of_the_model()
    {
        using InspectionModel model = InspectionModel.Load(Service.ModelPath);
        Assert.AreEqual((DrawnModel.ShorterSide, DrawnModel.ShorterSide), model.MapSize);
    }

    [TestMethod]
    public void A_file_of_another_kind_is_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["other.onnx"], "no model");
        string message = Assert.ThrowsExactly<InvalidDataException>(() => InspectionModel.Load(folder["other.onnx"])).Message;
        StringAssert.Contains(message, "other.onnx");
    }

    [TestMethod]
    public void A_model_without_raw_outputs_is_refused_with_its_data_sheet()
    {
        using var folder = new TemporaryFolder();
        AnomalyOnnxModel.Open(Service.ModelPath).BakeNormalization(
            folder["baked.onnx"], new AnomalyThresholds(1, 1), new BakeOptions { ReplaceRawOutputs = true });
        string message = Assert.ThrowsExactly<InvalidDataException>(() => InspectionModel.Load(folder["baked.onnx"])).Message;
        StringAssert.Contains(message, "baked.onnx");
        StringAssert.Contains(message, "normalized_map");
    }
}
