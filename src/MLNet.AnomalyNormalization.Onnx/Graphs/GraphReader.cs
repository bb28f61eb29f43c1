using System.Buffers.Binary;
using MLNet.AnomalyNormalization.Onnx.Format;
using static MLNet.AnomalyNormalization.Onnx.Format.TensorProto.Types;

namespace MLNet.AnomalyNormalization.Onnx.Graphs;

/// <summary>
/// Reads a graph as a person would: which node makes a value, who uses it, and which values are constants. Exporters write one constant in
/// many ways (an initialiser, a Constant node, an Identity of either, a reshaped scalar), which are all the same here.
/// </summary>
internal sealed class GraphReader
{
    // Constants are a few nodes away from where they are used; whatever lies deeper is computed.
    private const int DeepestConstant = 16;

    // Lists of shapes are put together from some numbers at once; were lists of lists read as deep as the rest, a few nodes would take years.
    private const int DepthOfList = DeepestConstant / 2;

    // A handful of numbers; whatever is longer is a weight.
    private const int MostElements = 16;

    private static readonly HashSet<string> KeepsValues = ["Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Dropout"];

    private readonly Dictionary<string, NodeProto> _makers = [];
    private readonly Dictionary<string, TensorProto> _initialisers = [];
    private readonly Dictionary<string, List<NodeProto>> _users = [];

    public GraphReader(GraphProto graph)
    {
        foreach (TensorProto tensor in graph.Initializer)
            _initialisers[tensor.Name] = tensor;
        foreach (NodeProto node in graph.Node)
        {
            foreach (string output in node.Output)
                _makers[output] = node;
            foreach (string input in node.Input.Distinct())
            {
                if (!_users.TryGetValue(input, out List<NodeProto>? users))
                    _users[input] = users = [];
                users.Add(node);
            }
        }
    }

    /// <summary>The node that makes a value; null for an input or a constant of the graph.</summary>
    public NodeProto? MakerOf(string value) => _makers.GetValueOrDefault(value);

    /// <summary>The nodes that use a value, in the order of the graph.</summary>
    public IReadOnlyList<NodeProto> UsersOf(string value) => _users.GetValueOrDefault(value) ?? [];

    /// <summary>Whether a node hands its first input on, in another shape at most.</summary>
    public static bool Keeps(NodeProto node) => KeepsValues.Contains(node.OpType) && node.Input.Count > 0;

    private static bool KeepsNumbers(NodeProto node) => Keeps(node) || (node.OpType == "Cast" && node.Input.Count > 0);

    /// <summary>The value that a value is but for its shape.</summary>
    public string SourceOf(string value)
    {
        var seen = new HashSet<string>();
        while (seen.Add(value) && MakerOf(value) is { } maker && Keeps(maker))
            value = maker.Input[0];
        return value;
    }

    /// <summary>The number that a value always is; null if it isn't a constant of one element.</summary>
    public double? Number(string value) => Number(value, depth: 0);

    /// <summary>The whole numbers that a value always is; null if it isn't a constant, or holds others.</summary>
    public long[]? Integers(string value) => Integers(value, depth: 0);

    /// <summary>The last of the whole numbers of a list that is put together from parts, as far as they are constant.</summary>
    public long[] TrailingIntegers(string value)
    {
        if (Integers(value) is { } all)
            return all;

        var trailing = new List<long>();
        if (MakerOf(SourceOf(value)) is { OpType: "Concat" } parts)
        {
            foreach (string part in parts.Input.Reverse())
            {
                if (trailing.Count > MostElements || Integers(part) is not { } known)
                    break;
                trailing.InsertRange(0, known);
            }
        }

        return [.. trailing];
    }

    private double? Number(string value, int depth)
    {
        if (depth > DeepestConstant)
            return null;

        if (ConstantOf(value) is { } tensor)
            return Elements(tensor) is [var only] ? only : null;

        if (MakerOf(value) is not { } maker)
            return null;

        if (KeepsNumbers(maker))
            return Number(maker.Input[0], depth + 1);

        if (maker.Input.Count != 2 || Number(maker.Input[0], depth + 1) is not { } left || Number(maker.Input[1], depth + 1) is not { } right)
            return null;

        // As the graph itself computes it.
        return maker.OpType switch
        {
            "Add" => (float)left + (float)right,
            "Sub" => (float)left - (float)right,
            "Mul" => (float)left * (float)right,
            "Div" => (float)left / (float)right,
            _ => null,
        };
    }

    private long[]? Integers(string value, int depth)
    {
        if (depth > DeepestConstant)
            return null;

        if (ConstantOf(value) is { } tensor)
            return Elements(tensor) is { } numbers && numbers.All(number => number == Math.Floor(number)) ? [.. numbers.Select(n => (long)n)] : null;

        return MakerOf(value) is not { } maker ? null
            : KeepsNumbers(maker) ? Integers(maker.Input[0], depth + 1)
            : maker.OpType == "Concat" && maker.Input.Count <= MostElements
                && maker.Input.Select(part => Integers(part, depth + DepthOfList)).ToArray() is var parts
                && Array.TrueForAll(parts, part => part is not null)
                ? [.. parts.SelectMany(part => part!)]
                : null;
    }

    private TensorProto? ConstantOf(string value)
        => _initialisers.GetValueOrDefault(value)
            ?? (MakerOf(value) is { OpType: "Constant" } maker ? maker.Attribute.FirstOrDefault(attribute => attribute.Name == "value")?.T : null);

    private static double[]? Elements(TensorProto tensor)
    {
        long count = tensor.Dims.Aggregate(1L, (product, size) => size is < 0 or > MostElements || product > MostElements ? long.MaxValue : product * size);
        if (count > MostElements || tensor.DataLocation == DataLocation.External)
            return null;

        ReadOnlySpan<byte> raw = tensor.RawData.Span;
        double[] elements = new double[count];
        for (int i = 0; i < elements.Length; i++)
        {
            if (Element(tensor, raw, i) is not { } element)
                return null;
            elements[i] = element;
        }

        return elements;
    }

    private static double? Element(TensorProto tensor, ReadOnlySpan<byte> raw, int index)
    {
        bool isRaw = !raw.IsEmpty;
        switch ((DataType)tensor.DataType)
        {
            case DataType.Float:
                return isRaw ? At(raw, index, sizeof(float)) is { IsEmpty: false } single ? BinaryPrimitives.ReadSingleLittleEndian(single) : null
                    : index < tensor.FloatData.Count ? tensor.FloatData[index] : null;
            case DataType.Double:
                return isRaw ? At(raw, index, sizeof(double)) is { IsEmpty: false } number ? BinaryPrimitives.ReadDoubleLittleEndian(number) : null
                    : index < tensor.DoubleData.Count ? tensor.DoubleData[index] : null;
            case DataType.Float16:
                return isRaw ? At(raw, index, sizeof(ushort)) is { IsEmpty: false } half ? (double)BinaryPrimitives.ReadHalfLittleEndian(half) : null
                    : index < tensor.Int32Data.Count ? (double)BitConverter.UInt16BitsToHalf((ushort)tensor.Int32Data[index]) : null;
            case DataType.Int64:
                return isRaw ? At(raw, index, sizeof(long)) is { IsEmpty: false } whole ? BinaryPrimitives.ReadInt64LittleEndian(whole) : null
                    : index < tensor.Int64Data.Count ? tensor.Int64Data[index] : null;
            case DataType.Int32:
                return isRaw ? At(raw, index, sizeof(int)) is { IsEmpty: false } small ? BinaryPrimitives.ReadInt32LittleEndian(small) : null
                    : index < tensor.Int32Data.Count ? tensor.Int32Data[index] : null;
            default:
                return null;
        }

        static ReadOnlySpan<byte> At(ReadOnlySpan<byte> raw, int index, int size)
            => (index + 1) * size <= raw.Length ? raw.Slice(index * size, size) : default;
    }
}
