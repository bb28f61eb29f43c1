using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Imaging;
using MLNet.AnomalyNormalization.Vision;

namespace VisualInspection;

/// <summary>What goes into the pipeline.</summary>
internal sealed class ImageFile
{
    public string Path { get; set; } = "";
}

/// <summary>What comes out of the pipeline: raw distances and, with 100 for the threshold, normalised ones.</summary>
internal sealed class Inspection
{
    public float[] Score { get; set; } = [];

    public float[] AnomalyMap { get; set; } = [];

    public float[] NormalizedScore { get; set; } = [];

    public bool[] PredictedLabel { get; set; } = [];

    public float[] NormalizedMap { get; set; } = [];
}

/// <summary>The whole way, from an image file to its decision, learned from good images.</summary>
internal sealed class InspectionPipeline : IDisposable
{
    private readonly MLContext _mlContext = new(seed: 0);
    private readonly DataViewSchema _inputSchema;
    private readonly TransformerChain<ITransformer> _transformer;

    /// <param name="images">The good images.</param>
    /// <param name="shorterSide">The shorter side that they are brought to.</param>
    public InspectionPipeline(IReadOnlyList<FolderImage> images, int shorterSide)
    {
        using var progress = new TrainingProgress();
        IDataView data = Load(images);
        _inputSchema = data.Schema;
        Model = _mlContext.AnomalyDetection.Trainers.PatchCore(new PatchCoreOptions
        {
            ImageColumnName = nameof(ImageFile.Path),
            ShorterSide = shorterSide,
            Progress = progress,
            Log = progress.Say,
        }).Fit(data);
        IDataView scored = Model.Transform(data);
        ITransformer normalizer = _mlContext.Transforms
            .NormalizeAnomaly(Model.Thresholds, new AnomalyNormalizationOptions { MapColumnName = "AnomalyMap" })
            .Fit(scored);
        _transformer = new(Model, normalizer);
        int[] shape = [.. ((VectorDataViewType)scored.Schema["AnomalyMap"].Type).Dimensions];
        MapSize = (shape[^2], shape[^1]);
    }

    /// <summary>The model alone, with its thresholds.</summary>
    public PatchCoreTransformer Model { get; }

    public (int Height, int Width) MapSize { get; }

    public void Save(string path) => _mlContext.Model.SaveAnomalyModel(_transformer, _inputSchema, path);

    /// <summary>Inspects many images, one after another.</summary>
    public IEnumerable<Inspection> Inspect(IEnumerable<FolderImage> images)
        => _mlContext.Data.CreateEnumerable<Inspection>(_transformer.Transform(Load(images)), reuseRowObject: false);

    /// <summary>Inspects many images, one after another, and measures how well.</summary>
    /// <param name="images">The images; pixels are measured if there are masks.</param>
    /// <param name="report">Gets a row for each image.</param>
    public (Result[] Results, AnomalyEvaluation Evaluation) Evaluate(IReadOnlyList<FolderImage> images, AnomalyReport report)
    {
        bool hasMasks = images.Any(image => image.MaskPath is not null);
        Inspection[] inspections = [.. Inspect(images).Show("Inspecting new images", images.Count)];
        byte[]?[] masks = [.. images.Select(image => hasMasks ? image.ReadMask(MapSize.Height, MapSize.Width) : null)];
        foreach ((FolderImage image, Inspection inspection, byte[]? mask) in images.Zip(inspections, masks))
        {
            report.Add(new(image.Path, inspection.Score[0], new(inspection.AnomalyMap, MapSize.Height, MapSize.Width))
            {
                IsAnomalous = image.IsAnomalous,
                Mask = mask,
            });
        }

        AnomalyEvaluation evaluation = _mlContext.AnomalyDetection.EvaluateNormalized(
            _mlContext.Data.LoadFromEnumerable(images.Zip(inspections, masks).Select(row => new
            {
                row.Second.NormalizedScore,
                row.Second.NormalizedMap,
                Label = row.First.IsAnomalous,
                Mask = row.Third ?? [],
            })),
            new() { MaskColumnName = hasMasks ? "Mask" : null, MapHeight = MapSize.Height, MapWidth = MapSize.Width });
        return ([.. images.Zip(inspections, Result.Of)], evaluation);
    }

    /// <summary>Inspects one image with a saved pipeline, as a program on the line would.</summary>
    public static Inspection Inspect(string pipelinePath, FolderImage image)
    {
        var mlContext = new MLContext();
        ITransformer loaded = mlContext.Model.LoadAnomalyModel(pipelinePath, out _);
        using PredictionEngine<ImageFile, Inspection> engine = mlContext.Model.CreatePredictionEngine<ImageFile, Inspection>(loaded);
        return engine.Predict(new ImageFile { Path = image.Path });
    }

    public void Dispose() => _transformer.Dispose();

    private IDataView Load(IEnumerable<FolderImage> images)
        => _mlContext.Data.LoadFromEnumerable(images.Select(image => new ImageFile { Path = image.Path }).ToArray());
}
