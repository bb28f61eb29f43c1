using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization;

namespace VisualInspection;

/// <summary>A model for other samples to start with, on the images that are drawn here.</summary>
internal static class DrawnModel
{
    /// <summary>Draws the images, learns the model and its thresholds from the good ones, and saves it.</summary>
    /// <param name="folder">Where the images go, in <c>drawn</c>, and the model; made if need be.</param>
    /// <returns>The path of the model.</returns>
    public static string Train(string folder)
    {
        string images = Path.Combine(folder, "drawn");
        DrawnImages.Save(images);
        InspectionFolder set = InspectionFolder.Open(images);

        DirectoryInfo work = Directory.CreateTempSubdirectory("DrawnModel");
        try
        {
            var pipeline = new InspectionPipeline(new MLContext(seed: 0), set.ImageSize);
            (ThresholdFit image, ThresholdFit pixel, string onnxPath) = CrossFit.Fit(pipeline, set.Train, work.FullName);
            using TransformerChain<ITransformer> inspection = pipeline.Build(
                onnxPath, new AnomalyThresholds(image.Threshold, pixel.Threshold));
            string path = Path.Combine(folder, "pipeline.zip");
            pipeline.Save(inspection, path);
            return path;
        }
        finally
        {
            work.Delete(recursive: true);
        }
    }
}
