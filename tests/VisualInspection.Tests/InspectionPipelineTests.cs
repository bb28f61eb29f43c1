using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Imaging;

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

    [TestMethod]
    [DataRow(true, DisplayName = "with masks")]
    [DataRow(false, DisplayName = "without")]
    public void An_evaluation_measures_what_inspecting_the_same_images_gives(bool hasMasks)
    {
        SmallImages.WriteFolder(_folder["set"]);
        foreach (string name in new[] { "a", "b", "c" })
        {
            SmallImages.Write(_folder[$"set/test/hole/{name}.png"]);
            if (hasMasks)
                SmallImages.WriteMask(_folder[$"set/ground_truth/hole/{name}.png"]);
        }

        InspectionFolder set = InspectionFolder.Open(_folder["set"]);
        var pipeline = new InspectionPipeline(new MLContext(), set.ImageSize);
        (ThresholdFit image, ThresholdFit pixel, string model) = CrossFit.Fit(pipeline, set.Train, _folder[""]);
        var thresholds = new AnomalyThresholds(image.Threshold, pixel.Threshold);
        using TransformerChain<ITransformer> built = pipeline.Build(model, thresholds);
        var report = new AnomalyReport(thresholds);
        (IReadOnlyList<Result> results, AnomalyEvaluation evaluation) = pipeline.Evaluate(built, set.Test, report);

        var images = new ImageEvaluator();
        var pixels = new PixelEvaluator();
        byte[] defect = [.. Enumerable.Range(0, set.ImageSize.Area).Select(i => i < set.ImageSize.Area / 4 ? (byte)1 : (byte)0)];
        Inspection[] inspections = [.. pipeline.Inspect(built, set.Test)];
        foreach ((InspectionImage tested, Inspection inspection) in set.Test.Zip(inspections))
        {
            images.Add(inspection.NormalizedScore[0], tested.IsAnomalous);
            byte[] mask = tested.IsAnomalous ? defect : new byte[defect.Length];
            pixels.Add(inspection.NormalizedMap, mask, SmallImages.Height, SmallImages.Width);
        }

        CollectionAssert.AreEqual(set.Test.Zip(inspections, Result.Of).ToArray(), results.ToArray());
        Assert.AreEqual(images.Compute(), evaluation.Image);
        Assert.AreEqual(set.Test.Count, report.Count);
        Assert.AreEqual(hasMasks, evaluation.Pixel is not null);
        if (evaluation.Pixel is { } measured)
        {
            PixelMetrics expected = pixels.Compute();
            Assert.AreEqual(3 * defect.Length / 4, measured.Counts.TruePositives + measured.Counts.FalseNegatives);
            Assert.AreEqual(expected.Counts, measured.Counts);
            Assert.AreEqual(expected.AreaUnderRocCurve, measured.AreaUnderRocCurve);
            Assert.AreEqual(expected.AreaUnderPerRegionOverlap, measured.AreaUnderPerRegionOverlap);
        }
    }
}
