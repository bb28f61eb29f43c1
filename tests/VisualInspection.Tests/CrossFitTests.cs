using Microsoft.ML;
using MLNet.AnomalyNormalization;

namespace VisualInspection.Tests;

[TestClass]
public sealed class CrossFitTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void Thresholds_are_three_deviations_above_what_good_images_score_by_models_fitted_without_them()
    {
        InspectionImage[] images = [.. Enumerable.Range(0, 5).Select(i => new InspectionImage(_folder[$"{i}.png"], InspectionImage.Good))];
        foreach (InspectionImage image in images)
            SmallImages.Write(image.Path);
        var pipeline = new InspectionPipeline(new MLContext(), new ImageSize(SmallImages.Height, SmallImages.Width));

        (ThresholdFit imageFit, ThresholdFit pixelFit, string modelPath) = CrossFit.Fit(pipeline, images, _folder[""]);

        RawInspection[] expected = [.. images.Select(image => FittedFrom([.. images.Where(other => other != image)], image))];
        Assert.AreEqual(Threshold(expected.Select(inspection => inspection.Score[0])), imageFit.Threshold, 1e-6);
        Assert.AreEqual(Threshold(expected.Select(inspection => inspection.Map.Max())), pixelFit.Threshold, 1e-6);
        foreach (ThresholdFit fit in new[] { imageFit, pixelFit })
        {
            Assert.AreEqual((5, 0), (fit.NormalCount, fit.AnomalousCount));
            Assert.IsTrue(fit.LowerBound < fit.Threshold && fit.Threshold < fit.UpperBound, $"{fit}");
        }

        // The model itself has seen every image.
        CollectionAssert.AreEqual(FittedFrom(images, images[0]).Map, pipeline.Score(modelPath, [images[0]]).Single().Map);

        RawInspection FittedFrom(InspectionImage[] good, InspectionImage image)
        {
            var sums = new FeatureSums(pipeline.Size);
            foreach (float[] features in pipeline.Features(_folder["features.onnx"], good))
                sums.Add(features);
            GaussianModel.Fit([sums], pipeline.Size).Save(_folder["twin.onnx"]);
            return pipeline.Score(_folder["twin.onnx"], [image]).Single();
        }

        static double Threshold(IEnumerable<float> scores)
        {
            double mean = scores.Average();
            return mean + (3 * Math.Sqrt(scores.Sum(score => (score - mean) * (score - mean)) / 4));
        }
    }
}
