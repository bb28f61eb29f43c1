using System.Runtime.InteropServices;
using Google.Protobuf;
using MLNet.AnomalyNormalization.Onnx.Format;

namespace MLNet.AnomalyNormalization.Onnx.Graphs;

/// <summary>
/// Adds to a graph. Values are known by name; every method gives the name that it made, which nothing else in the graph has.
/// </summary>
internal sealed class GraphEditor
{
    private readonly HashSet<string> _names = [];

    public GraphEditor(ModelProto model)
    {
        Model = model;
        AddNames(Graph);
    }

    /// <summary>A graph of its own, empty as yet.</summary>
    /// <param name="opset">The version of the standard operators.</param>
    public GraphEditor(int opset)
        : this(new ModelProto
        {
            // The first version of the format that has this version of the operators.
            IrVersion = 8,
            ProducerName = "anomaly_normalization",
            OpsetImport = { new OperatorSetIdProto { Version = opset } },
            Graph = new GraphProto { Name = "anomaly_normalization" },
        })
    {
    }

    public ModelProto Model { get; }

    public GraphProto Graph => Model.Graph;

    /// <summary>The version of the standard operators that the model uses, or 0 if it names none.</summary>
    public int Opset => OpsetOf(Model);

    public static int OpsetOf(ModelProto model)
        => (int)Math.Clamp(model.OpsetImport.FirstOrDefault(import => import.Domain is "" or "ai.onnx")?.Version ?? 0, 0, int.MaxValue);

    /// <summary>A name that no value or node of the graph, or of a graph within it, has: the proposed one, if it is free.</summary>
    public string Fresh(string proposal)
    {
        string name = proposal;
        for (int i = 1; !_names.Add(name); i++)
            name = $"{proposal}_{i}";
        return name;
    }

    /// <summary>Whether something in the graph has this name.</summary>
    public bool Has(string name) => _names.Contains(name);

    /// <summary>Adds a node with one output.</summary>
    public string Node(string operation, string[] inputs, params AttributeProto[] attributes)
        => NodeTo(Fresh($"anomaly_normalization/{operation}"), operation, inputs, attributes);

    /// <summary>Adds a node with one output of a given name.</summary>
    public string NodeTo(string output, string operation, string[] inputs, params AttributeProto[] attributes)
    {
        Graph.Node.Add(new NodeProto
        {
            OpType = operation,
            Name = Fresh($"{output}_node"),
            Input = { inputs },
            Output = { output },
            Attribute = { attributes },
        });
        return output;
    }

    public string Cast(string value, Type type) => Node("Cast", [value], Attribute("to", (long)ElementType.Of(type)));

    /// <summary>Adds a constant: a scalar unless there are dimensions.</summary>
    public string Constant<T>(ReadOnlySpan<T> values, params ReadOnlySpan<long> dimensions)
        where T : unmanaged
        => Initializer(Fresh("anomaly_normalization/constant"), values, dimensions);

    public string Constant<T>(T value)
        where T : unmanaged
        => Constant<T>([value]);

    /// <summary>Adds an input that has a default, which a caller may override.</summary>
    public string OptionalInput<T>(string proposal, T value)
        where T : unmanaged
    {
        string name = Initializer<T>(Fresh(proposal), [value], [1]);
        Graph.Input.Add(new ValueInfoProto { Name = name, Type = TensorType(typeof(T), [1]) });
        return name;
    }

    /// <summary>Gives every use of a value another name.</summary>
    public string Rename(string value)
    {
        string renamed = Fresh(value);
        Rename(Graph, value, renamed);
        return renamed;
    }

    public static TypeProto TensorType(Type elementType, IEnumerable<long?>? shape)
    {
        var tensor = new TypeProto.Types.Tensor { ElemType = (int)ElementType.Of(elementType) };
        if (shape is not null)
        {
            tensor.Shape = new();
            tensor.Shape.Dim.AddRange(shape.Select(size
                => size is { } value ? new TensorShapeProto.Types.Dimension { DimValue = value } : new TensorShapeProto.Types.Dimension()));
        }

        return new() { TensorType = tensor };
    }

    public static AttributeProto Attribute(string name, long value)
        => new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = value };

    public static AttributeProto Attribute(string name, float value)
        => new() { Name = name, Type = AttributeProto.Types.AttributeType.Float, F = value };

    public static AttributeProto Attribute(string name, string value)
        => new() { Name = name, Type = AttributeProto.Types.AttributeType.String, S = ByteString.CopyFromUtf8(value) };

    public static AttributeProto Attribute(string name, TensorProto value)
        => new() { Name = name, Type = AttributeProto.Types.AttributeType.Tensor, T = value };

    public static AttributeProto Attribute(string name, params long[] values)
        => new() { Name = name, Type = AttributeProto.Types.AttributeType.Ints, Ints = { values } };

    private static IEnumerable<GraphProto> InnerGraphs(NodeProto node)
        => node.Attribute.SelectMany(attribute => attribute.G is { } inner ? attribute.Graphs.Prepend(inner) : attribute.Graphs);

    private static IEnumerable<TensorProto> InitialisersOf(GraphProto graph)
        => graph.Initializer.Concat(graph.SparseInitializer.Select(sparse => sparse.Values).OfType<TensorProto>());

    private static void Rename(GraphProto graph, string value, string renamed)
    {
        foreach (ValueInfoProto info in graph.Input.Concat(graph.Output).Concat(graph.ValueInfo).Where(info => info.Name == value))
            info.Name = renamed;
        foreach (TensorProto tensor in InitialisersOf(graph).Where(tensor => tensor.Name == value))
            tensor.Name = renamed;
        foreach (NodeProto node in graph.Node)
        {
            Replace(node.Input);
            Replace(node.Output);
            foreach (GraphProto inner in InnerGraphs(node))
                Rename(inner, value, renamed);
        }

        void Replace(IList<string> names)
        {
            for (int i = 0; i < names.Count; i++)
                names[i] = names[i] == value ? renamed : names[i];
        }
    }

    private string Initializer<T>(string name, ReadOnlySpan<T> values, ReadOnlySpan<long> dimensions)
        where T : unmanaged
    {
        var tensor = new TensorProto
        {
            Name = name,
            DataType = (int)ElementType.Of<T>(),
            RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(values)),
        };
        foreach (long dimension in dimensions)
            tensor.Dims.Add(dimension);
        Graph.Initializer.Add(tensor);
        return name;
    }

    private void AddNames(GraphProto graph)
    {
        _names.UnionWith(graph.Input.Concat(graph.Output).Concat(graph.ValueInfo).Select(info => info.Name));
        _names.UnionWith(InitialisersOf(graph).Select(tensor => tensor.Name));
        foreach (NodeProto node in graph.Node)
        {
            _names.Add(node.Name);
            _names.UnionWith(node.Input);
            _names.UnionWith(node.Output);
            foreach (GraphProto inner in InnerGraphs(node))
                AddNames(inner);
        }
    }
}
