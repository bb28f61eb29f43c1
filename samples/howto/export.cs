#:package MLNet.AnomalyNormalization.Onnx@*-*
#:package Microsoft.ML.OnnxRuntime@1.31.1
#:property PublishAot=false

// dotnet run export.cs -- MODEL FOLDER: what is known of an export of anomalib or quadra, and its decision on every picture of a folder. What
// lies beside the model is read, too: quadra's model.json, anomalib's metadata.json.

using MLNet.AnomalyNormalization.Onnx;

Console.WriteLine(AnomalyOnnxModel.Open(args[0]));      // the data sheet: inputs, preparation, thresholds, and what had to be assumed
using AnomalyInspector inspector = AnomalyInspector.Open(args[0]);
foreach (Inspection inspection in inspector.InspectAll(Directory.EnumerateFiles(args[1]).Order()))
    Console.WriteLine(inspection);                      // part.png: 244.1, reject (raw 6.12093, threshold 2.5073)
