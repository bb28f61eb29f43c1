using Microsoft.ML;

// MODEL PHOTO...: inspects every photo with a saved pipeline and prints the bits of its normalised score and map.
var mlContext = new MLContext();
ITransformer model = mlContext.Model.Load(args[0], out _);
using PredictionEngine<Photo, Inspection> engine = mlContext.Model.CreatePredictionEngine<Photo, Inspection>(model);
foreach (string path in args[1..])
{
    Inspection inspection = engine.Predict(new Photo { Path = path });
    Console.WriteLine(string.Join(' ', inspection.NormalizedScore.Concat(inspection.NormalizedMap)
        .Select(BitConverter.SingleToUInt32Bits)));
}

internal sealed class Photo
{
    public string Path { get; set; } = "";
}

internal sealed class Inspection
{
    public float[] NormalizedScore { get; set; } = [];

    public float[] NormalizedMap { get; set; } = [];
}
