using Microsoft.ML.Data;
using MLNet.AnomalyNormalization;
using MLNet.AnomalyNormalization.Onnx;
using MLNet.AnomalyNormalization.Onnx.Scoring;

namespace Microsoft.ML;

/// <summary>Where anomaly models in ONNX files meet ML.NET: <c>mlContext.Transforms</c>.</summary>
public static class AnomalyOnnxCatalog
{
    /// <summary>
    /// Applies an anomaly model to a column of pictures: prepares them as the model was trained, and adds its raw score and map as the
    /// columns <c>Score</c> and <c>AnomalyMap</c>. Appending <c>NormalizeAnomaly</c> makes decisions of them.
    /// </summary>
    /// <param name="catalog">The transforms catalog.</param>
    /// <param name="model">The model. A map alone gives its maximum for a score, or NaN if there is a NaN in it.</param>
    /// <param name="imageColumnName">
    /// The pictures, of any size: images as LoadImages gives them or MLImage, or text with the paths of picture files. Files are read as
    /// Python's libraries read them; ML.NET's own loader multiplies transparency in (such pictures are refused) and never turns a picture
    /// by its EXIF orientation.
    /// </param>
    /// <param name="options">Names of the columns, and how pictures are prepared if the model's own description is wrong or missing.</param>
    /// <returns>
    /// A pipeline that saves as stock components: the whole model in one zip, which loads in any program that references
    /// Microsoft.ML.OnnxTransformer, Microsoft.ML.ImageAnalytics and a native OnnxRuntime.
    /// </returns>
    /// <remarks>
    /// The model is run once, on a black picture, to see that it works and what it gives. Pictures of different sizes are each prepared from
    /// all their pixels. A saved pipeline gives the same bits for pictures of the size that it was fitted on (the first row's, or
    /// <see cref="AnomalyOnnxScoringOptions.PictureHeight"/> and Width); stock ML.NET brings others to that size first, which changes the
    /// prepared pixels a little (see the README for how much), and gives NaN for transparent ones.
    /// </remarks>
    /// <exception cref="ArgumentException">
    /// The model takes no single picture, pictures of any size while nothing tells one, or another size than the given one; the model's raw
    /// outputs were replaced by normalised ones; or the names of the columns are empty or the same.
    /// </exception>
    /// <exception cref="InvalidDataException">The model fails when it runs, or its file has been changed since it was opened.</exception>
    /// <exception cref="FileNotFoundException">The model's file is gone.</exception>
    /// <exception cref="InvalidOperationException">
    /// OnnxRuntime's native library is missing; the message says which package has it.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was stopped by the options' token.</exception>
    public static EstimatorChain<ITransformer> ApplyAnomalyOnnxModel(
        this TransformsCatalog catalog, AnomalyOnnxModel model, string imageColumnName, AnomalyOnnxScoringOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrWhiteSpace(imageColumnName);
        options ??= new();
        ArgumentException.ThrowIfNullOrWhiteSpace(options.ScoreColumnName, nameof(options));
        if (options.MapColumnName is not null)
            ArgumentException.ThrowIfNullOrWhiteSpace(options.MapColumnName, nameof(options));
        if (options.ScoreColumnName == options.MapColumnName)
            throw new ArgumentException($"The score and the map can't both go to the column '{options.ScoreColumnName}'.", nameof(options));
        if (options.PictureHeight is null != options.PictureWidth is null || options.PictureHeight < 1 || options.PictureWidth < 1)
        {
            throw new ArgumentException(
                $"PictureHeight is {options.PictureHeight}, PictureWidth {options.PictureWidth}; expected two positive numbers, or neither.",
                nameof(options));
        }

        if (model.ScoreOutputName is null && model.MapOutputName is null)
        {
            throw new ArgumentException(
                $"'{model.Path}' gives normalised scores alone. "
                + "Use ApplyOnnxModel, without NormalizeAnomaly, or the model that it was made from.",
                nameof(model));
        }

        return new EstimatorChain<ITransformer>().Append(new AnomalyScoringEstimator(catalog, model, imageColumnName, options));
    }

    /// <summary>
    /// Normalises what <see cref="ApplyAnomalyOnnxModel"/> adds by the thresholds that came with the model: the score, and the map if the
    /// model gives one.
    /// </summary>
    /// <param name="catalog">The transforms catalog.</param>
    /// <param name="model">The model.</param>
    /// <param name="options">The columns and the rules; null for <c>Score</c> and, if the model gives a map, <c>AnomalyMap</c>.</param>
    /// <exception cref="InvalidOperationException">The model came without thresholds, or without one for pixels; the message says what to do.</exception>
    /// <exception cref="ArgumentException">A map is to be normalised, but the model gives none.</exception>
    public static AnomalyNormalizationEstimator NormalizeAnomaly(
        this TransformsCatalog catalog, AnomalyOnnxModel model, AnomalyNormalizationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        options ??= new() { MapColumnName = model.MapOutputName is null || model.PixelThresholdProblem is not null ? null : "AnomalyMap" };
        if (model.Thresholds is not { } thresholds)
        {
            throw new InvalidOperationException(
                $"'{model.Path}' came without thresholds. Learn them from good pictures (NormalizeAnomaly with a ThresholdStrategy), give them "
                + "(new AnomalyThresholds(...)), or put the file with them beside the model (model.json, metadata.json).");
        }

        if (options.MapColumnName is { } map && model.MapOutputName is null)
        {
            throw new ArgumentException(
                $"'{model.Path}' gives no anomaly map, so that there is no column '{map}' to normalise. Leave MapColumnName out.", nameof(options));
        }

        if (options.MapColumnName is not null && options.ThresholdType == ThresholdType.Pixel && model.PixelThresholdProblem is { } problem)
        {
            throw new InvalidOperationException(
                $"The map of '{model.Path}' can't be normalised: the pixel threshold {problem}. "
                + "Set ThresholdType to Image, learn a pixel threshold, or leave MapColumnName out.");
        }

        return catalog.NormalizeAnomaly(thresholds, options);
    }
}
