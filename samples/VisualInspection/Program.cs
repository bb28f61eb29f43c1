// The main job of visual inspection: good images teach a small model, the model finds defects in new ones, and its scores read 100 at
// the threshold. The whole is one ML.NET model, saved and loaded again.
using System.Globalization;
using Microsoft.ML;
using MLNet.AnomalyNormalization;
using VisualInspection;

try
{
    Inspect(Arguments.Parse(args));
    return 0;
}
catch (Exception e) when (e is InputException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}

static void Inspect(Arguments arguments)
{
    if (File.Exists(arguments.Output))
        throw new InputException($"'{arguments.Output}' is a file; --output needs a folder to write to.");

    string images = arguments.Images ?? Path.Combine(arguments.Output, "drawn");
    if (arguments.Images is null)
        DrawnImages.Save(images);

    InspectionFolder folder = InspectionFolder.Open(images);
    ImageSize size = folder.ImageSize.Within(InspectionPipeline.LargestArea);
    var mlContext = new MLContext(seed: 0);
    var pipeline = new InspectionPipeline(mlContext, size);

    Directory.CreateDirectory(arguments.Output);
    string modelPath = Path.Combine(arguments.Output, "model.onnx");
    string pipelinePath = Path.Combine(arguments.Output, "model.zip");

    AnomalyThresholds thresholds = CrossFit.Fit(pipeline, folder.Train, size, modelPath);
    ITransformer inspection = pipeline.Fit(modelPath, thresholds);
    pipeline.Save(inspection, pipelinePath);

    ITransformer loaded = mlContext.Model.LoadAnomalyModel(pipelinePath, out _);
}
