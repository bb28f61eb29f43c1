using Microsoft.Extensions.ObjectPool;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization;
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
        Assert.AreEqual((Fabric.Size, Fabric.Size), model.MapSize);
    }

    [TestMethod]
    public void A_model_of_another_kind_is_refused_with_what_it_holds()
    {
        using var folder = new TemporaryFolder();
        var mlContext = new MLContext();
        IDataView rows = mlContext.Data.LoadFromEnumerable([new { Score = 1f }]);
        mlContext.Model.Save(mlContext.Transforms.CopyColumns("Copy", "Score").Fit(rows), rows.Schema, folder["other.zip"]);
        string message = Assert.ThrowsExactly<InvalidDataException>(() => InspectionModel.Load(folder["other.zip"])).Message;
        StringAssert.Contains(message, "other.zip");
        StringAssert.Contains(message, "ColumnCopyingTransformer");
    }

    [TestMethod]
    public void A_model_of_the_same_steps_with_other_columns_is_refused_with_the_one_that_is_missing()
    {
        using var folder = new TemporaryFolder();
        var mlContext = new MLContext();
        IDataView files = mlContext.Data.LoadFromEnumerable<ImageFile>([]);
        ITransformer other = new EstimatorChain<ITransformer>()
            .Append(mlContext.Transforms.LoadImages(InspectionPipeline.PhotoName, imageFolder: "", nameof(ImageFile.Path)))
            .Append(mlContext.Transforms.ResizeImages(InspectionPipeline.PhotoName, imageWidth: 4, imageHeight: 4))
            .Append(mlContext.Transforms.ExtractPixels("Brightness", InspectionPipeline.PhotoName))
            .Append<ITransformer>(mlContext.Transforms.NormalizeAnomaly(
                new AnomalyThresholds(1, 1), new AnomalyNormalizationOptions { ScoreColumnName = "Brightness" }))
            .Fit(files);
        mlContext.Model.Save(other, files.Schema, folder["other.zip"]);
        string message = Assert.ThrowsExactly<InvalidDataException>(() => InspectionModel.Load(folder["other.zip"])).Message;
        StringAssert.Contains(message, "not a pipeline.zip of the VisualInspection sample");
        StringAssert.Contains(message, "anomaly_map");
    }
}
