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
    public void A_classifier_of_good_and_faulty_rows()
    {
        var random = new Random(1);
        IDataView rows = mlContext.Data.LoadFromEnumerable(Enumerable.Range(0, 300).Select(i => new Reading
        {
            Features = [random.NextSingle() + (i % 3), random.NextSingle()],
            Condition = i % 3 == 2 ? "worn" : "good",
        }).ToArray());
        var classifier = mlContext.Transforms.Conversion.MapValueToKey("Condition")
            .Append(mlContext.MulticlassClassification.Trainers.LbfgsMaximumEntropy("Condition"))
            .Append(mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"));

        var detector = classifier                               // what Model Builder's BuildPipeline gives
            .Append(mlContext.Transforms.MapClassScoresToAnomalyScore("AnomalyScore", normalClass: "good"));
        var model = mlContext.AnomalyDetection.CalibrateThresholds(detector, rows, ThresholdStrategy.FalsePositiveRate(0.01), options: new()
        {
            ScoreColumnName = "AnomalyScore",                   // adds NormalizedScore and IsAnomalous: vectors of one, float[] and bool[]
            LabelColumnName = "Condition",
            PredictedLabelColumnName = "IsAnomalous",           // PredictedLabel is the classifier's
        });

        IDataView scored = model.Transform(rows);
        bool[] isAnomalous = [.. scored.GetColumn<bool[]>("IsAnomalous").Select(value => value.Single())];
        CollectionAssert.AreEqual(scored.GetColumn<float[]>("NormalizedScore").Select(value => value.Single() >= 100).ToArray(), isAnomalous);
        Assert.IsTrue(isAnomalous.Contains(true));
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
        var model = mlContext.Transforms.NormalizeAnomaly(ThresholdStrategy.MaximumF1(), new() { LabelColumnName = "Class" }).Fit(scores);
        AnomalyEvaluation found = mlContext.AnomalyDetection.EvaluateNormalized(model.Transform(scores), new() { LabelColumnName = "Class" });
        Console.WriteLine(model.ImageFit);                                                  // the threshold, its interval, what it achieves
        Console.WriteLine(found);                                                           // a table of metrics
        model.Thresholds.Save("model.json");

        var normalizer = new ScoreNormalizer(AnomalyThresholds.Load("model.json").Image);   // in another program
        Console.WriteLine(normalizer.Normalize(1.9f));
        Assert.AreEqual(model.Thresholds, AnomalyThresholds.Load("model.json"));
        Assert.IsGreaterThan(0.99, model.ImageFit!.F1Score);
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
    public void Arrays_become_a_curve_a_table_and_a_threshold_by_cost()
    {
        var random = new Random(4);
        bool[] isAnomalous = [.. Enumerable.Range(0, 300).Select(i => i % 3 == 0)];
        float[] scores = [.. isAnomalous.Select(anomalous => (anomalous ? 0.8f : 0) + MathF.Sqrt(-MathF.Log(1 - random.NextSingle())))];

        var evaluator = new ImageEvaluator();
        evaluator.Add(scores, isAnomalous);
        ScoreCurve curve = evaluator.ComputeCurve();                    // ROC, precision and recall: readings of its points
        Console.WriteLine(curve);                                       // a table of twenty of them
        foreach (double escape in new[] { 10, 100, 1000 })              // the dearer an escape, the lower the threshold
        {
            ThresholdFit fit = ThresholdStrategy.MinimumCost(falseReject: 1, escape, prevalence: 0.01).Fit(scores, isAnomalous);
            ConfusionCounts counts = curve.CountsAt(fit.Threshold);
            Console.WriteLine($"{escape}: {fit.Threshold:F3} finds {counts.Recall:P1}, costs {counts.Cost(1, escape, 0.01):F3} a part");
        }

        double[] chosen = [.. new[] { 10, 100, 1000 }.Select(escape
            => ThresholdStrategy.MinimumCost(falseReject: 1, escape, prevalence: 0.01).Fit(scores, isAnomalous).Threshold)];
        Assert.IsTrue(chosen[0] >= chosen[1] && chosen[1] >= chosen[2] && chosen[0] > chosen[2], string.Join(", ", chosen));
        Assert.AreEqual(evaluator.Compute(chosen[0]).Counts, curve.CountsAt(chosen[0]));
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
    public void Regions_decide_in_a_pipeline()
    {
        IDataView data = Data(200);
        byte[] validArea = [.. Enumerable.Range(0, MaskedRow.Height * MaskedRow.Width).Select(i => (byte)(i % MaskedRow.Width > 0 ? 1 : 0))];

        var regions = new AnomalyRegionOptions { MinimumArea = 3, ValidArea = validArea };          // specks and the fixture don't count
        var pipeline = mlContext.Transforms.FindAnomalyRegions(
                new() { MapColumnName = "AnomalyMap", Regions = regions, BoxesColumnName = null, BoxScoresColumnName = null })
            .Append(mlContext.Transforms.NormalizeAnomaly(ThresholdStrategy.MaximumF1(),
                new() { ScoreColumnName = "RegionScore", MapColumnName = "AnomalyMap", ThresholdType = ThresholdType.Image }))
            .Append(mlContext.Transforms.FindAnomalyRegions(new() { ScoreColumnName = null, Regions = regions }));  // RegionBoxes, BoxScores

        IDataView found = pipeline.Fit(data).Transform(data);
        CollectionAssert.AreEqual(
            found.GetColumn<bool>("PredictedLabel").ToArray(), found.GetColumn<float[]>("BoxScores").Select(scores => scores.Length > 0).ToArray());
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

    private sealed class Reading
    {
        [VectorType(2)]
        public float[] Features { get; set; } = [];

        public string Condition { get; set; } = "";
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
