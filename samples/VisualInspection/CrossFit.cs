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

    /// <summary>Fits the model and the thresholds.</summary>
    /// <param name="pipeline">Runs the graphs.</param>
    /// <param name="images">The good images.</param>
    /// <param name="folder">Where to write <c>model.onnx</c>, and the graphs that are needed on the way.</param>
    /// <returns>The raw thresholds of the image score and of a pixel, and the path of the model.</returns>
    public static (AnomalyThresholds Thresholds, string ModelPath) Fit(
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
        (double Score, double HighestPixel)[] heldOut =
            [.. Enumerable.Range(0, Folds).SelectMany(HeldOut).Show("Finding the thresholds", images.Count)];
        var thresholds = new AnomalyThresholds(
            Image: Threshold([.. heldOut.Select(image => image.Score)]),
            Pixel: Threshold([.. heldOut.Select(image => image.HighestPixel)]));
        return (thresholds, modelPath);

        IEnumerable<(double Score, double HighestPixel)> HeldOut(int fold)
        {
            string path = Path.Combine(folder, $"without-{fold}.onnx");
            GaussianModel.Fit([.. folds.Where((_, i) => i != fold)], pipeline.Size).Save(path);
            return pipeline.Score(path, images.Where((_, i) => i % Folds == fold))
                .Select(inspection => ((double)inspection.Score[0], (double)inspection.Map.Max()));
        }
    }

    private static double Threshold(double[] goodScores)
    {
        double mean = goodScores.Average();
        double variance = goodScores.Sum(score => (score - mean) * (score - mean)) / (goodScores.Length - 1);
        return mean + (Deviations * Math.Sqrt(variance));
    }
}
