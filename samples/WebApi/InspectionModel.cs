using Microsoft.Extensions.ObjectPool;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using MLNet.AnomalyNormalization;
using MLNet.AnomalyNormalization.Onnx;
using VisualInspection;

namespace WebApi;

/// <summary>What goes into the pipeline here: a photo that is in memory already.</summary>
internal sealed class Photo
{
    // The attribute wants a constant size (without one it throws); the pipeline takes any.
    [ImageType(1, 1)]
    public MLImage? Image { get; set; }
}

/// <summary>A model with its thresholds, and the prediction engines that are made of it.</summary>
internal sealed class InspectionModel : PooledObjectPolicy<PredictionEngine<Photo, Inspection>>, IDisposable
{
    private readonly MLContext _mlContext = new();
    private readonly TransformerChain<ITransformer> _pipeline;

    private InspectionModel(AnomalyOnnxModel model)
    {
        Thresholds = model.Thresholds!;
        IDataView photos = _mlContext.Data.LoadFromEnumerable<Photo>([]);
        _pipeline = _mlContext.Transforms.ApplyAnomalyOnnxModel(model, nameof(Photo.Image))
            .Append<ITransformer>(_mlContext.Transforms.NormalizeAnomaly(
                Thresholds, new AnomalyNormalizationOptions { MapColumnName = nameof(Inspection.AnomalyMap) }))
            .Fit(photos);
        int[] shape = [.. ((VectorDataViewType)_pipeline.GetOutputSchema(photos.Schema)[nameof(Inspection.AnomalyMap)].Type).Dimensions];
        MapSize = (shape[^2], shape[^1]);
    }

    /// <summary>The raw thresholds that 100 stands for.</summary>
    public AnomalyThresholds Thresholds { get; }

    public (int Height, int Width) MapSize { get; }

    /// <summary>Loads a model that the VisualInspection sample saved, or another one that brings its thresholds and gives a map.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file holds something else.</exception>
    public static InspectionModel Load(string path)
    {
        AnomalyOnnxModel model = AnomalyOnnxModel.Open(path);
        return model is { Thresholds: not null, MapOutputName: not null }
            ? new InspectionModel(model)
            : throw new InvalidDataException($"'{path}' can't be served: expected a raw map and thresholds for it.\n{model}");
    }

    // The engines share the pipeline, so none of them may dispose it.
    public override PredictionEngine<Photo, Inspection> Create()
        => _mlContext.Model.CreatePredictionEngine<Photo, Inspection>(_pipeline, new PredictionEngineOptions { OwnsTransformer = false });

    public override bool Return(PredictionEngine<Photo, Inspection> obj) => true;

    public void Dispose() => _pipeline.Dispose();
}
