using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Imaging;

namespace VisualInspection.Tests;

[TestClass]
public sealed class InspectionPipelineTests : IDisposable
{
    private const int Area = SmallImages.Height * SmallImages.Width;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

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

        ImageFolder set = ImageFolder.Open(_folder["set"]);
        using var pipeline = new InspectionPipeline(set.Train, SmallImages.Width);
        var report = new AnomalyReport(pipeline.Model.Thresholds);
        (IReadOnlyList<Result> results, AnomalyEvaluation evaluation) = pipeline.Evaluate(set.Test, report);

        var images = new ImageEvaluator();
        var pixels = new PixelEvaluator();
        byte[] defect = [.. Enumerable.Range(0, Area).Select(i => i < Area / 4 ? (byte)1 : (byte)0)];
        Inspection[] inspections = [.. pipeline.Inspect(set.Test)];
        foreach ((FolderImage tested, Inspection inspection) in set.Test.Zip(inspections))
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
