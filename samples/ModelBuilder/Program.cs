// What Model Builder generates, with one line more: the score of the trainer becomes one on which 100 is the threshold.
using Microsoft.ML;
using MLNet.AnomalyNormalization.Evaluation;
using ModelBuilder;

var mlContext = new MLContext();
ITransformer model = PumpModel.LoadModel(mlContext);
Console.WriteLine($"Model     {PumpModel.MLNetModelPath}");

string testPath = Path.GetFullPath("artifacts/ModelBuilder/test.csv");
PumpReadings.Save(testPath, seed: 2, good: 2000, faulty: 300);
Console.WriteLine($"Readings  {testPath}");

ImageMetrics metrics = PumpModel.Evaluate(mlContext, model, testPath);
ConfusionCounts counts = metrics.Counts;
Console.WriteLine();
Console.WriteLine($"{counts.FalsePositives} of {counts.TrueNegatives + counts.FalsePositives} good readings raise an alarm,");
Console.WriteLine($"{counts.TruePositives} of {counts.TruePositives + counts.FalseNegatives} faults are found.");
Console.WriteLine(FormattableString.Invariant($"AUROC {metrics.AreaUnderRocCurve:F4}, F1 at 100 {metrics.F1Score:F4}"));

Console.WriteLine();
Console.WriteLine("Reading         Raw score  Normalised  Decision");
Console.WriteLine("-----------------------------------------------");
foreach ((string kind, PumpModel.ModelInput reading) in PumpReadings.Kinds(seed: 3))
{
    PumpModel.ModelOutput result = PumpModel.Predict(reading);
    string decision = result.PredictedLabel ? "faulty" : "good";
    Console.WriteLine(FormattableString.Invariant($"{kind,-14} {result.Score,10:F5} {result.NormalizedScore,11:F3}  {decision}"));
}
