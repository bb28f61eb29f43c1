using System.Runtime.InteropServices;
using Google.Protobuf;
using MLNet.AnomalyNormalization.Onnx.Format;
using MLNet.AnomalyNormalization.Onnx.Graphs;

namespace MLNet.AnomalyNormalization.Onnx.Tests;

/// <summary>Small ONNX models, put together in the tests.</summary>
internal static class ModelFile
{
    /// <summary>The newest version that OnnxRuntime 1.31 takes.</summary>
    public const int NewestOpset = 26;

    /// <summary>A model without nodes of its own.</summary>
    public static ModelProto Empty(int opset = 17, long version = 8) => new()
    {
        IrVersion = version,
        ProducerName = "pytorch",
        ProducerVersion = "2.1.0",
        OpsetImport = { new OperatorSetIdProto { Domain = "", Version = opset } },
        Graph = new GraphProto { Name = "main_graph" },
    };

    /// <summary>A model whose outputs are its inputs, so that a test chooses the raw values.</summary>
    public static ModelProto Raw(Type type, (string Name, long?[] Shape)[] outputs, int opset = 17, long version = 8)
    {
        ModelProto model = Empty(opset, version);
        foreach ((string name, long?[] shape) in outputs)
        {
            model.Graph.Input.Add(Value($"raw_{name}", type, shape));
            model.Graph.Output.Add(Value(name, type, shape));
            model.Graph.Node.Add(Node("Identity", [$"raw_{name}"], [name]));
        }

        return model;
    }

    /// <summary>
    /// An anomaly model: the map is the distance of each pixel's mean over three channels from 0.25, the score its maximum, plus a weight
    /// of 0 that can stand in an external file.
    /// </summary>
    public static ModelProto Vision(
        int opset = 17, Type? type = null, long? batch = 1, long? height = 4, long? width = 6,
        string? score = "pred_score", string? map = "anomaly_map", long?[]? mapShape = null)
    {
        type ??= typeof(float);
        ModelProto model = Empty(opset);
        GraphProto graph = model.Graph;
        graph.Input.Add(Value("input", type, batch, 3, height, width));
        graph.Initializer.Add(Tensor("quarter", type, [0.25], []));
        graph.Initializer.Add(Tensor("weight", type, [0, 0, 0, 0], [4]));
        graph.Initializer.Add(Tensor("weight_sum_axes", [0], [1]));
        Reduce("ReduceMean", "input", "mean", 1);
        graph.Node.Add(Node("Sub", ["mean", "quarter"], ["difference"]));
        graph.Node.Add(Node("Abs", ["difference"], ["distance"]));
        graph.Node.Add(Node("Gather", ["weight", "weight_sum_axes"], ["nothing"]));
        graph.Node.Add(Node("Add", ["distance", "nothing"], [map ?? "distances"]));
        if (map is not null)
            graph.Output.Add(Value(map, type, mapShape ?? [batch, 1, height, width]));
        if (score is not null)
        {
            graph.Node.Add(Node("Flatten", [map ?? "distances"], ["flat"]));
            Reduce("ReduceMax", "flat", score, 1);
            graph.Output.Add(Value(score, type, batch, 1));
        }

        return model;

        void Reduce(string operation, string from, string to, long axis)
        {
            if (opset >= 18)
            {
                graph.Initializer.Add(Tensor($"{to}_axes", [axis], [1]));
                graph.Node.Add(Node(operation, [from, $"{to}_axes"], [to]));
            }
            else
            {
                graph.Node.Add(Node(operation, [from], [to], GraphEditor.Attribute("axes", [axis])));
            }
        }
    }

    /// <summary>Moves the values of an initialiser into a file.</summary>
    public static ModelProto WithExternalData(this ModelProto model, string tensorName, string location, Action<byte[]> write,
        int offset = 0)
    {
        TensorProto tensor = model.Graph.Initializer.First(initializer => initializer.Name == tensorName);
        byte[] values = tensor.RawData.ToByteArray();
        write([.. new byte[offset], .. values]);
        tensor.ClearRawData();
        tensor.DataLocation = TensorProto.Types.DataLocation.External;
        tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = location });
        tensor.ExternalData.Add(new StringStringEntryProto { Key = "offset", Value = $"{offset}" });
        tensor.ExternalData.Add(new StringStringEntryProto { Key = "length", Value = $"{values.Length}" });
        return model;
    }

    public static ModelProto WithMetadata(this ModelProto model, string key, string value)
    {
        model.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value });
        return model;
    }

    public static string Save(this ModelProto model, string path)
    {
        File.WriteAllBytes(path, model.ToByteArray());
        return path;
    }

    public static ValueInfoProto Value(string name, Type type, params long?[]? shape)
        => new() { Name = name, Type = GraphEditor.TensorType(type, shape) };

    public static NodeProto Node(string operation, string[] inputs, string[] outputs, params AttributeProto[] attributes)
        => new()
        {
            OpType = operation,
            Name = $"{operation}_{outputs[0]}",
            Input = { inputs },
            Output = { outputs },
            Attribute = { attributes }
        };

    public static TensorProto Tensor(string name, long[] values, long[] shape)
        => new() { Name = name, DataType = (int)ElementType.Of<long>(), RawData = Bytes<long>(values), Dims = { shape } };

    public static TensorProto Tensor(string name, Type type, double[] values, long[] shape)
        => new()
        {
            Name = name,
            DataType = (int)ElementType.Of(type),
            Dims = { shape },
            RawData = type == typeof(float) ? Bytes<float>([.. values.Select(value => (float)value)])
                : type == typeof(Half) ? Bytes<Half>([.. values.Select(value => (Half)value)])
                : Bytes<double>(values),
        };

    private static ByteString Bytes<T>(ReadOnlySpan<T> values)
        where T : unmanaged
        => ByteString.CopyFrom(MemoryMarshal.AsBytes(values));
}
