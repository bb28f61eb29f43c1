using MLNet.AnomalyNormalization.Onnx.Graphs;

namespace MLNet.AnomalyNormalization.Onnx.Pictures;

/// <summary>
/// The preparation of a picture as nodes of a graph: every path (pipeline, prediction engine, saved model, trained model) runs these, in
/// OnnxRuntime, and gets the same bits.
/// </summary>
internal static class PreparationGraph
{
    /// <summary>Resize has antialias since this version of the standard operators.</summary>
    public const int Opset = 18;

    // torch's cubic when it antialiases, as Pillow's; and the one of torch otherwise, which is OpenCV's.
    private const float AntialiasedCubic = -0.5f;
    private const float PlainCubic = -0.75f;

    // The weights of ITU-R 601 in 65,536ths, as Pillow's convert("L"); OpenCV's differ by less than a step.
    private static readonly float[] Brightness = [19595 / 65536f, 38470 / 65536f, 7471 / 65536f];

    /// <summary>Adds the preparation at the end of a graph of this opset.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="pixels">The picture: Byte, 1 x height x width x 3, red, green and blue.</param>
    /// <param name="preprocessing">How it is prepared; its sizes are not looked at.</param>
    /// <param name="input">What comes out: 1 x channels x height x width, Single, before any other layout or type of the model.</param>
    /// <returns>The name of the prepared picture.</returns>
    public static string AddTo(GraphEditor graph, string pixels, ImagePreprocessing preprocessing, ImageInput input)
    {
        string value = graph.Cast(graph.Node("Transpose", [pixels], GraphEditor.Attribute("perm", [0, 3, 1, 2])), typeof(float));
        if (input.Channels == 1)
        {
            string weighted = graph.Node("Mul", [value, graph.Constant<float>(Brightness, 1, 3, 1, 1)]);
            string sum = graph.Node("ReduceSum", [weighted, graph.Constant<long>([1], 1)]);
            value = graph.Node("Floor", [graph.Node("Add", [sum, graph.Constant(0.5f)])]);
        }

        value = Resized(graph, value, preprocessing, input);
        if (input.Crop is { } crop)
        {
            value = graph.Node("Slice",
            [
                value,
                graph.Constant<long>([crop.Top, crop.Left], 2),
                graph.Constant<long>([crop.Top + crop.Height, crop.Left + crop.Width], 2),
                graph.Constant<long>([2, 3], 2),
            ]);
        }

        if (preprocessing.IsBlueFirst && input.Channels == 3)
            value = graph.Node("Gather", [value, graph.Constant<long>([2, 1, 0], 3)], GraphEditor.Attribute("axis", 1));
        value = Combine("Div", value, [preprocessing.PixelDivisor], neutral: 1);
        value = Combine("Sub", value, preprocessing.Mean, neutral: 0);
        return Combine("Div", value, preprocessing.StandardDeviation, neutral: 1);

        string Combine(string operation, string left, IReadOnlyList<double> channels, double neutral)
            => channels.All(channel => channel == neutral) ? left
                : graph.Node(operation,
                    [left, graph.Constant<float>([.. channels.Select(channel => (float)channel)], 1, channels.Count, 1, 1)]);
    }

    // Pixels stand for areas (half_pixel), as everywhere in torch and OpenCV but for their nearest, which takes the pixel of the corner.
    private static string Resized(GraphEditor graph, string value, ImagePreprocessing preprocessing, ImageInput input)
    {
        string sizes = graph.Constant<long>([1, input.Channels, input.ResizedHeight, input.ResizedWidth], 4);
        bool antialias = preprocessing.Antialias && preprocessing.Interpolation != ImageInterpolation.Nearest;
        string resized = preprocessing.Interpolation switch
        {
            ImageInterpolation.Nearest => graph.Node("Resize", [value, "", "", sizes],
                GraphEditor.Attribute("mode", "nearest"),
                GraphEditor.Attribute("nearest_mode", "floor"),
                GraphEditor.Attribute("coordinate_transformation_mode", "asymmetric")),
            ImageInterpolation.Bicubic => graph.Node("Resize", [value, "", "", sizes],
                GraphEditor.Attribute("mode", "cubic"),
                GraphEditor.Attribute("cubic_coeff_a", antialias ? AntialiasedCubic : PlainCubic),
                GraphEditor.Attribute("antialias", antialias ? 1L : 0L),
                GraphEditor.Attribute("exclude_outside", antialias ? 1L : 0L),
                GraphEditor.Attribute("coordinate_transformation_mode", "half_pixel")),
            _ => graph.Node("Resize", [value, "", "", sizes],
                GraphEditor.Attribute("mode", "linear"),
                GraphEditor.Attribute("antialias", antialias ? 1L : 0L),
                GraphEditor.Attribute("exclude_outside", antialias ? 1L : 0L),
                GraphEditor.Attribute("coordinate_transformation_mode", "half_pixel")),
        };
        if (preprocessing.Library != ImageLibrary.OpenCv)
            return resized;

        // Halves go up, in OpenCV's whole numbers; ONNX's Round takes them to even. They abound where sizes have simple ratios.
        string rounded = graph.Node("Floor", [graph.Node("Add", [resized, graph.Constant(0.5f)])]);
        return graph.Node("Clip", [rounded, graph.Constant(0f), graph.Constant(255f)]);
    }
}
