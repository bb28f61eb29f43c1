using Microsoft.ML;
using Microsoft.ML.Data;

// MODEL.zip... PHOTO...: inspects every photo with every saved pipeline and prints the bits of its normalised score, and map if any.
var mlContext = new MLContext();
foreach (string model in args.Where(IsModel))
{
    ITransformer pipeline = mlContext.Model.Load(model, out _);
    foreach (string path in args.Where(path => !IsModel(path)))
    {
        IDataView inspection = pipeline.Transform(mlContext.Data.LoadFromEnumerable([new Photo { Path = path }]));
        IEnumerable<float> values = new[] { "NormalizedScore", "NormalizedMap" }
            .Where(column => inspection.Schema.GetColumnOrNull(column) is not null)
            .SelectMany(column => inspection.GetColumn<float[]>(column).Single());
        Console.WriteLine(string.Join(' ', values.Select(BitConverter.SingleToUInt32Bits)));
    }
}

static bool IsModel(string path) => path.EndsWith(".zip", StringComparison.Ordinal);

internal sealed class Photo
{
    public string Path { get; set; } = "";
}
