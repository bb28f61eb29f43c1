#:package MLNet.AnomalyNormalization.Scores@*-*
#:property PublishAot=false

// dotnet run threshold.cs -- SCORES: recorded scores (CSV or Parquet, columns Score and Label), what each way to choose a threshold makes of
// them, and the one of least cost, kept as model.json.

using MLNet.AnomalyNormalization;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Scores;

RecordedScores recorded = RecordedScores.Read(args[0]);
int[] known = [.. Enumerable.Range(0, recorded.Scores.Count).Where(row => !float.IsNaN(recorded.Labels[row]))];    // NaN: nobody knows
double[] scores = [.. known.Select(row => recorded.Scores[row])];
bool[] isAnomalous = [.. known.Select(row => recorded.Labels[row] == 1)];
var evaluator = new ImageEvaluator();
evaluator.Add(scores, isAnomalous);
ScoreCurve curve = evaluator.ComputeCurve();

ThresholdStrategy cheapest = ThresholdStrategy.MinimumCost(falseReject: 2, escape: 500, prevalence: 0.001);
foreach (ThresholdStrategy strategy in (ThresholdStrategy[])[cheapest, ThresholdStrategy.MaximumF1(), ThresholdStrategy.FalsePositiveRate(0.1)])
{
    ThresholdFit fit = strategy.Fit(scores, isAnomalous);
    ConfusionCounts counts = curve.CountsAt(fit.Threshold);
    Console.WriteLine(FormattableString.Invariant(
        $"{strategy}: {fit.Threshold:F4} finds {counts.Recall:P0}, {counts.FalsePositives} false alarms, {counts.Cost(2, 500, 0.001):F3} a part"));
}

double threshold = cheapest.Fit(scores, isAnomalous).Threshold;
new AnomalyThresholds(Image: threshold, Pixel: threshold).Save("model.json");
