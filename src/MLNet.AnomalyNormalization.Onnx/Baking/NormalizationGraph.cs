using System.Numerics;
using MLNet.AnomalyNormalization.Onnx.Graphs;
using MLNet.AnomalyNormalization.Scale;

namespace MLNet.AnomalyNormalization.Onnx.Baking;

/// <summary>
/// The normalising formula as ONNX nodes, with the bits of <see cref="ScoreNormalizer"/>. The threshold is a value of the graph that a
/// caller may override, so that the branch for its sign is chosen when the graph runs.
/// </summary>
/// <remarks>
/// Comparisons and Where do what Min, Max and Clip could do, since runtimes differ in what those make of NaN. Half is computed in Single
/// and rounded after every operation, which gives the same bits as computing in Half: one rounding to 24 bits before the one to 11 changes
/// nothing for the four basic operations (Figueroa, When is double rounding innocuous?, 1995).
/// </remarks>
internal sealed class NormalizationGraph<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly GraphEditor _graph;
    private readonly NormalizationFormula<T> _formula;
    private readonly bool _preserveDecisions;
    private readonly string _shift;
    private readonly string _divisor;
    private readonly string _scale;
    private readonly string _offset;
    private readonly string _decision;

    /// <param name="graph">The graph to add to; everything is added at its end.</param>
    /// <param name="normalizer">The rule. Its threshold is the default of the optional input.</param>
    /// <param name="thresholdName">The proposed name of the optional input.</param>
    public NormalizationGraph(GraphEditor graph, ScoreNormalizer normalizer, string thresholdName)
    {
        _graph = graph;
        _formula = new(normalizer);
        _preserveDecisions = normalizer.PreserveDecisions;
        ThresholdInput = graph.OptionalInput(thresholdName, T.CreateTruncating(normalizer.Threshold));

        // A scalar in place of one dimension: it never changes the shape of what it is combined with.
        string threshold = Widen(graph.Node("Reshape", [ThresholdInput, graph.Constant<long>([], 0)]));
        string isZero = graph.Node("Equal", [threshold, Constant(T.Zero)]);
        string isNegative = graph.Node("Less", [threshold, Constant(T.Zero)]);
        var positive = new NormalizationFormula<T>(new ScoreNormalizer(1));
        var zero = new NormalizationFormula<T>(new ScoreNormalizer(0));
        var negative = new NormalizationFormula<T>(new ScoreNormalizer(-1));
        _shift = graph.Node("Where", [isZero, Constant(zero.Shift), Constant(positive.Shift)]);
        _divisor = graph.Node("Where", [isZero, Constant(zero.Divisor), threshold]);
        _scale = graph.Node("Where", [isNegative, Constant(negative.Scale), Constant(positive.Scale)]);
        _offset = graph.Node("Where", [isNegative, Constant(negative.Offset), Constant(positive.Offset)]);
        _decision = normalizer.Evaluation is null ? threshold : Constant(_formula.RawDecision);
    }

    /// <summary>The name of the optional input, of shape [1], that overrides the threshold.</summary>
    public string ThresholdInput { get; }

    /// <summary>Adds an output with the normalised values of a raw one, in its type and shape.</summary>
    public void Normalize(string raw, string output)
    {
        raw = Widen(raw);
        string value = Rounded("Add", raw, _shift);
        value = Rounded("Div", value, _divisor);
        value = Rounded("Mul", value, _scale);
        value = Rounded("Add", value, _offset);

        string floor = Constant(_formula.AnomalousFloor);
        string cap = Constant(_formula.Maximum);
        if (_preserveDecisions)
        {
            string isNormal = _graph.Node("Less", [raw, _decision]);
            floor = _graph.Node("Where", [isNormal, Constant(T.Zero), floor]);
            cap = _graph.Node("Where", [isNormal, Constant(_formula.NormalCap), cap]);
        }

        // A limit replaces the value only where a comparison says so, which it never does for NaN.
        value = _graph.Node("Where", [_graph.Node("Less", [value, floor]), floor, value]);
        value = _graph.Node("Where", [_graph.Node("Greater", [value, cap]), cap, value]);
        if (typeof(T) == typeof(Half))
            value = _graph.Cast(value, typeof(Half));
        _graph.NodeTo(output, "Identity", [value]);
    }

    /// <summary>
    /// Adds an output that tells which values of a raw one are anomalous: those that are not less than the decision threshold.
    /// </summary>
    public void Decide(string raw, string output)
        => _graph.NodeTo(output, "Not", [_graph.Node("Less", [Widen(raw), _decision])]);

    /// <summary>
    /// Adds an output that tells whether normalised values pass, are reviewed or rejected; limits are scalars in place of one dimension.
    /// </summary>
    public void Review(string normalized, string output, ReviewBand band, (string From, string To) names)
    {
        string value = Widen(normalized);
        string isReviewed = _graph.Node("Less", [value, Limit(names.To, band.To)]);
        string isPassed = _graph.Node("Less", [value, Limit(names.From, band.From)]);
        string rest = _graph.Node("Where", [isReviewed, _graph.Constant((int)Decision.Review), _graph.Constant((int)Decision.Reject)]);
        _graph.NodeTo(output, "Where", [isPassed, _graph.Constant((int)Decision.Pass), rest]);

        string Limit(string name, double limit)
            => Widen(_graph.Node("Reshape", [_graph.OptionalInput(name, T.CreateSaturating(limit)), _graph.Constant<long>([], 0)]));
    }

    private string Rounded(string operation, string left, string right)
    {
        string result = _graph.Node(operation, [left, right]);
        return typeof(T) == typeof(Half) ? Widen(_graph.Cast(result, typeof(Half))) : result;
    }

    private string Widen(string value) => typeof(T) == typeof(Half) ? _graph.Cast(value, typeof(float)) : value;

    private string Constant(T value) => typeof(T) == typeof(Half) ? _graph.Constant(float.CreateTruncating(value)) : _graph.Constant(value);
}
