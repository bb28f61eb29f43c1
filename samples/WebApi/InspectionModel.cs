using Microsoft.Extensions.ObjectPool;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using MLNet.AnomalyNormalization;
using VisualInspection;

namespace WebApi;

/// <summary>What goes into the pipeline here: a photo that is in memory already.</summary>
internal sealed class Photo
{
    // The attribute wants a constant size (without one it throws); the pipeline takes any.
    [ImageType(1, 1)]
    [ColumnName(InspectionPipeline.PhotoName)]
    public MLImage? Image { get; set; }
}

/// <summary>A saved pipeline, and the prediction engines that are made of it.</summary>
internal sealed class InspectionModel : PooledObjectPolicy<PredictionEngine<Photo, Inspection>>, IDisposable
{
    private readonly MLContext _mlContext;
    private readonly TransformerChain<ITransformer> _pipeline;

    private InspectionModel(MLContext mlContext, TransformerChain<ITransformer> pipeline, AnomalyThresholds thresholds)
    {
        (_mlContext, _pipeline, Thresholds) = (mlContext, pipeline, thresholds);
        DataViewType map = pipeline.GetOutputSchema(mlContext.Data.LoadFromEnumerable<Photo>([]).Schema)[GaussianModel.MapName].Type;
        MapSize = map is VectorDataViewType { Dimensions: [.., int height, int width] }
            ? (height, width)
            : throw new InvalidDataException($"The maps of the model have the type {map}; expected a vector of height x width.");
    }

    /// <summary>The raw thresholds that 100 stands for.</summary>
    public AnomalyThresholds Thresholds { get; }

    public (int Height, int Width) MapSize { get; }

    /// <summary>
    /// Loads a pipeline that the VisualInspection sample saved, without its first step: photos come as such, not as files.
    /// </summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file holds something else.</exception>
    public static InspectionModel Load(string path)
    {
        var mlContext = new MLContext();
        ITransformer model = mlContext.Model.LoadAnomalyModel(path, out _);
        ITransformer[] steps = model is TransformerChain<ITransformer> chain ? [.. chain] : [model];
        string otherKind = $"'{path}' is an ML.NET model, but not a pipeline.zip of the VisualInspection sample: ";
        if (steps is not [ImageLoadingTransformer, .., AnomalyNormalizationTransformer normalizer])
        {
            string names = string.Join(", ", steps.Select(step => step.GetType().Name));
            throw new InvalidDataException($"{otherKind}expected steps from LoadImages to NormalizeAnomaly, got {names}.");
        }

        try
        {
            var loaded = new InspectionModel(mlContext, new TransformerChain<ITransformer>(steps[1..]), normalizer.Thresholds);

            // A column that isn't there is found now rather than by the first request.
            loaded.Create().Dispose();
            return loaded;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            throw new InvalidDataException(otherKind + e.Message, e);
        }
    }

    // The engines share the pipeline, so none of them may dispose it.
    public override PredictionEngine<Photo, Inspection> Create()
        => _mlContext.Model.CreatePredictionEngine<Photo, Inspection>(_pipeline, new PredictionEngineOptions { OwnsTransformer = false });

    public override bool Return(PredictionEngine<Photo, Inspection> obj) => true;

    public void Dispose() => _pipeline.Dispose();
}
