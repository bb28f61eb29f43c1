using MLNet.AnomalyNormalization.Onnx.Format;

namespace MLNet.AnomalyNormalization.Vision.Training;

/// <summary>What a training leads to.</summary>
/// <param name="Model">The graph, from the bytes of a photo to score and map.</param>
/// <param name="Image">The threshold of the score, learned from held-out photos.</param>
/// <param name="Pixel">The threshold of the map, learned from the highest pixel of each held-out photo.</param>
/// <param name="NearDuplicates">The rows of photos that show nearly the same, group by group.</param>
/// <param name="BankSize">The number of patches that the model keeps.</param>
internal sealed record TrainedPatchCore(
    ModelProto Model, ThresholdFit Image, ThresholdFit Pixel, IReadOnlyList<IReadOnlyList<int>> NearDuplicates, int BankSize);
