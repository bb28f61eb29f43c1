using MLNet.AnomalyNormalization.Onnx.Graphs;

namespace MLNet.AnomalyNormalization.Onnx.Models;

/// <summary>
/// What a graph does to a raw score or map before it gives it away: where the raw value is, on which scale it comes out, and where the
/// model decides.
/// </summary>
/// <param name="Raw">The value before any scaling: the output itself, or a value within the graph.</param>
/// <param name="Scaling">anomalib 2's scaling, if it was recognised.</param>
/// <param name="IsClipped">Whether the output is clipped to 0..1 in a way that was not recognised.</param>
/// <param name="Threshold">The raw threshold that the graph decides at; null if it doesn't tell one.</param>
internal sealed record PostProcessor(string Raw, AnomalyPostProcessing? Scaling, bool IsClipped, double? Threshold)
{
    // The clipping is among the last nodes, or it isn't there.
    private const int MostSteps = 32;

    private const double Middle = 0.5;

    /// <summary>Looks at how an output is made, and what is decided from it.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="output">The name of the output with the score or the map.</param>
    /// <param name="decision">The name of the output with the label or the mask; null if there is none.</param>
    public static PostProcessor Of(GraphReader graph, string output, string? decision)
    {
        string value = graph.SourceOf(output);
        double? label = decision is null ? null : DecisionOf(graph, decision, value);
        if (InnerOfClip(graph, value) is not { } scaled)
            return new(output, null, IsClippedFurtherUp(graph, value), label is { } raw && double.IsFinite(raw) ? raw : null);

        return ScalingOf(graph, scaled, label ?? Middle) is var (inner, scaling)
            ? new(inner, scaling, IsClipped: false, scaling.RawThreshold)
            : new(output, null, IsClipped: true, null);
    }

    // Clip(x, 0, 1), or Min and Max with these bounds.
    private static string? InnerOfClip(GraphReader graph, string value)
    {
        if (graph.MakerOf(value) is { OpType: "Clip" } clip)
        {
            return clip.Input is [var clipped, var low, var high] && graph.Number(low) == 0 && graph.Number(high) == 1
                ? clipped
                : null;
        }

        return Operand(graph, value, "Max") is (var upper, 0) && Operand(graph, upper, "Min") is (var first, 1) ? first
            : Operand(graph, value, "Min") is (var lower, 1) && Operand(graph, lower, "Max") is (var second, 0) ? second
            : null;
    }

    // A score that is the maximum of a clipped map is clipped as well.
    private static bool IsClippedFurtherUp(GraphReader graph, string value)
    {
        for (int steps = 0; steps < MostSteps && graph.MakerOf(value) is { Input.Count: > 0 } maker; steps++)
        {
            if (InnerOfClip(graph, value) is not null)
                return true;
            if (!GraphReader.Keeps(maker) && maker.OpType is not ("Cast" or "ReduceMax" or "Transpose"))
                return false;
            value = maker.Input[0];
        }

        return false;
    }

    // (raw - threshold) / range + 0.5, from the outside in.
    private static (string Raw, AnomalyPostProcessing Scaling)? ScalingOf(GraphReader graph, string value, double label)
    {
        if ((Operand(graph, value, "Add") ?? Negated(Operand(graph, value, "Sub"))) is not (var divided, Middle))
            return null;

        if ((Operand(graph, divided, "Div") ?? Inverted(Operand(graph, divided, "Mul"))) is not (var shifted, > 0 and <= float.MaxValue and var range))
            return null;

        return (Operand(graph, shifted, "Sub") ?? Negated(Operand(graph, shifted, "Add"))) is var (raw, threshold) && double.IsFinite(threshold)
            ? (raw, new AnomalyPostProcessing(threshold, range, label))
            : null;

        static (string, double)? Negated((string Value, double Constant)? operand)
            => operand is var (rest, constant) ? (rest, -constant) : null;

        static (string, double)? Inverted((string Value, double Constant)? operand)
            => operand is var (rest, constant) ? (rest, 1 / constant) : null;
    }

    // The score that the decision is made at: Greater(value, constant), or the same the other way round.
    private static double? DecisionOf(GraphReader graph, string decision, string value)
        => graph.MakerOf(graph.SourceOf(decision)) is not { Input: [var left, var right] } maker ? null
            : maker.OpType is "Greater" or "GreaterOrEqual" && graph.SourceOf(left) == value ? graph.Number(right)
            : maker.OpType is "Less" or "LessOrEqual" && graph.SourceOf(right) == value ? graph.Number(left)
            : null;

    // What a node of two operands does with a constant: the other operand and the constant. Only what commutes may have it first.
    private static (string Other, double Constant)? Operand(GraphReader graph, string value, string operation)
    {
        if (graph.MakerOf(graph.SourceOf(value)) is not { Input: [var left, var right] } maker || maker.OpType != operation)
            return null;

        return graph.Number(right) is { } last ? (left, last)
            : operation is "Add" or "Mul" or "Min" or "Max" && graph.Number(left) is { } first ? (right, first)
            : null;
    }
}
