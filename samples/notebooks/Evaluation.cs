#:package MLNet.AnomalyNormalization.Imaging@*-*
#:package SkiaSharp.NativeAssets.Linux.NoDependencies@2.88.9
#:property PublishAot=false

// Evaluation.ipynb as a program, with the same plates and figures. ML.NET compiles code while it runs, hence no PublishAot. From the root:
//     dotnet pack --output samples/packages
//     dotnet run samples/notebooks/Evaluation.cs

using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Imaging;

// The model: how many standard deviations each pixel lies from its mean over good plates. The score of a plate is the maximum of its map.
var random = new Random(1);
float[][] learned = [.. Enumerable.Range(0, 40).Select(_ => Plates.Good(random))];
float[] mean = [.. Enumerable.Range(0, Plates.Pixels).Select(i => learned.Average(plate => plate[i]))];
float[] deviation = [.. mean.Select((center, i) => MathF.Sqrt(learned.Average(plate => (plate[i] - center) * (plate[i] - center))))];

Inspected Inspect(string name, (float[] Plate, byte[] Mask) drawn)
{
    float[] map = Plates.Smooth([.. drawn.Plate.Select((value, i) => MathF.Abs(value - mean[i]) / deviation[i])]);
    bool isScratched = drawn.Mask.Contains((byte)1);
    return new() { Name = name, Plate = drawn.Plate, Score = map.Max(), AnomalyMap = map, Label = isScratched, Mask = drawn.Mask };
}

Inspected[] Good(int count)
    => [.. Enumerable.Range(0, count).Select(i => Inspect($"good/{i:000}.png", (Plates.Good(random), new byte[Plates.Pixels])))];

Inspected[] Scratched(int count)
    => [.. Enumerable.Range(0, count).Select(i => Inspect($"scratch/{i:000}.png", Plates.Scratched(random)))];

Inspected[] calibration = Good(150);
Inspected[] test = [.. Good(40), .. Scratched(30)];

// Strategies that need good plates only, and what their thresholds would do with new plates.
float[] scores = [.. calibration.Select(plate => plate.Score)];
bool[] labels = [.. calibration.Select(plate => plate.Label)];
string Compared(string name, ThresholdStrategy strategy)
{
    ThresholdFit fit = strategy.Fit(scores, labels);
    var decision = new ScoreNormalizer(fit.Threshold);
    int rejected = test.Count(plate => !plate.Label && decision.IsAnomalous(plate.Score));
    int found = test.Count(plate => plate.Label && decision.IsAnomalous(plate.Score));
    return FormattableString.Invariant(
        $"{name,-24} threshold {fit.Threshold:F3}: rejects {rejected} of 40 good plates, finds {found} of 30 scratches");
}

Console.WriteLine(string.Join(Environment.NewLine,
    Compared("FalsePositiveRate(0.05)", ThresholdStrategy.FalsePositiveRate(0.05)),
    Compared("Quantile(0.95)", ThresholdStrategy.Quantile(0.95)),
    Compared("MeanPlusDeviations(3)", ThresholdStrategy.MeanPlusDeviations(3))));

// One threshold for scores and maps, since a score is the maximum of its map: no masks are needed to learn it.
var mlContext = new MLContext();
var pipeline = mlContext.Transforms.NormalizeAnomaly(
    ThresholdStrategy.FalsePositiveRate(0.05),
    new AnomalyNormalizationOptions { MapColumnName = "AnomalyMap", ThresholdType = ThresholdType.Image });
AnomalyNormalizationTransformer model = pipeline.Fit(mlContext.Data.LoadFromEnumerable(calibration));
IDataView normalized = model.Transform(mlContext.Data.LoadFromEnumerable(test));
ThresholdFit imageFit = model.ImageFit!;
Console.WriteLine();
Print("Threshold", $"{imageFit.Threshold:G7}");
Print("95 % interval", $"{imageFit.LowerBound:G7} to {imageFit.UpperBound:G7}");

AnomalyEvaluation evaluation = mlContext.AnomalyDetection.EvaluateNormalized(
    normalized, new AnomalyEvaluationOptions { MaskColumnName = "Mask", FalsePositiveCount = 1 });
(ImageMetrics image, PixelMetrics pixel) = (evaluation.Image!, evaluation.Pixel!);
Console.WriteLine();
Print("", $"{"Image",9}{"Pixel",9}");
Print("AUROC", $"{image.AreaUnderRocCurve,9:F4}{pixel.AreaUnderRocCurve,9:F4}");
Print("Average precision", $"{image.AreaUnderPrecisionRecallCurve,9:F4}{pixel.AreaUnderPrecisionRecallCurve,9:F4}");
Print("Maximum F1", $"{image.MaximumF1Score,9:F4}{pixel.MaximumF1Score,9:F4}");
Print("AUPRO", $"{"",9}{pixel.AreaUnderPerRegionOverlap,9:F4}");
Print("AUPIMO", $"{"",9}{pixel.AreaUnderPerImageOverlap,9:F4}");
Print("F1", $"{image.F1Score,9:F4}{pixel.F1Score,9:F4}");
Print("Precision", $"{image.Precision,9:F4}{pixel.Precision,9:F4}");
Print("Recall", $"{image.Recall,9:F4}{pixel.Recall,9:F4}");
Print("False positives", $"{image.Counts.FalsePositives,9:N0}{pixel.Counts.FalsePositives,9:N0}");
Print("False negatives", $"{image.Counts.FalseNegatives,9:N0}{pixel.Counts.FalseNegatives,9:N0}");

// Choose by cost what a person has to look at, keep it, and decide by what was kept.
float[] scoresOfTest = [.. test.Select(plate => plate.Score)];
bool[] scratched = [.. test.Select(plate => plate.Label)];
ThresholdFit cheapest = ThresholdStrategy.MinimumCost(falseReject: 1, escape: 50, prevalence: 0.01).Fit(scoresOfTest, scratched);
float[] onScale = Array.ConvertAll(scoresOfTest, new ScoreNormalizer(cheapest.Threshold).Normalize);
ReviewBand band = ReviewBand.Learn(onScale, scratched, escapeRate: 0.05, falseRejectRate: 0.05);
Directory.CreateDirectory("artifacts");
new AnomalyThresholds(cheapest.Threshold, cheapest.Threshold).Save("artifacts/model.json", reviewBand: band);
Console.WriteLine();
Console.WriteLine(FormattableString.Invariant($"Kept: 100 is {cheapest.Threshold:F3}, a person looks from {band.From:F1} to {band.To:F1}"));

var kept = new ScoreNormalizer(AnomalyThresholds.Load("artifacts/model.json").Image);
ReviewBand keptBand = ReviewBand.Load("artifacts/model.json")!.Value;
Decision[] decisions = [.. scoresOfTest.Select(score => keptBand.Decide(kept.Normalize(score)))];
if (!decisions.SequenceEqual(onScale.Select(score => band.Decide(score))))
    throw new InvalidOperationException("What was kept decides otherwise than what was chosen.");

int Count(Decision decision, bool isScratched) => decisions.Zip(scratched).Count(plate => plate == (decision, isScratched));
Console.WriteLine($"Decided: {Count(Decision.Reject, false)} good plates are rejected and {Count(Decision.Review, false)} looked at, "
    + $"{Count(Decision.Pass, true)} scratches pass and {Count(Decision.Review, true)} are looked at");

var report = new AnomalyReport(model.Thresholds);
foreach (Inspected plate in test)
{
    report.Add(new(plate.Name, plate.Score, new AnomalyMap(plate.AnomalyMap, Plates.Size, Plates.Size))
    {
        IsAnomalous = plate.Label,
        Image = Plates.Picture(plate.Plate),
        Mask = plate.Mask,
    });
}

report.Write("evaluation-report");
Console.WriteLine();
Console.WriteLine(Path.GetFullPath(Path.Combine("evaluation-report", "report.html")));

static void Print(string name, FormattableString figures) => Console.WriteLine($"{name,-20}{FormattableString.Invariant(figures)}");

public sealed class Inspected
{
    public string Name { get; set; } = "";
    [NoColumn] public float[] Plate { get; set; } = [];
    public float Score { get; set; }
    [VectorType(Plates.Size, Plates.Size)] public float[] AnomalyMap { get; set; } = [];
    public bool Label { get; set; }
    [VectorType(Plates.Size, Plates.Size)] public byte[] Mask { get; set; } = [];
}

/// <summary>Drawn plates of brushed metal, 64 x 64 pixels of brightness 0..1.</summary>
public static class Plates
{
    public const int Size = 64, Pixels = Size * Size;

    public static float[] Good(Random random)
    {
        float light = 0.58f + 0.03f * random.NextSingle();
        float[] plate = [.. Enumerable.Range(0, Pixels).Select(i => light + 0.05f * MathF.Sin(i / Size * 0.9f))];
        return [.. plate.Select(value => value + 0.12f * (random.NextSingle() + random.NextSingle() - 1))];
    }

    public static (float[] Plate, byte[] Mask) Scratched(Random random)
    {
        (float[] plate, byte[] mask) = (Good(random), new byte[Pixels]);
        (float y, float x, float angle) = (random.Next(12, 52), random.Next(12, 52), MathF.Tau * random.NextSingle());
        float depth = 0.03f + 0.2f * random.NextSingle();
        for (int step = random.Next(6, 20); step > 0; step--)
        {
            foreach (int offset in new[] { 0, 1, Size, Size + 1 })
            {
                int i = (int)y * Size + (int)x + offset;
                (plate[i], mask[i]) = (mask[i] == 0 ? plate[i] - depth : plate[i], 1);
            }

            (y, x) = (Math.Clamp(y + MathF.Sin(angle), 0, Size - 2), Math.Clamp(x + MathF.Cos(angle), 0, Size - 2));
        }

        return (plate, mask);
    }

    /// <summary>Each pixel becomes the mean of the 3 x 3 pixels around it.</summary>
    public static float[] Smooth(float[] map)
    {
        int[] steps = [-1, 0, 1];
        return [.. map.Select((_, i) => (
            from y in steps.Select(step => i / Size + step)
            from x in steps.Select(step => i % Size + step)
            where y is >= 0 and < Size && x is >= 0 and < Size
            select map[y * Size + x]).Average())];
    }

    /// <summary>Grey, three pixels for one.</summary>
    public static MLImage Picture(float[] plate)
    {
        const int Side = 3 * Size;
        byte[] pixels = [.. Enumerable.Range(0, Side * Side).SelectMany(i =>
        {
            byte grey = (byte)(255 * Math.Clamp(plate[i / Side / 3 * Size + i % Side / 3], 0, 1));
            return new byte[] { grey, grey, grey, 255 };
        })];
        return MLImage.CreateFromPixels(Side, Side, MLPixelFormat.Rgba32, pixels);
    }
}
