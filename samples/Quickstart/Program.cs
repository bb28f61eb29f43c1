using Microsoft.ML;
using MLNet.AnomalyNormalization;

var mlContext = new MLContext();
var parts = mlContext.Data.LoadFromEnumerable<Part>([new("good", 0.31f), new("worn", 1.1f), new("edge", 1.24f), new("cut", 3.05f)]);

// The model's own threshold becomes 100. Nothing is trained, so fitting reads no row.
var model = mlContext.Transforms.NormalizeAnomaly(new AnomalyThresholds(Image: 1.24, Pixel: 0.8)).Fit(parts);
mlContext.Model.Save(model, parts.Schema, "model.zip"); // loads in any ML.NET program, also without this package

foreach (var row in mlContext.Data.CreateEnumerable<Decision>(model.Transform(parts), reuseRowObject: false))
    Console.WriteLine(FormattableString.Invariant($"{row.Name}: {row.Score:F2} -> {row.NormalizedScore:F1}{(row.PredictedLabel ? "  anomalous" : "")}"));

sealed record Part(string Name, float Score);

sealed class Decision
{
    public string Name { get; set; } = "";
    public float Score { get; set; }
    public float NormalizedScore { get; set; }
    public bool PredictedLabel { get; set; }
}
