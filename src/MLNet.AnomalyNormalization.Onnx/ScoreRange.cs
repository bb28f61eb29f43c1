using System.Buffers.Binary;
using MLNet.AnomalyNormalization.Onnx.Format;

namespace MLNet.AnomalyNormalization.Onnx;

/// <summary>
/// Finds out whether a graph clips its score to 0..1. anomalib 2 does, with the threshold at 0.5:
/// https://github.com/open-edge-platform/anomalib/blob/main/src/anomalib/post_processing/post_processor.py (_normalize).
/// </summary>
internal static class ScoreRange
{
    // The clipping is among the last nodes, or it isn't there.
    private const int MostSteps = 32;

    private static readonly HashSet<string> KeepsValues =
        ["Identity", "Cast", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Transpose", "ReduceMax"];

    /// <summary>Where anomalib 2 has its threshold, for scores and for pixels.</summary>
    public static AnomalyThresholds Thresholds { get; } = new(0.5, 0.5);

    /// <summary>
    /// Whether the node that makes the score, or else the map, is Clip with the bounds 0 and 1, or Min and Max with them.
    /// </summary>
    public static bool IsZeroToOne(GraphProto graph, IEnumerable<AnomalyOnnxOutput> outputs)
    {
        AnomalyOnnxOutput? raw = outputs.Where(output => output.Role is AnomalyOutputRole.Score or AnomalyOutputRole.Map)
            .MinBy(output => output.Role);
        if (raw is null)
            return false;

        var makers = new Dictionary<string, NodeProto>();
        foreach (NodeProto node in graph.Node)
        {
            foreach (string output in node.Output)
                makers[output] = node;
        }

        string value = raw.Name;
        var bounds = new HashSet<double>();
        for (int steps = 0; steps < MostSteps && makers.TryGetValue(value, out NodeProto? node) && node.Input.Count > 0; steps++)
        {
            if (node.OpType is "Clip" or "Min" or "Max")
                bounds.UnionWith(node.Input.Skip(1).Select(Scalar).OfType<double>());
            else if (!KeepsValues.Contains(node.OpType))
                break;
            value = node.Input[0];
        }

        return bounds.SetEquals([0, 1]);

        double? Scalar(string name)
        {
            TensorProto? tensor = graph.Initializer.FirstOrDefault(tensor => tensor.Name == name)
                ?? (makers.TryGetValue(name, out NodeProto? node) && node.OpType == "Constant" ? node.Attribute.FirstOrDefault()?.T : null);
            return tensor is null ? null : Read(tensor);
        }
    }

    private static double? Read(TensorProto tensor)
    {
        ReadOnlySpan<byte> raw = tensor.RawData.Span;
        return ((TensorProto.Types.DataType)tensor.DataType, raw.Length) switch
        {
            (TensorProto.Types.DataType.Float, sizeof(float)) => BinaryPrimitives.ReadSingleLittleEndian(raw),
            (TensorProto.Types.DataType.Double, sizeof(double)) => BinaryPrimitives.ReadDoubleLittleEndian(raw),
            (TensorProto.Types.DataType.Float16, sizeof(ushort)) => (double)BinaryPrimitives.ReadHalfLittleEndian(raw),
            _ => tensor.FloatData is [var single] ? single : tensor.DoubleData is [var number] ? number : null,
        };
    }
}
