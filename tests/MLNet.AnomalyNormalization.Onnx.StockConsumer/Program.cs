using Microsoft.ML;
using Microsoft.ML.Data;

// MODEL PHOTO...: inspects every photo with a saved pipeline and prints the bits of its normalised score, and map if there is one.
var mlContext = new MLContext();
ITransformer model = mlContext.Model.Load(args[0], out _);
foreach (string path in args[1..])
{
    IDataView inspection = model.Transform(mlContext.Data.LoadFromEnumerable([new Photo { Path = path }]));
    IEnumerable<float> values = new[] { "NormalizedScore", "NormalizedMap" }
        .Where(column => inspection.Schema.GetColumnOrNull(column) is not null)
        .SelectMany(column => inspection.GetColumn<float[]>(column).Single());
    Console.WriteLine(string.Join(' ', values.Select(BitConverter.SingleToUInt32Bits)));
}

internal sealed class Photo
{
    public string Path { get; set; } = "";
}
