// A project of data classification as Model Builder makes one, and one file more (PumpModel.normalization.cs): what the classifier says of its
// classes becomes one score on which 100 is the threshold.
using MLNet.AnomalyNormalization.Evaluation;
using ModelBuilder;

if (!File.Exists(PumpModel.MLNetModelPath))
{
    PumpReadings.Save(PumpModel.RetrainFilePath, seed: 1, good: 4000, faulty: 300);
    PumpModel.TrainNormalized(PumpModel.MLNetModelPath);
}

Console.WriteLine($"Model     {PumpModel.MLNetModelPath}");
string testPath = Path.GetFullPath("artifacts/ModelBuilder/test.csv");
PumpReadings.Save(testPath, seed: 2, good: 2000, faulty: 300);
Console.WriteLine($"Readings  {testPath}");

ImageMetrics metrics = PumpModel.EvaluateNormalized(PumpModel.MLNetModelPath, testPath);
ConfusionCounts counts = metrics.Counts;
Console.WriteLine();
Console.WriteLine($"{counts.FalsePositives} of {counts.TrueNegatives + counts.FalsePositives} good readings raise an alarm,");
Console.WriteLine($"{counts.TruePositives} of {counts.TruePositives + counts.FalseNegatives} faults are found.");
Console.WriteLine(FormattableString.Invariant($"AUROC {metrics.AreaUnderRocCurve:F4}, F1 at 100 {metrics.F1Score:F4}"));

Console.WriteLine();
Console.WriteLine("Reading         Score of good  Normalised  Decision");
Console.WriteLine("---------------------------------------------------------");
foreach (PumpModel.ModelInput reading in PumpReadings.Kinds(seed: 3))
{
    PumpModel.NormalizedOutput result = PumpModel.PredictNormalized(reading);
    KeyValuePair<string, float>[] scores = [.. PumpModel.GetSortedScoresWithLabels(result)];
    float good = Array.Find(scores, score => score.Key == "good").Value;
    string decision = !result.IsAnomalous[0] ? "good" : $"faulty, likely {Array.Find(scores, score => score.Key != "good").Key}";
    Console.WriteLine(FormattableString.Invariant($"{reading.Condition,-14} {good,14:F5} {result.NormalizedScore[0],11:F3}  {decision}"));
}
