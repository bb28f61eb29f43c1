using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using MLNet.AnomalyNormalization.Onnx;

namespace Microsoft.ML;

/// <summary>Where anomaly models in ONNX files meet ML.NET: <c>mlContext.Transforms</c>.</summary>
public static class AnomalyOnnxCatalog
{
    /// <summary>
    /// Applies an anomaly model to a column of images: resizes, extracts and scales the pixels as the model expects, and adds its raw score
    /// and map as the columns <c>Score</c> and <c>AnomalyMap</c>. Appending <c>NormalizeAnomaly</c> makes decisions of them.
    /// </summary>
    /// <param name="catalog">The transforms catalog.</param>
    /// <param name="model">The model. A map alone gives its maximum for a score, or NaN if there is a NaN in it.</param>
    /// <param name="imageColumnName">The images, of any size: as LoadImages gives them, or MLImage.</param>
    /// <param name="options">Names of the columns, and how images are prepared if the model's own description is wrong or missing.</param>
    /// <returns>
    /// Stock components: the fitted pipeline is saved with the whole model in one zip, and loads in any program that references
    /// Microsoft.ML.OnnxTransformer, Microsoft.ML.ImageAnalytics and a native OnnxRuntime.
    /// </returns>
    /// <remarks>
    /// The model is run once, on a black image, to see that it works and what it gives. A rewritten copy stays in the temporary folder
    /// until the process ends, since ML.NET reads it again when the pipeline is saved.
    /// </remarks>
    /// <exception cref="ArgumentException">
    /// The model takes no single image, images of any size while none is given, or another size than the given one; or the model's raw
    /// outputs were replaced by normalised ones.
    /// </exception>
    /// <exception cref="InvalidDataException">The model fails when it runs, or its file has been changed since it was opened.</exception>
    /// <exception cref="FileNotFoundException">The model's file is gone.</exception>
    public static EstimatorChain<ITransformer> ApplyAnomalyOnnxModel(
        this TransformsCatalog catalog, AnomalyOnnxModel model, string imageColumnName, AnomalyOnnxScoringOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrWhiteSpace(imageColumnName);
        options ??= new();
        ArgumentException.ThrowIfNullOrWhiteSpace(options.ScoreColumnName, nameof(options));
        if (model.ScoreOutputName is null && model.MapOutputName is null)
        {
            throw new ArgumentException(
                $"'{model.Path}' gives normalised scores alone. "
                + "Use ApplyOnnxModel, without NormalizeAnomaly, or the model that it was made from.",
                nameof(model));
        }

        ImagePreprocessing preprocessing = options.Preprocessing ?? model.Preprocessing;
        var input = ImageInput.Of(model, preprocessing, nameof(options));
        string? map = model.MapOutputName is null ? null : options.MapColumnName;
        string resized = $"{options.ScoreColumnName}.Image";
        string pixels = $"{options.ScoreColumnName}.Pixels";

        string path = TemporaryModel.Write(new ScoringGraph(model, input, preprocessing), pixels, options.ScoreColumnName, map);
        IEstimator<ITransformer> apply = catalog.ApplyOnnxModel(
            map is null ? [options.ScoreColumnName] : [options.ScoreColumnName, map], [pixels], path);

        EstimatorChain<ITransformer> chain = new EstimatorChain<ITransformer>()
            .Append<ITransformer>(catalog.ResizeImages(
                resized, input.Width, input.Height, imageColumnName, ImageResizingEstimator.ResizingKind.Fill));
        chain = input.Channels == 1
            ? chain.Append<ITransformer>(catalog.ConvertToGrayscale(resized))
                .Append<ITransformer>(catalog.ExtractPixels(pixels, resized, ImagePixelExtractingEstimator.ColorBits.Red))
            : chain.Append<ITransformer>(catalog.ExtractPixels(pixels, resized, orderOfExtraction: preprocessing.IsBlueFirst
                ? ImagePixelExtractingEstimator.ColorsOrder.ABGR : ImagePixelExtractingEstimator.ColorsOrder.ARGB));
        return chain.Append(apply).Append<ITransformer>(catalog.DropColumns(resized, pixels));
    }
}
