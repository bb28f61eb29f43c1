using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.Transforms.Image;
using MLNet.AnomalyNormalization;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Imaging;

namespace VisualInspection;

/// <summary>What goes into the pipeline.</summary>
internal sealed class ImageFile
{
    public string Path { get; set; } = "";
}

/// <summary>What the model says of an image.</summary>
internal class RawInspection
{
    /// <summary>The image score, one element, in deviations.</summary>
    [ColumnName(GaussianModel.ScoreName)]
    public float[] Score { get; set; } = [];

    /// <summary>The anomaly map, row by row, in deviations.</summary>
    [ColumnName(GaussianModel.MapName)]
    public float[] Map { get; set; } = [];
}

/// <summary>What comes out of the pipeline: 100 is the threshold, of the score and of the map.</summary>
internal sealed class Inspection : RawInspection
{
    public float[] NormalizedScore { get; set; } = [];

    public bool[] PredictedLabel { get; set; } = [];

    public float[] NormalizedMap { get; set; } = [];
}

/// <summary>What the evaluation reads of an image, under the names that it looks for.</summary>
internal sealed class EvaluationRow
{
    public float NormalizedScore { get; set; }

    public float[] NormalizedMap { get; set; } = [];

    public bool Label { get; set; }

    public byte[] Mask { get; set; } = [];
}

/// <summary>The ML.NET side: from image files to features, to raw scores and to normalised ones.</summary>
internal sealed class InspectionPipeline(MLContext mlContext, ImageSize imageSize)
{
    /// <summary>The column of the photo as it was taken and, after it, as the model wants it.</summary>
    public const string PhotoName = "Photo";

    // Larger images are made smaller, to have the same number of pixels: the model needs no more to see what it can see.
    private const int LargestArea = 100_000;

    /// <summary>The size that images are brought to: the shape of the first good one.</summary>
    public ImageSize Size { get; } = imageSize.Within(LargestArea);

    /// <summary>The features of each image, by the graph that computes them alone.</summary>
    public IEnumerable<float[]> Features(string onnxPath, IEnumerable<InspectionImage> images)
    {
        IDataView data = Load(images);
        using TransformerChain<ITransformer> model = Model(onnxPath, GaussianModel.FeaturesName).Fit(data);
        foreach (float[] features in model.Transform(data).GetColumn<float[]>(GaussianModel.FeaturesName))
            yield return features;
    }

    /// <summary>The raw score and map of each image.</summary>
    public IEnumerable<RawInspection> Score(string onnxPath, IEnumerable<InspectionImage> images)
    {
        IDataView data = Load(images);
        using TransformerChain<ITransformer> model = Model(onnxPath, GaussianModel.ScoreName, GaussianModel.MapName).Fit(data);
        foreach (RawInspection inspection in mlContext.Data.CreateEnumerable<RawInspection>(model.Transform(data), reuseRowObject: false))
            yield return inspection;
    }

    /// <summary>The whole way, from the file to the normalised score. Nothing is learned: model and thresholds are there.</summary>
    /// <returns>The pipeline; it holds the ONNX file open until it is disposed.</returns>
    public TransformerChain<ITransformer> Build(string onnxPath, AnomalyThresholds thresholds)
        => Model(onnxPath, GaussianModel.ScoreName, GaussianModel.MapName)
            .Append<ITransformer>(mlContext.Transforms.NormalizeAnomaly(thresholds, new AnomalyNormalizationOptions
            {
                ScoreColumnName = GaussianModel.ScoreName,
                MapColumnName = GaussianModel.MapName,
            }))
            .Fit(Load([]));

    public void Save(ITransformer pipeline, string path) => mlContext.Model.Save(pipeline, Load([]).Schema, path);

    /// <summary>Inspects many images, one after another.</summary>
    public IEnumerable<Inspection> Inspect(ITransformer pipeline, IEnumerable<InspectionImage> images)
        => mlContext.Data.CreateEnumerable<Inspection>(pipeline.Transform(Load(images)), reuseRowObject: false);

    /// <summary>Inspects many images, one after another and each once, and measures how well.</summary>
    /// <param name="pipeline">What <see cref="Build"/> gave.</param>
    /// <param name="images">The images; pixels are measured if there are masks.</param>
    /// <param name="report">Gets a row for each image.</param>
    public (IReadOnlyList<Result> Results, AnomalyEvaluation Evaluation) Evaluate(
        ITransformer pipeline, IReadOnlyList<InspectionImage> images, AnomalyReport report)
    {
        bool hasMasks = images.Any(image => image.Mask is not null);
        var results = new List<Result>(images.Count);
        AnomalyEvaluation evaluation = mlContext.AnomalyDetection.EvaluateNormalized(
            mlContext.Data.LoadFromEnumerable(Rows()),
            new AnomalyEvaluationOptions
            {
                MaskColumnName = hasMasks ? nameof(EvaluationRow.Mask) : null,
                MapHeight = Size.Height,
                MapWidth = Size.Width,
                // Reading a row is what inspects its image: one cursor, so that each is inspected once, in order.
                Threads = 1,
            });
        return (results, evaluation);

        IEnumerable<EvaluationRow> Rows()
        {
            IEnumerable<(InspectionImage, Inspection)> inspections = images.Zip(Inspect(pipeline, images));
            foreach ((InspectionImage image, Inspection inspection) in inspections.Show("Inspecting new images", images.Count))
            {
                results.Add(Result.Of(image, inspection));
                byte[]? mask = hasMasks ? GroundTruth.Read(image, Size) : null;
                report.Add(new AnomalyReportRow(image.Path, inspection.Score[0], new AnomalyMap(inspection.Map, Size.Height, Size.Width))
                {
                    IsAnomalous = image.IsAnomalous,
                    Mask = mask,
                });
                yield return new EvaluationRow
                {
                    NormalizedScore = inspection.NormalizedScore[0],
                    NormalizedMap = inspection.NormalizedMap,
                    Label = image.IsAnomalous,
                    Mask = mask ?? [],
                };
            }
        }
    }

    /// <summary>Inspects one image, and disposes the pipeline, as a prediction engine does with what it was made of.</summary>
    public Inspection Inspect(ITransformer pipeline, InspectionImage image)
    {
        using PredictionEngine<ImageFile, Inspection> engine = mlContext.Model.CreatePredictionEngine<ImageFile, Inspection>(pipeline);
        return engine.Predict(new ImageFile { Path = image.Path });
    }

    /// <summary>Inspects many images with a model that the normalisation was baked into: ONNX Runtime does it all.</summary>
    public IEnumerable<(float NormalizedScore, bool IsAnomalous)> InspectBaked(string onnxPath, IEnumerable<InspectionImage> images)
    {
        // That the thresholds are inputs, to be overridden at call time, is meant, and no reason for the runtime to warn.
        using var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        using var session = new InferenceSession(onnxPath, options);
        using var run = new RunOptions();
        IDataView data = Load(images);
        foreach (float[] pixels in Pixels().Fit(data).Transform(data).GetColumn<float[]>(GaussianModel.InputName))
        {
            using OrtValue input = OrtValue.CreateTensorValueFromMemory(pixels, [1, 3, Size.Height, Size.Width]);
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(
                run, [GaussianModel.InputName], [input], ["normalized_score", "is_anomalous"]);
            yield return (outputs[0].GetTensorDataAsSpan<float>()[0], outputs[1].GetTensorDataAsSpan<bool>()[0]);
        }
    }

    private IDataView Load(IEnumerable<InspectionImage> images)
        => mlContext.Data.LoadFromEnumerable(images.Select(image => new ImageFile { Path = image.Path }));

    private EstimatorChain<ITransformer> Model(string onnxPath, params string[] outputs)
        => Pixels().Append<ITransformer>(mlContext.Transforms.ApplyOnnxModel(outputs, [GaussianModel.InputName], onnxPath));

    private EstimatorChain<ITransformer> Pixels()
        => new EstimatorChain<ITransformer>()
            .Append(mlContext.Transforms.LoadImages(PhotoName, imageFolder: "", inputColumnName: nameof(ImageFile.Path)))
            .Append(mlContext.Transforms.ResizeImages(
                PhotoName, Size.Width, Size.Height, resizing: ImageResizingEstimator.ResizingKind.Fill))
            .Append<ITransformer>(mlContext.Transforms.ExtractPixels(GaussianModel.InputName, PhotoName));
}
