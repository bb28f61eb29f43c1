using MLNet.AnomalyNormalization.Imaging;

namespace VisualInspection;

/// <summary>A model for other samples to start with, on the images that are drawn here.</summary>
internal static class DrawnModel
{
    /// <summary>
    /// The height and width that the images are brought to, and those of the maps: at 192 a model is made in seconds, and a defect of 8
    /// pixels is a patch wide.
    /// </summary>
    public const int ShorterSide = 192;

    /// <summary>Draws the images, learns the model and its thresholds from the good ones, and saves it twice.</summary>
    /// <param name="folder">Where the images go, in <c>drawn</c>, and the model; made if need be.</param>
    /// <returns>The paths of the ML.NET pipeline and of the ONNX file.</returns>
    public static (string Pipeline, string Onnx) Train(string folder)
    {
        string images = OutputFolder.MakeWithin(folder, "drawn");
        DrawnImages.Save(images);
        using var pipeline = new InspectionPipeline(ImageFolder.Open(images).Train, ShorterSide);
        (string zip, string onnx) = (Path.Combine(folder, "pipeline.zip"), Path.Combine(folder, "model.onnx"));
        pipeline.Save(zip);
        pipeline.Model.SaveOnnx(onnx);
        return (zip, onnx);
    }
}
