using System.Numerics;
using MLNet.AnomalyNormalization.Onnx.Format;
using MLNet.AnomalyNormalization.Onnx.Graphs;

namespace MLNet.AnomalyNormalization.Vision.Backbone;

/// <summary>
/// The first three of the four stages of the ResNet18 in the NuGet package Microsoft.ML.DnnImageFeaturizer.ResNet18 (CNTK, ONNX opset 8),
/// as a graph of opset 18 that takes pictures of any size.
/// </summary>
/// <remarks>
/// Input <c>image</c>, Single, 1 x 3 x height x width: red, green, blue of 0..255 less their means; height and width multiples of 16.
/// Outputs <c>layer2</c>, 1 x 128 x height / 8 x width / 8, and <c>layer3</c>, 1 x 256 x height / 16 x width / 16.
/// </remarks>
internal static class ResNet18
{
    private const string Input = "image";

    private static readonly Dictionary<string, string> Outputs = new() { ["ReLU315_Output_0"] = "layer2", ["ReLU347_Output_0"] = "layer3" };

    /// <summary>Cuts the graph, and folds every batch normalisation into the convolution before it.</summary>
    /// <typeparam name="T">
    /// What the weights are stored in; the graph widens them and computes in Single. Half makes the file half as large.
    /// </typeparam>
    /// <param name="original">The model in the package.</param>
    /// <param name="licence">Its licence, which goes with the weights into every model that is made of them.</param>
    /// <exception cref="InvalidDataException">
    /// The file is another model, or <typeparamref name="T"/> can't hold one of its weights.
    /// </exception>
    public static ModelProto Cut<T>(ModelProto original, string licence)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var nodes = original.Graph.Node.ToDictionary(node => node.Output[0]);
        if (original.Graph.Input is not [var image] || !Outputs.Keys.All(nodes.ContainsKey))
            throw new InvalidDataException("Expected the ResNet18 of Microsoft.ML.DnnImageFeaturizer.ResNet18 0.23.1, got another model.");

        var graph = new GraphEditor(new ModelProto
        {
            IrVersion = 8,
            ProducerName = "MLNet.AnomalyNormalization.Vision",
            DocString = $"Contains weights of ResNet18.onnx in Microsoft.ML.DnnImageFeaturizer.ResNet18 0.23.1.\n\n{licence}",
            OpsetImport = { new OperatorSetIdProto { Version = 18 } },
            Graph = new GraphProto { Name = "ResNet18, layers 1 to 3" },
        });
        graph.Graph.Input.Add(new ValueInfoProto { Name = Input, Type = GraphEditor.TensorType(typeof(float), [1, 3, null, null]) });
        foreach ((string name, long channels) in Outputs.Values.Zip([128L, 256L]))
        {
            graph.Graph.Output.Add(new ValueInfoProto
            {
                Name = name,
                Type = GraphEditor.TensorType(typeof(float), [1, channels, null, null]),
            });
        }

        var weights = original.Graph.Initializer.ToDictionary(tensor => tensor.Name, tensor => tensor.FloatData.ToArray());
        var shapes = original.Graph.Initializer.ToDictionary(tensor => tensor.Name, tensor => tensor.Dims.ToArray());
        var made = new Dictionary<string, string> { [image.Name] = Input };
        foreach (string output in Outputs.Keys)
            Make(output);
        return graph.Model;

        string Make(string value)
        {
            if (made.TryGetValue(value, out string? name))
                return name;

            NodeProto node = nodes[value];
            string result = Outputs.GetValueOrDefault(value) ?? graph.Fresh(value);
            return made[value] = node.OpType switch
            {
                "BatchNormalization" => Folded(nodes[node.Input[0]], node, result),
                "MaxPool" or "Relu" or "Add" =>
                    graph.NodeTo(result, node.OpType, [.. node.Input.Select(Make)], [.. node.Attribute.Where(IsStillThere)]),
                _ => throw new InvalidDataException($"Expected a residual network, got a node of the type {node.OpType}."),
            };
        }

        string Folded(NodeProto convolution, NodeProto normalization, string result)
        {
            string source = Make(convolution.Input[0]);
            long[] shape = shapes[convolution.Input[1]];
            float[] kernels = weights[convolution.Input[1]];
            float[][] parameters = [.. normalization.Input.Skip(1).Select(name => weights[name])];
            double epsilon = normalization.Attribute.First(attribute => attribute.Name == "epsilon").F;

            int channels = (int)shape[0];
            int size = kernels.Length / channels;
            bool isFirst = convolution.Input[0] == image.Name;
            var folded = new double[kernels.Length];
            var bias = new double[channels];
            for (int channel = 0; channel < channels; channel++)
            {
                double scale = parameters[0][channel] / Math.Sqrt(parameters[3][channel] + epsilon);
                bias[channel] = parameters[1][channel] - (scale * parameters[2][channel]);
                for (int i = 0; i < size; i++)
                    folded[(channel * size) + (isFirst ? RedFirst(i, size) : i)] = scale * kernels[(channel * size) + i];
            }

            return graph.NodeTo(
                result, "Conv", [source, Weights(folded, shape), Weights(bias, [channels])], [.. convolution.Attribute]);
        }

        // The original looks at blue, green, red.
        static int RedFirst(int index, int size)
        {
            int plane = size / 3;
            return ((2 - (index / plane)) * plane) + (index % plane);
        }

        string Weights(double[] values, long[] shape)
        {
            T[] stored = Array.ConvertAll(values, T.CreateChecked);
            if (!stored.All(T.IsFinite))
                throw new InvalidDataException($"A weight of {values.Max(Math.Abs)} doesn't fit into {typeof(T).Name}.");

            string name = graph.Constant<T>(stored, shape);
            return typeof(T) == typeof(float) ? name : graph.Cast(name, typeof(float));
        }
    }

    // Later versions of MaxPool know it no more, or mean the default that is written here.
    private static bool IsStillThere(AttributeProto attribute) => attribute.Name is not ("auto_pad" or "storage_order");
}
