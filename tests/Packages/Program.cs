using Microsoft.ML;
using MLNet.AnomalyNormalization.Onnx;
using MLNet.AnomalyNormalization.Vision;

// GOOD NEW: learns from the photos in the first folder, writes model.onnx, and decides on those in the second.
var mlContext = new MLContext();
var photos = mlContext.Data.LoadFromEnumerable(Directory.GetFiles(args[0]).Order().Select(path => new Photo { Path = path }));
var trainer = mlContext.AnomalyDetection.Trainers.PatchCore(new() { ImageColumnName = "Path", ShorterSide = 192 });
using (PatchCoreTransformer trained = trainer.Fit(photos))
    trained.SaveOnnx("model.onnx");

using AnomalyInspector inspector = AnomalyInspector.Open("model.onnx");
foreach (string path in Directory.GetFiles(args[1], "*", SearchOption.AllDirectories).Order())
    Console.WriteLine($"{Path.GetFileName(Path.GetDirectoryName(path))}/{inspector.Inspect(path)}");

internal sealed class Photo
{
    public string Path { get; set; } = "";
}
