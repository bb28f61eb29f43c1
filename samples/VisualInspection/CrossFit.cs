using MLNet.AnomalyNormalization;

namespace VisualInspection;

/// <summary>
/// Learns the model from all good images, and the thresholds from scores that are not its own praise: every good image is scored by a
/// model that was fitted without it.
/// </summary>
internal static class CrossFit
{
    private const int Folds = 5;

    private static readonly ThresholdStrategy Strategy = ThresholdStrategy.MeanPlusDeviations(3);

    /// <summary>Fits the model and the thresholds.</summary>
    /// <param name="pipeline">Runs the graphs.</param>
    /// <param name="images">The good images.</param>
    /// <param name="folder">Where to write <c>model.onnx</c>, and the graphs that are needed on the way.</param>
    /// <returns>The raw thresholds of the image score and of a pixel, and the path of the model.</returns>
    public static (ThresholdFit Image, ThresholdFit Pixel, string ModelPath) Fit(
        InspectionPipeline pipeline, IReadOnlyList<InspectionImage> images, string folder)
    {
        string featuresPath = Path.Combine(folder, "features.onnx");
        GaussianModel.SaveFeatures(featuresPath, pipeline.Size);

        FeatureSums[] folds = [.. Enumerable.Range(0, Folds).Select(_ => new FeatureSums(pipeline.Size))];
        IEnumerable<float[]> features = pipeline.Features(featuresPath, images).Show("Learning from good images", images.Count);
        foreach ((int i, float[] image) in features.Index())
            folds[i % Folds].Add(image);

        string modelPath = Path.Combine(folder, "model.onnx");
        GaussianModel.Fit(folds, pipeline.Size).Save(modelPath);

        // The highest pixel of a good image is what a pixel's threshold must lie above.
        (float Score, float HighestPixel)[] heldOut =
            [.. Enumerable.Range(0, Folds).SelectMany(HeldOut).Show("Finding the thresholds", images.Count)];
        bool[] isAnomalous = new bool[heldOut.Length];
        return (
            Strategy.Fit([.. heldOut.Select(image => image.Score)], isAnomalous),
            Strategy.Fit([.. heldOut.Select(image => image.HighestPixel)], isAnomalous),
            modelPath);

        IEnumerable<(float Score, float HighestPixel)> HeldOut(int fold)
        {
            string path = Path.Combine(folder, $"without-{fold}.onnx");
            GaussianModel.Fit([.. folds.Where((_, i) => i != fold)], pipeline.Size).Save(path);
            return pipeline.Score(path, images.Where((_, i) => i % Folds == fold))
                .Select(inspection => (inspection.Score[0], inspection.Map.Max()));
        }
    }
}
