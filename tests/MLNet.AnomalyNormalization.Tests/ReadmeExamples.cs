using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Tests.DataViews;

namespace MLNet.AnomalyNormalization.Tests;

/// <summary>The examples of the README, line by line (<see cref="ReadmeTests"/> compares), compiled and run.</summary>
[TestClass]
public sealed class ReadmeExamples : IDisposable
{
    private readonly MLContext mlContext = new(seed: 1);
    private readonly TemporaryFolder _folder = new();
    private readonly string _previousFolder = Environment.CurrentDirectory;

    public void Dispose()
    {
        Environment.CurrentDirectory = _previousFolder;
        _folder.Dispose();
    }

    [TestMethod]
    [DoNotParallelize]
    public void Scores_maps_and_boxes_in_a_pipeline()
    {
        Environment.CurrentDirectory = _folder[""];
        File.WriteAllText("model.json", """{"image_threshold": 1.24, "pixel_threshold": 0.8}""");

        var pipeline = mlContext.Transforms.NormalizeAnomaly(
            AnomalyThresholds.Load("model.json"),           // quadra's model.json, anomalib's metadata.json
            new AnomalyNormalizationOptions
            {
                ScoreColumnName = "Score",                  // adds NormalizedScore and PredictedLabel
                MapColumnName = "AnomalyMap",               // adds NormalizedMap, of the same shape
                BoxScoresColumnName = "BoxScores",          // adds NormalizedBoxScores
            });

        IDataView data = Data(100);
        Assert.HasCount(data.Schema.Count + 4, pipeline.Fit(data).GetOutputSchema(data.Schema));
    }

    [TestMethod]
    public void Learning_and_evaluating()
    {
        IDataView data = Data(400);
        var pipeline = mlContext.Transforms.NormalizeAnomaly(ThresholdStrategy.FalsePositiveRate(0.01), new AnomalyNormalizationOptions
        {
            MapColumnName = "AnomalyMap",
            LabelColumnName = "Label",
            MaskColumnName = "Mask",
        });
        var model = pipeline.Fit(data);                     // model.Thresholds, model.ImageFit, model.PixelFit
        Assert.IsLessThanOrEqualTo(0.01, model.ImageFit!.FalsePositiveRate);

        IDataView test = Data(100);
        AnomalyEvaluation evaluation = mlContext.AnomalyDetection.EvaluateNormalized(model.Transform(test), new AnomalyEvaluationOptions
        {
            MaskColumnName = "Mask",                        // leave it out for image metrics alone
            Pixel = new PixelEvaluatorOptions { Precision = EvaluationPrecision.Exact },
        });
        Console.WriteLine($"{evaluation.Image!.AreaUnderRocCurve} {evaluation.Pixel!.AreaUnderPerRegionOverlap}");
        Assert.IsGreaterThan(0.5, evaluation.Image.AreaUnderRocCurve);
    }

    [TestMethod]
    [DoNotParallelize]
    public void A_table_of_scores()
    {
        Environment.CurrentDirectory = _folder[""];
        var random = new Random(1);
        File.WriteAllLines("scores.csv", ["name,score,label", .. Enumerable.Range(0, 200).Select(i => FormattableString.Invariant(
            $"part{i}.png,{(i % 4 == 0 ? 1.2 : 0) + random.NextDouble():F3},{(i % 4 == 0 ? "defect" : "good")}"))]);

        IDataView scores = mlContext.Data.LoadFromTextFile<ScoredPart>("scores.csv", separatorChar: ',', hasHeader: true);
        var pipeline = mlContext.Transforms.Expression("Label", "x => x != \"good\"", "Class")
            .Append(mlContext.Transforms.NormalizeAnomaly(ThresholdStrategy.MaximumF1()));
        var model = pipeline.Fit(scores);
        Console.WriteLine(model.LastTransformer.ImageFit);
        Console.WriteLine(mlContext.AnomalyDetection.EvaluateNormalized(model.Transform(scores)).Image);
        AnomalyThresholds thresholds = model.LastTransformer.Thresholds;
        File.WriteAllText("thresholds.json", JsonSerializer.Serialize(new { image_threshold = thresholds.Image, pixel_threshold = thresholds.Pixel }));

        var normalizer = new ScoreNormalizer(AnomalyThresholds.Load("thresholds.json").Image);      // in another program
        Assert.AreEqual(thresholds, AnomalyThresholds.Load("thresholds.json"));
        Assert.IsGreaterThan(0.99, model.LastTransformer.ImageFit!.F1Score);
        Assert.IsGreaterThanOrEqualTo(100, normalizer.Normalize(1.9f));
    }

    [TestMethod]
    public void A_detector_and_thresholds_from_good_rows_alone()
    {
        var random = new Random(2);
        IDataView good = mlContext.Data.LoadFromEnumerable(FeatureRow.Draw(400, random));
        IDataView fresh = mlContext.Data.LoadFromEnumerable(FeatureRow.Draw(1000, random));

        var detector = mlContext.AnomalyDetection.Trainers.RandomizedPca(rank: 2)       // scores the column Features
            .Append(mlContext.Transforms.ReplaceMissingValues("Score"));                // NaN is its word for perfect rows
        var model = mlContext.AnomalyDetection.CalibrateThresholds(
            detector, good, ThresholdStrategy.FalsePositiveRate(0.05), options: new() { LabelColumnName = null });  // all are good
        bool[] isAnomalous = [.. model.Transform(fresh).GetColumn<bool>("PredictedLabel")];
        Console.WriteLine($"{isAnomalous.Count(alarm => alarm)} false alarms of {isAnomalous.Length}");

        // 50 are promised on average over fits; this one fit may differ.
        Assert.IsInRange(20, 80, isAnomalous.Count(alarm => alarm));
    }

    [TestMethod]
    public void A_plant_decides_by_cost_and_by_a_band()
    {
        var random = new Random(3);
        bool[] isAnomalous = [.. Enumerable.Range(0, 400).Select(i => i % 8 == 0)];
        float[] scores = [.. isAnomalous.Select(anomalous => (anomalous ? 2.2f : 1) + random.NextSingle())];
        float[] map = [.. Enumerable.Range(0, 48).Select(i => i is 20 or 21 or 28 ? 150f : 50f)];
        const int Height = 6, Width = 8;

        ThresholdFit fit = ThresholdStrategy.MinimumCost(falseReject: 2, escape: 500, prevalence: 0.001).Fit(scores, isAnomalous);
        float[] normalized = Array.ConvertAll(scores, new ScoreNormalizer(fit.Threshold).Normalize);
        ReviewBand band = ReviewBand.Learn(normalized, isAnomalous, escapeRate: 0.01, falseRejectRate: 0.02);
        Decision decision = band.Decide(normalized[0]);                     // Pass, Review or Reject
        foreach (AnomalyRegion region in AnomalyRegions.Find(map, Height, Width, new() { MinimumArea = 3 }))
            Console.WriteLine($"{region.Area} pixels at {region.Top}, {region.Left}, peak {region.Peak}");

        Assert.AreEqual(Decision.Reject, decision);
        Assert.AreEqual(3, AnomalyRegions.Find(map, Height, Width, new() { MinimumArea = 3 }).Single().Area);
    }

    [TestMethod]
    public void Scores_one_by_one_without_ML_NET()
    {
        double[] good = [0.31, 0.28, 0.35, 0.29, 0.33, 0.30, 0.27, 0.34, 0.32, 0.36];       // raw scores of good parts
        ThresholdFit fit = ThresholdStrategy.FalsePositiveRate(0.1).Fit(good);
        var normalizer = new ScoreNormalizer(fit.Threshold);                                // 100 is the threshold
        double score = normalizer.Normalize(0.52);
        bool isAnomalous = score >= ScoreNormalizer.DecisionScore;
        Console.WriteLine($"{score:F0}: {(isAnomalous ? "anomalous" : "normal")}");         // 144: anomalous
        Assert.AreEqual((144, true), (Math.Round(score), isAnomalous));
    }

    private IDataView Data(int count)
    {
        IDataView rows = MaskedRows.View(mlContext, MaskedRows.Make(count));
        return mlContext.Transforms.CopyColumns("BoxScores", "Boxes").Fit(rows).Transform(rows);
    }

    private sealed class ScoredPart
    {
        [LoadColumn(0)]
        public string Name { get; set; } = "";

        [LoadColumn(1)]
        public float Score { get; set; }

        [LoadColumn(2)]
        public string Class { get; set; } = "";
    }
}
