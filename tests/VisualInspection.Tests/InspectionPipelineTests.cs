using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization;

namespace VisualInspection.Tests;

[TestClass]
public sealed class InspectionPipelineTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // Windows refuses to move or delete a file that is open; opening it for oneself alone fails everywhere.
    [TestMethod]
    public void The_files_of_a_model_are_free_again_after_use()
    {
        var image = new InspectionImage(_folder["a.png"], InspectionImage.Good);
        SmallImages.Write(image.Path);
        var pipeline = new InspectionPipeline(new MLContext(), new ImageSize(SmallImages.Height, SmallImages.Width));
        string features = _folder["features.onnx"];
        string model = _folder["model.onnx"];
        GaussianModel.SaveFeatures(features, pipeline.Size);
        var sums = new FeatureSums(pipeline.Size);
        sums.Add(pipeline.Features(features, [image]).Single());
        IsFree(features);

        GaussianModel.Fit([sums], pipeline.Size).Save(model);
        Assert.HasCount(pipeline.Size.Area, pipeline.Score(model, [image]).Single().Map);
        IsFree(model);

        using (TransformerChain<ITransformer> built = pipeline.Build(model, new AnomalyThresholds(Image: 1, Pixel: 1)))
        {
            Assert.HasCount(1, pipeline.Inspect(built, [image]));
            pipeline.Save(built, _folder["pipeline.zip"]);
        }

        IsFree(model);
        pipeline.Inspect(new MLContext().Model.LoadAnomalyModel(_folder["pipeline.zip"], out _), image);
        IsFree(_folder["pipeline.zip"]);

        static void IsFree(string path) => File.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
    }
}
