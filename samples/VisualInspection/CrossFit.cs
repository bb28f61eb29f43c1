using MLNet.AnomalyNormalization;

namespace VisualInspection;

/// <summary>
/// Learns the model from all good images, and the thresholds from scores that are not its own praise: every good image is scored by a
/// model that was fitted without it.
/// </summary>
internal static class CrossFit
{
    private const int Folds = 5;

    // A threshold is the mean of what good images score plus so many standard deviations.
    private const double Deviations = 3;

    /// <param name="pipeline">Runs the graphs.</param>
    /// <param name="images">The good images.</param>
    /// <param name="size">The size that images are brought to.</param>
    /// <param name="modelPath">Where the model fitted from all images is written, as ONNX.</param>
    public static AnomalyThresholds Fit(
        InspectionPipeline pipeline, IReadOnlyList<InspectionImage> images, ImageSize size, string modelPath)
    {
        DirectoryInfo scratch = Directory.CreateTempSubdirectory("VisualInspection");
        try
        {
            string features = Path.Combine(scratch.FullName, "features.onnx");
            string held = Path.Combine(scratch.FullName, "held-out.onnx");
            GaussianModel.SaveFeatures(features, size);

            Model(images).Save(modelPath);

            (float Score, float Highest)[] heldOut =
            [
                .. Enumerable.Range(0, Folds).SelectMany(fold =>
                {
                    Model(images.Where((_, i) => i % Folds != fold)).Save(held);
                    return pipeline.Score(held, images.Where((_, i) => i % Folds == fold))
                        .Select(inspection => (inspection.Score[0], inspection.Map.Max()));
                }).Show("Finding the thresholds", images.Count),
            ];

            return new AnomalyThresholds(
                Image: Threshold([.. heldOut.Select(image => image.Score)]),
                Pixel: Threshold([.. heldOut.Select(image => image.Highest)]));

            GaussianModel Model(IEnumerable<InspectionImage> good) => GaussianModel.Fit(pipeline.Features(features, good), size);
        }
        finally
        {
            scratch.Delete(recursive: true);
        }
    }

    private static double Threshold(float[] good)
    {
        double mean = good.Average();
        double variance = good.Sum(score => (score - mean) * (score - mean)) / (good.Length - 1);
        return mean + (Deviations * Math.Sqrt(variance));
    }
}
