using MLNet.AnomalyNormalization.Onnx;

namespace MLNet.AnomalyNormalization.Vision;

/// <summary>Another network than the one that comes with the library, as an ONNX file.</summary>
/// <param name="Path">
/// The file, without external data. One input, Single, batch x 3 x height x width, height and width open or those of the training; opset 18
/// or later.
/// </param>
/// <param name="FeatureOutputNames">
/// The outputs, or values within the graph, that describe the picture, batch x channels x height x width each, the finest first: the others
/// are enlarged to its height and width. Published models use the second and third of four stages.
/// </param>
/// <param name="Preprocessing">What the network expects of a picture; its height and width are those of the options.</param>
public sealed record PatchCoreBackbone(string Path, IReadOnlyList<string> FeatureOutputNames, ImagePreprocessing Preprocessing);
