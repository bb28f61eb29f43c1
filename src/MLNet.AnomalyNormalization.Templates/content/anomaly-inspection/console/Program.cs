// AnomalyInspection MODEL PICTURE...: a decision for each picture. MODEL is an ONNX file with its thresholds: an export of anomalib or
// quadra, or what the command `anomaly train` makes of good photos. Ends with 1 if a picture is rejected, with 2 if it can't be inspected.
using MLNet.AnomalyNormalization;
using MLNet.AnomalyNormalization.Onnx;

if (args.Length < 2)
{
    Console.Error.WriteLine("Expected a model and pictures: MODEL PICTURE...");
    return 2;
}

try
{
    using AnomalyInspector inspector = AnomalyInspector.Open(args[0]);
    bool isRejected = false;
    foreach (Inspection inspection in inspector.InspectAll(args[1..]))
    {
        Console.WriteLine(inspection);      // part.png: 244.1, reject (raw 6.12093, threshold 2.5073)
        isRejected |= inspection.Decision == Decision.Reject;
    }

    return isRejected ? 1 : 0;
}
catch (Exception e) when (e is IOException or InvalidDataException or InvalidOperationException)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
