namespace MLNet.AnomalyNormalization.Onnx.Graphs;

/// <summary>The image score of a model that gives a map alone: the map's maximum, or NaN if there is a NaN in it.</summary>
internal static class MapMaximum
{
    private const int OpsetWithAxesAsInput = 18;

    /// <summary>Adds the nodes; gives a value of images x 1.</summary>
    public static AnomalyOnnxOutput AddTo(GraphEditor graph, AnomalyOnnxOutput map)
    {
        // The first dimension is the images, but for height x width and for a single number.
        bool isBatch = map.Shape is not { Count: 0 or 2 };
        Type type = map.ElementType == typeof(Half) ? typeof(float) : map.ElementType!;
        string pixels = graph.Node("Flatten", [map.Name], GraphEditor.Attribute("axis", isBatch ? 1L : 0L));
        if (map.ElementType == typeof(Half))
            pixels = graph.Cast(pixels, type);

        // What ReduceMax makes of NaN is the runtime's own affair; infinities it orders everywhere.
        string isNaN = graph.Cast(graph.Node("Not", [graph.Node("Equal", [pixels, pixels])]), typeof(float));
        string hasNaN = graph.Node("Greater", [Maximum(graph, isNaN), graph.Constant(0f)]);
        string nan = type == typeof(double) ? graph.Constant(double.NaN) : graph.Constant(float.NaN);
        string score = graph.Node("Where", [hasNaN, nan, Maximum(graph, pixels)]);
        if (map.ElementType == typeof(Half))
            score = graph.Cast(score, typeof(Half));
        return new(score, map.ElementType, [isBatch ? map.Shape?[0] : 1, 1], AnomalyOutputRole.Score);
    }

    private static string Maximum(GraphEditor graph, string rows)
        => graph.Opset >= OpsetWithAxesAsInput
            ? graph.Node("ReduceMax", [rows, graph.Constant<long>([1], 1)])
            : graph.Node("ReduceMax", [rows], GraphEditor.Attribute("axes", [1]));
}
