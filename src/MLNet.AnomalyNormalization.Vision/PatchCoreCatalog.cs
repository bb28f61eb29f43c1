using MLNet.AnomalyNormalization.Vision;

namespace Microsoft.ML;

/// <summary>Where trainers of visual anomaly models meet ML.NET: <c>mlContext.AnomalyDetection.Trainers</c>.</summary>
public static class PatchCoreCatalog
{
    /// <summary>
    /// Trains PatchCore from good photos alone: what a photo has that no good one had, near no patch of it, is anomalous. The model and its
    /// thresholds, learned from photos that the scoring model had not seen, fit into one ONNX file.
    /// </summary>
    /// <param name="catalog">The trainers.</param>
    /// <param name="options">How it is trained; null for the defaults, with the photos in the column <c>Image</c>.</param>
    /// <remarks>
    /// <list type="table">
    /// <item><term>Input column</term><description>images, or text with the paths of files</description></item>
    /// <item><term>Output columns</term><description><c>Score</c>, Single, one element; <c>AnomalyMap</c>, Single, 1 x 1 x height x width
    /// </description></item>
    /// <item><term>Score</term><description>the largest distance of a patch to its nearest good one; raw, at least 0</description></item>
    /// <item><term>Needs a cache</term><description>no; photos are read twice</description></item>
    /// <item><term>Required package</term><description>a native OnnxRuntime: Microsoft.ML.OnnxRuntime, or its Gpu package
    /// </description></item>
    /// </list>
    /// The method is that of K. Roth et al., "Towards total recall in industrial anomaly detection", 2022, on layers 2 and 3 of a ResNet18.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range; the message says which.</exception>
    public static PatchCoreTrainer PatchCore(
        this AnomalyDetectionCatalog.AnomalyDetectionTrainers catalog, PatchCoreOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new(options ?? new());
    }
}
