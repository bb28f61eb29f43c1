using Microsoft.ML;
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

    private IDataView Data(int count)
    {
        IDataView rows = MaskedRows.View(mlContext, MaskedRows.Make(count));
        return mlContext.Transforms.CopyColumns("BoxScores", "Boxes").Fit(rows).Transform(rows);
    }
}
