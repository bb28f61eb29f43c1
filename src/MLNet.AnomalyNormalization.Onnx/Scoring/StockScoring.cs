using Google.Protobuf;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using MLNet.AnomalyNormalization.Onnx.Format;
using MLNet.AnomalyNormalization.Onnx.Graphs;
using MLNet.AnomalyNormalization.Onnx.Pictures;

namespace MLNet.AnomalyNormalization.Onnx.Scoring;

/// <summary>
/// The scoring of pictures by stock components of ML.NET: what a saved pipeline holds. A picture of the size that the pipeline was saved
/// for goes untouched into the same graphs as everywhere, and gives the same bits.
/// </summary>
/// <remarks>
/// Stock components know pictures of one size alone. One of another size is brought there by <c>ResizeImages</c> in its way IsoPad, which
/// smooths and keeps the proportions; the graph then finds the picture within its transparent margins and prepares that. A picture that is
/// transparent within has lost its colours when it was loaded: its score and map become NaN, hence anomalous.
/// </remarks>
internal static class StockScoring
{
    private const int ChannelsWithOpacity = 4;
    private const float HalfOpaque = 128;

    public static void Save(
        ModelSaveContext ctx, AnomalyScorer scorer, bool isText, string source, string score, string? map, int? gpuDeviceId,
        (int Height, int Width) size)
    {
        string folder = Directory.CreateTempSubdirectory("AnomalyOnnx").FullName;
        try
        {
            // ApplyOnnxModel reads its file again when it is saved.
            var mlContext = new MLContext();
            using TransformerChain<ITransformer> chain = Chain(mlContext.Transforms, scorer, isText, source, score, map, gpuDeviceId, size, folder)
                .Fit(Schema(mlContext, isText, source));
            ((ICanSaveModel)chain).Save(ctx);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static EstimatorChain<ITransformer> Chain(
        TransformsCatalog catalog, AnomalyScorer scorer, bool isText, string source, string score, string? map, int? gpuDeviceId,
        (int Height, int Width) size, string folder)
    {
        (string image, string pixels, string picture, string doubt) = ($"{score}.Image", $"{score}.Pixels", $"{score}.Picture", $"{score}.Doubt");
        string preparation = Path.Combine(folder, "preparation.onnx");
        string model = Path.Combine(folder, "model.onnx");
        File.WriteAllBytes(preparation, Preparation(scorer, pixels, picture, doubt, size));
        File.WriteAllBytes(model, new ScoringGraph(scorer.Model).Build(
            picture, AnomalyScorer.ShapeOf(scorer.Input, size), scorer.Input, score, map, scorer.MapSize, doubt));

        var chain = new EstimatorChain<ITransformer>();
        if (isText)
            chain = chain.Append<ITransformer>(catalog.LoadImages(image, null, source));
        return chain
            .Append<ITransformer>(catalog.ResizeImages(
                image, size.Width, size.Height, isText ? image : source, ImageResizingEstimator.ResizingKind.IsoPad))
            .Append<ITransformer>(catalog.ExtractPixels(
                pixels, image, ImagePixelExtractingEstimator.ColorBits.All, ImagePixelExtractingEstimator.ColorsOrder.ARGB,
                interleavePixelColors: true, outputAsFloatArray: false))
            .Append<ITransformer>(catalog.ApplyOnnxModel([picture, doubt], [pixels], preparation))
            .Append<ITransformer>(catalog.ApplyOnnxModel(map is null ? [score] : [score, map], [picture, doubt], model, gpuDeviceId))
            .Append<ITransformer>(catalog.DropColumns(image, pixels, picture, doubt));
    }

    // Nothing but the schema is looked at.
    private static IDataView Schema(MLContext mlContext, bool isText, string source)
    {
        SchemaDefinition schema = SchemaDefinition.Create(isText ? typeof(PathRow) : typeof(ImageRow));
        schema[0].ColumnName = source;
        if (isText)
            return mlContext.Data.LoadFromEnumerable<PathRow>([], schema);

        schema[0].ColumnType = new ImageDataViewType();
        return mlContext.Data.LoadFromEnumerable<ImageRow>([], schema);
    }

    /// <summary>The preparation graph behind the stock components: pixels with opacity in, the prepared picture and the doubt out.</summary>
    private static byte[] Preparation(AnomalyScorer scorer, string pixels, string picture, string doubt, (int Height, int Width) size)
    {
        var graph = new GraphEditor(PreparationGraph.Opset);
        graph.Graph.Input.Add(new ValueInfoProto
        {
            Name = pixels,
            Type = GraphEditor.TensorType(typeof(byte), [1, size.Height, size.Width, ChannelsWithOpacity]),
        });
        string opacity = graph.Cast(Channels(graph, pixels, 0, 1), typeof(float));
        string colours = Channels(graph, pixels, 1, ChannelsWithOpacity);
        (string top, string bottom) = Extent(graph, opacity, axis: 1, size.Height);
        (string left, string right) = Extent(graph, opacity, axis: 2, size.Width);
        string starts = graph.Node("Concat", [top, left], GraphEditor.Attribute("axis", 0));
        string ends = graph.Node("Concat", [bottom, right], GraphEditor.Attribute("axis", 0));
        string axes = graph.Constant<long>([1, 2], 2);
        string inside = graph.Node("Slice", [colours, starts, ends, axes]);

        graph.NodeTo(picture, "Identity", [scorer.Input is { } input
            ? PreparationGraph.AddTo(graph, inside, scorer.Preprocessing, input)
            : graph.Node("Reshape", [inside, graph.Constant<long>([1, size.Height, size.Width, RgbPicture.Channels], 4)])]);
        AddOutput(picture, scorer.Input is null ? typeof(byte) : typeof(float), AnomalyScorer.ShapeOf(scorer.Input, size));

        graph.NodeTo(doubt, "Reshape", [Doubt(graph, opacity, starts, ends, axes), graph.Constant<long>([1], 1)]);
        AddOutput(doubt, typeof(float), [1]);
        return graph.Model.ToByteArray();

        void AddOutput(string name, Type type, long?[] shape)
            => graph.Graph.Output.Add(new ValueInfoProto { Name = name, Type = GraphEditor.TensorType(type, shape) });
    }

    private static string Channels(GraphEditor graph, string pixels, long from, long to)
        => graph.Node("Slice",
            [pixels, graph.Constant<long>([from], 1), graph.Constant<long>([to], 1), graph.Constant<long>([3], 1)]);

    // Where along an axis the picture begins, and where it has ended: the first and the last line that has something opaque in it.
    private static (string First, string End) Extent(GraphEditor graph, string opacity, int axis, int size)
    {
        string lines = graph.Node("ReduceMax", [opacity, graph.Constant<long>(axis == 1 ? [0, 2, 3] : [0, 1, 3], 3)], GraphEditor.Attribute("keepdims", 0));
        string isIn = graph.Cast(graph.Node("GreaterOrEqual", [lines, graph.Constant(HalfOpaque)]), typeof(float));
        string first = graph.Node("ArgMax", [isIn], GraphEditor.Attribute("axis", 0));
        string last = graph.Node("ArgMax", [isIn], GraphEditor.Attribute("axis", 0), GraphEditor.Attribute("select_last_index", 1));
        return (first, graph.Node("Add", [last, graph.Constant<long>([1], 1)]));
    }

    // Smoothing leaves the outermost pixels half-transparent; within, nothing may be.
    private static string Doubt(GraphEditor graph, string opacity, string starts, string ends, string axes)
    {
        string one = graph.Constant<long>([1], 1);
        string inner = graph.Node("Slice", [opacity, graph.Node("Add", [starts, one]), graph.Node("Sub", [ends, one]), axes]);

        // A picture of two lines has no inside; the opaque element keeps the minimum defined.
        string all = graph.Node("Concat",
            [graph.Node("Reshape", [inner, graph.Constant<long>([-1], 1)]), graph.Constant<float>([byte.MaxValue], 1)], GraphEditor.Attribute("axis", 0));
        string least = graph.Node("ReduceMin", [all], GraphEditor.Attribute("keepdims", 1));
        return graph.Node("Where",
            [graph.Node("Less", [least, graph.Constant((float)byte.MaxValue)]), graph.Constant<float>([float.NaN], 1), graph.Constant<float>([0], 1)]);
    }

    private sealed class ImageRow
    {
        [ImageType(1, 1)]
        public MLImage? Picture { get; set; }
    }

    private sealed class PathRow
    {
        public string? Path { get; set; }
    }
}
