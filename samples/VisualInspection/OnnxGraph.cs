using System.Runtime.InteropServices;
using Google.Protobuf;
using MLNet.AnomalyNormalization.Onnx.Format;

namespace VisualInspection;

/// <summary>An ONNX graph that is put together node by node. Values are known by name; every method gives the name that it made.</summary>
internal sealed class OnnxGraph(string name)
{
    // Opset 17 has everything that is used here, and every ONNX Runtime since 2022 takes it.
    private const int OperatorSet = 17;
    private const int IntermediateRepresentation = 8;

    private readonly GraphProto _graph = new() { Name = name };

    public string Input(string name, params ReadOnlySpan<int> dimensions)
    {
        _graph.Input.Add(Value(name, dimensions));
        return name;
    }

    /// <summary>Makes a value an output of the graph, under a name of its own.</summary>
    public void Output(string name, string value, params ReadOnlySpan<int> dimensions)
    {
        _graph.Node.Add(new NodeProto { OpType = "Identity", Name = name, Input = { value }, Output = { name } });
        _graph.Output.Add(Value(name, dimensions));
    }

    public string Constant(ReadOnlySpan<float> values, params ReadOnlySpan<int> dimensions)
        => Initializer(TensorProto.Types.DataType.Float, MemoryMarshal.AsBytes(values), dimensions);

    public string Constant(ReadOnlySpan<long> values)
        => Initializer(TensorProto.Types.DataType.Int64, MemoryMarshal.AsBytes(values), [values.Length]);

    /// <summary>Adds a node and gives the name of its first output.</summary>
    public string Node(string operation, string[] inputs, AttributeProto[]? attributes = null, int outputs = 1)
    {
        string node = $"{operation}_{_graph.Node.Count}";
        string[] names = [.. Enumerable.Range(0, outputs).Select(i => $"{node}_{i}")];
        _graph.Node.Add(new NodeProto
        {
            OpType = operation,
            Name = node,
            Input = { inputs },
            Output = { names },
            Attribute = { attributes ?? [] },
        });
        return names[0];
    }

    public static AttributeProto Attribute(string name, long value)
        => new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = value };

    public static AttributeProto Attribute(string name, long[] values)
        => new() { Name = name, Type = AttributeProto.Types.AttributeType.Ints, Ints = { values } };

    public static AttributeProto Attribute(string name, string value)
        => new() { Name = name, Type = AttributeProto.Types.AttributeType.String, S = ByteString.CopyFromUtf8(value) };

    public void Save(string path)
    {
        var model = new ModelProto
        {
            IrVersion = IntermediateRepresentation,
            ProducerName = "VisualInspection",
            Graph = _graph,
            OpsetImport = { new OperatorSetIdProto { Domain = "", Version = OperatorSet } },
        };
        using FileStream stream = File.Create(path);
        model.WriteTo(stream);
    }

    private string Initializer(TensorProto.Types.DataType type, ReadOnlySpan<byte> littleEndian, ReadOnlySpan<int> dimensions)
    {
        var tensor = new TensorProto
        {
            Name = $"constant_{_graph.Initializer.Count}",
            DataType = (int)type,
            RawData = ByteString.CopyFrom(littleEndian),
        };
        foreach (int dimension in dimensions)
            tensor.Dims.Add(dimension);
        _graph.Initializer.Add(tensor);
        return tensor.Name;
    }

    private static ValueInfoProto Value(string name, ReadOnlySpan<int> dimensions)
    {
        var shape = new TensorShapeProto();
        foreach (int dimension in dimensions)
            shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimValue = dimension });
        var tensor = new TypeProto.Types.Tensor { ElemType = (int)TensorProto.Types.DataType.Float, Shape = shape };
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = tensor } };
    }
}
