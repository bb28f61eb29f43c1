#:package MLNet.AnomalyNormalization.Vision@*-*
#:package Microsoft.ML.OnnxRuntime@1.31.1
#:property PublishAot=false

// dotnet run good-photos.cs -- GOOD NEW: learns from the photos of good parts in one folder, writes model.onnx, and decides on those in another.

using Microsoft.ML;
using MLNet.AnomalyNormalization.Onnx;
using MLNet.AnomalyNormalization.Vision;

var mlContext = new MLContext(seed: 1);
IDataView photos = mlContext.Data.LoadFromEnumerable(Directory.EnumerateFiles(args[0]).Order().Select(path => new Photo { Path = path }));
using (PatchCoreTransformer trained = mlContext.AnomalyDetection.Trainers.PatchCore(new() { ImageColumnName = "Path" }).Fit(photos))
    trained.SaveOnnx("model.onnx");

using AnomalyInspector inspector = AnomalyInspector.Open("model.onnx");
foreach (Inspection inspection in inspector.InspectAll(Directory.EnumerateFiles(args[1]).Order()))
    Console.WriteLine(inspection);

internal sealed class Photo
{
    public string Path { get; set; } = "";
}
