namespace MLNet.AnomalyNormalization.Onnx;

/// <summary>What an output of an anomaly model holds.</summary>
public enum AnomalyOutputRole
{
    /// <summary>Something else, or one of several candidates that was not chosen.</summary>
    Other,

    /// <summary>The image score as the model gives it: one number per image.</summary>
    Score,

    /// <summary>The anomaly map as the model gives it: one number per pixel.</summary>
    Map,

    /// <summary>The model's own decision per image.</summary>
    Label,

    /// <summary>The model's own decision per pixel.</summary>
    Mask,

    /// <summary>
    /// The image score on the scale on which 100 is the threshold, baked in by <see cref="AnomalyOnnxModel.BakeNormalization"/>.
    /// </summary>
    NormalizedScore,

    /// <summary>The map on the scale on which 100 is the threshold.</summary>
    NormalizedMap,

    /// <summary>Whether the image passes, is reviewed or rejected: the values of <see cref="AnomalyNormalization.Decision"/>.</summary>
    Decision,
}

/// <summary>An output of an anomaly model.</summary>
/// <param name="Name">Its name in the graph.</param>
/// <param name="ElementType">The type of its elements, for instance Single; null for one that .NET has no type for.</param>
/// <param name="Shape">Its dimensions, null for one that is not fixed; null if not even their number is known.</param>
/// <param name="Role">What it holds.</param>
public sealed record AnomalyOnnxOutput(string Name, Type? ElementType, IReadOnlyList<long?>? Shape, AnomalyOutputRole Role);
