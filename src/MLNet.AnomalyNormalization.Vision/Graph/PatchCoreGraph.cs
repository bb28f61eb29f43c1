using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using MLNet.AnomalyNormalization.Onnx.Format;
using MLNet.AnomalyNormalization.Onnx.Graphs;
using MLNet.AnomalyNormalization.Onnx.Pictures;
using MLNet.AnomalyNormalization.Onnx.Scoring;
using static MLNet.AnomalyNormalization.Onnx.Graphs.GraphEditor;

namespace MLNet.AnomalyNormalization.Vision.Graph;

/// <summary>
/// PatchCore (Roth et al., "Towards total recall in industrial anomaly detection", 2022) as an ONNX graph, from the bytes of a picture to
/// score and map. What is trained and what is delivered are this graph, cut at the patches or whole, so that both see the same numbers.
/// </summary>
internal sealed class PatchCoreGraph
{
    /// <summary>The input: Byte, 1 x height x width x 3, red first, a picture of any size.</summary>
    public const string ImageInput = "image";

    /// <summary>The output with the score: Single, of one element.</summary>
    public const string ScoreOutput = "score";

    /// <summary>The output with the map: Single, 1 x 1 x height x width.</summary>
    public const string MapOutput = "anomaly_map";

    /// <summary>An output for training: Single, patches x channels.</summary>
    public const string PatchesOutput = "patches";

    /// <summary>An output for training: Single, patches x columns of the projection.</summary>
    public const string ProjectionOutput = "projection";

    private const int ReweightingNeighbours = 9;

    private readonly Backbone _backbone;
    private readonly PatchMap _map;
    private readonly int _height;
    private readonly int _width;
    private readonly PictureArea _area;

    /// <param name="backbone">The network.</param>
    /// <param name="height">The height that the area is brought to.</param>
    /// <param name="width">The width that the area is brought to.</param>
    /// <param name="area">The part of the photo that is inspected.</param>
    /// <exception cref="InvalidDataException">The network doesn't run, or its features are no maps of a picture.</exception>
    public PatchCoreGraph(Backbone backbone, int height, int width, PictureArea area)
    {
        (_backbone, _height, _width, _area) = (backbone, height, width, area);
        long[][] shapes = ShapesOfFeatures();
        Grid = new((int)shapes.Sum(shape => shape[1]), (int)shapes[0][2], (int)shapes[0][3]);
        _map = new(Grid, height, width, area);
    }

    public PatchGrid Grid { get; }

    /// <summary>For each patch whether it doesn't matter; null if all matter.</summary>
    public bool[]? IsIgnored { get; init; }

    /// <summary>The graph that gives the patches of a picture, and a projection of them.</summary>
    /// <param name="projection">The matrix, channels x columns, row-major.</param>
    public ModelProto ForTraining(float[] projection)
    {
        (GraphEditor graph, string patches) = Patches();
        int columns = projection.Length / Grid.Channels;
        AddOutput(graph, graph.NodeTo(PatchesOutput, "Identity", [patches]), Grid.Count, Grid.Channels);
        string matrix = graph.Constant<float>(projection, Grid.Channels, columns);
        AddOutput(graph, graph.NodeTo(ProjectionOutput, "MatMul", [patches, matrix]), Grid.Count, columns);
        return graph.Model;
    }

    /// <summary>The graph that gives the score and the map of a picture.</summary>
    /// <param name="bank">The good patches.</param>
    /// <param name="isReweighted">Whether the score is weighted by how lonely the patch's neighbour is (equation 7 of the paper).</param>
    public ModelProto ForScoring(PatchBank bank, bool isReweighted)
    {
        (GraphEditor graph, string patches) = Patches();
        string centred = graph.Node("Sub", [patches, graph.Constant<float>(bank.Centre, bank.Width)]);
        string values = graph.Constant<float>(bank.Values, bank.Count, bank.Width);
        string squares = graph.Constant<float>(bank.SquaredLengths, bank.Count);

        // Which one is nearest can be told from |b|² - 2 ab. How near it is would lose its digits so, and is computed from the difference.
        string nearest = graph.Node("ArgMin", [Order(graph, centred, values, squares)], Attribute("axis", 1), Attribute("keepdims", 0));
        string distances = Distances(graph, centred, graph.Node("Gather", [values, nearest]));
        string? weights = IsIgnored is null ? null
            : graph.Constant<float>(Array.ConvertAll(IsIgnored, value => value ? 0f : 1f), Grid.Count);
        if (weights is not null)
            distances = graph.Node("Mul", [distances, weights]);

        string score = isReweighted
            ? Reweighted(graph, bank, centred, values, squares, nearest, distances)
            : graph.Node("ReduceMax", [distances], Attribute("keepdims", 1));
        AddOutput(graph, graph.NodeTo(ScoreOutput, "Reshape", [score, graph.Constant<long>([1], 1)]), 1);
        AddOutput(graph, graph.NodeTo(MapOutput, "Identity", [_map.AddTo(graph, distances, weights)]), 1, 1, _map.Height, _map.Width);
        Onnx.Models.ModelMetadata.WritePreparation(graph.Model, null);
        return graph.Model;
    }

    private (GraphEditor Graph, string Patches) Patches()
    {
        (GraphEditor graph, string input, string[] features) = _backbone.Copy(
            [ImageInput, ScoreOutput, MapOutput, PatchesOutput, ProjectionOutput]);
        graph.Graph.Input.Add(new ValueInfoProto
        {
            Name = ImageInput,
            Type = TensorType(typeof(byte), [1, null, null, RgbPicture.Channels]),
        });
        NodeProto[] network = [.. graph.Graph.Node];
        graph.Graph.Node.Clear();
        string area = _area.IsWhole ? ImageInput : Cut(graph);
        graph.NodeTo(input, "Identity", [PreparationGraph.AddTo(
            graph, area, _backbone.Preprocessing, new(RgbPicture.Channels, _height, _width, Crop: null, IsChannelLast: false))]);
        graph.Graph.Node.AddRange(network);

        string[] layers = [.. features.Select((feature, i) => Layer(graph, feature, isFirst: i == 0))];
        string all = layers.Length == 1 ? layers[0] : graph.Node("Concat", layers, Attribute("axis", 1));
        string flat = graph.Node("Reshape", [all, graph.Constant<long>([Grid.Channels, Grid.Count], 2)]);
        return (graph, graph.Node("Transpose", [flat], Attribute("perm", [1, 0])));
    }

    private string Cut(GraphEditor graph)
    {
        string size = graph.Node("Shape", [ImageInput], Attribute("start", 1), Attribute("end", 3));
        string starts = Share(_area.Top, _area.Left);
        string ends = Share(_area.Top + _area.Height, _area.Left + _area.Width);
        return graph.Node("Slice", [ImageInput, starts, ends, graph.Constant<long>([1, 2], 2)]);

        string Share(double vertical, double horizontal)
        {
            string pixels = graph.Node("Mul", [graph.Cast(size, typeof(double)), graph.Constant<double>([vertical, horizontal], 2)]);
            return graph.Cast(graph.Node("Round", [pixels]), typeof(long));
        }
    }

    private string Layer(GraphEditor graph, string feature, bool isFirst)
    {
        string mean = graph.Node("AveragePool", [feature],
            Attribute("kernel_shape", [3, 3]), Attribute("pads", [1, 1, 1, 1]), Attribute("count_include_pad", 1));
        if (isFirst)
            return mean;

        // Sizes name all dimensions, batch and channels too.
        string channels = graph.Node("Shape", [mean], Attribute("start", 0), Attribute("end", 2));
        string sizes = graph.Node("Concat", [channels, graph.Constant<long>([Grid.Height, Grid.Width], 2)], Attribute("axis", 0));
        return graph.Node("Resize", [mean, "", "", sizes], Attribute("mode", "linear"));
    }

    private static string Order(GraphEditor graph, string patches, string values, string squares)
        => graph.Node("Gemm", [patches, values, squares], Attribute("alpha", -2f), Attribute("transB", 1));

    private static string Distances(GraphEditor graph, string left, string right)
        => graph.Node("ReduceL2", [graph.Node("Sub", [left, right]), graph.Constant<long>([1], 1)], Attribute("keepdims", 0));

    private static string Reweighted(
        GraphEditor graph, PatchBank bank, string centred, string values, string squares, string nearest, string distances)
    {
        string farthest = graph.Node("ArgMax", [distances], Attribute("axis", 0), Attribute("keepdims", 1));
        string patch = graph.Node("Gather", [centred, farthest]);
        string neighbour = graph.Node("Gather", [values, graph.Node("Gather", [nearest, farthest])]);
        string order = graph.Node("Reshape", [Order(graph, neighbour, values, squares), graph.Constant<long>([-1], 1)]);
        string support = graph.Fresh("support");
        graph.Graph.Node.Add(new NodeProto
        {
            OpType = "TopK",
            Input = { order, graph.Constant<long>([Math.Min(ReweightingNeighbours, bank.Count)], 1) },
            Output = { graph.Fresh("unused"), support },
            Attribute = { Attribute("largest", 0) },
        });
        string weights = graph.Node("Softmax", [Distances(graph, patch, graph.Node("Gather", [values, support]))], Attribute("axis", 0));
        string own = graph.Node("Gather", [weights, graph.Constant<long>([0], 1)]);
        string loneliness = graph.Node("Sub", [graph.Constant(1f), own]);
        return graph.Node("Mul", [loneliness, graph.Node("Gather", [distances, farthest])]);
    }

    private static void AddOutput(GraphEditor graph, string name, params long[] shape)
        => graph.Graph.Output.Add(new ValueInfoProto { Name = name, Type = TensorType(typeof(float), shape.Select(size => (long?)size)) });

    private long[][] ShapesOfFeatures()
    {
        (GraphEditor graph, string input, string[] features) = _backbone.Copy([]);
        graph.Graph.Input.Add(new ValueInfoProto
        {
            Name = input,
            Type = TensorType(typeof(float), [1, RgbPicture.Channels, _height, _width]),
        });
        foreach (string feature in features)
            graph.Graph.Output.Add(new ValueInfoProto { Name = feature, Type = TensorType(typeof(float), shape: null) });

        try
        {
            using InferenceSession session = OnnxSession.Create(graph.Model.ToByteArray(), default);
            using var run = new RunOptions();
            using OrtValue black = OrtValue.CreateTensorValueFromMemory(
                new float[RgbPicture.Channels * _height * _width], [1, RgbPicture.Channels, _height, _width]);
            using IDisposableReadOnlyCollection<OrtValue> results = session.Run(run, [input], [black], features);
            long[][] shapes = [.. results.Select(result => result.GetTensorTypeAndShape().Shape)];
            return Array.TrueForAll(shapes, shape => shape is [1, > 0, > 0, > 0])
                ? shapes
                : throw new InvalidDataException(
                    $"The features of {_backbone.Name} are {string.Join(" and ", shapes.Select(shape => string.Join(" x ", shape)))}; "
                    + "expected maps, 1 x channels x height x width.");
        }
        catch (OnnxRuntimeException e)
        {
            throw new InvalidDataException($"{_backbone.Name} fails on a picture of {_height} x {_width}: {e.Message}", e);
        }
    }
}
