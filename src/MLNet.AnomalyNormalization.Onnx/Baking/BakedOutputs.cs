using System.Numerics;
using MLNet.AnomalyNormalization.Onnx.Format;
using MLNet.AnomalyNormalization.Onnx.Graphs;
using MLNet.AnomalyNormalization.Onnx.Models;
using MLNet.AnomalyNormalization.Scale;

namespace MLNet.AnomalyNormalization.Onnx.Baking;

/// <summary>Adds the normalised outputs of one raw score and one raw map to a model.</summary>
internal sealed class BakedOutputs(ModelProto model, AnomalyThresholds thresholds, BakeOptions options)
{
    // Since version 4 of the format an initialiser that is also an input is an input with a default.
    private const long VersionWithOptionalInputs = 4;

    private const string ReviewFrom = "review_from";
    private const string ReviewTo = "review_to";

    private readonly GraphEditor _graph = new(model);
    private readonly Dictionary<AnomalyOutputRole, string> _outputs = [];
    private string? _shownScore;
    private string? _shownMap;

    /// <param name="score">The raw score, an output or a value within the graph.</param>
    /// <param name="map">The raw map.</param>
    /// <param name="outputs">The outputs that show them, raw or scaled by the model itself.</param>
    public void Run(AnomalyOnnxOutput? score, AnomalyOnnxOutput? map, (string? Score, string? Map) outputs)
    {
        (_shownScore, _shownMap) = outputs;
        model.IrVersion = Math.Max(model.IrVersion, VersionWithOptionalInputs);
        var image = new ScoreNormalizer(thresholds.Image, options.ImageEvaluation, options.PreserveDecisions);
        var pixel = new ScoreNormalizer(thresholds.Pixel, options.PixelEvaluation, options.PreserveDecisions);

        if ((score ?? (map is null ? null : MapMaximum.AddTo(_graph, map))) is { } raw)
            Add(raw, image, ModelMetadata.ImageThreshold, AnomalyOutputRole.NormalizedScore, Where(options.AddLabel, AnomalyOutputRole.Label));
        if (map is not null)
            Add(map, pixel, ModelMetadata.PixelThreshold, AnomalyOutputRole.NormalizedMap, Where(options.AddMask, AnomalyOutputRole.Mask));

        if (options.ReplaceRawOutputs)
        {
            foreach (ValueInfoProto output in model.Graph.Output.Where(output => output.Name == _shownScore || output.Name == _shownMap).ToArray())
            {
                model.Graph.Output.Remove(output);
                model.Graph.ValueInfo.Add(output);
            }
        }
        else
        {
            // Names that the caller gave, or that were guessed, are known from now on.
            if (_shownScore is not null)
                _outputs[AnomalyOutputRole.Score] = _shownScore;
            if (_shownMap is not null)
                _outputs[AnomalyOutputRole.Map] = _shownMap;
        }

        ModelMetadata.WriteMark(model);
        ModelMetadata.WriteThresholds(model, thresholds);
        foreach ((AnomalyOutputRole role, string name) in _outputs)
            ModelMetadata.WriteRole(model, role, name);

        static AnomalyOutputRole? Where(bool isWanted, AnomalyOutputRole role) => isWanted ? role : null;
    }

    private void Add(
        AnomalyOnnxOutput raw, ScoreNormalizer normalizer, string threshold, AnomalyOutputRole normalized, AnomalyOutputRole? decision)
    {
        if (raw.ElementType == typeof(float))
            Add<float>(raw, normalizer, threshold, normalized, decision);
        else if (raw.ElementType == typeof(double))
            Add<double>(raw, normalizer, threshold, normalized, decision);
        else
            Add<Half>(raw, normalizer, threshold, normalized, decision);
    }

    private void Add<T>(
        AnomalyOnnxOutput raw, ScoreNormalizer normalizer, string threshold, AnomalyOutputRole normalized, AnomalyOutputRole? decision)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        RequireHeld<T>(raw, normalizer, nameof(thresholds));
        var formula = new NormalizationGraph<T>(_graph, normalizer, threshold);
        string output = Output(normalized, raw, typeof(T));
        formula.Normalize(raw.Name, output);
        if (normalized == AnomalyOutputRole.NormalizedScore && options.ReviewBand is { } band)
            formula.Review(output, Output(AnomalyOutputRole.Decision, raw, typeof(int)), band, (ReviewFrom, ReviewTo));
        if (decision is { } role)
            formula.Decide(raw.Name, Output(role, raw, typeof(bool)));
    }

    private static void RequireHeld<T>(AnomalyOnnxOutput raw, ScoreNormalizer normalizer, string parameterName)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (NormalizationFormula<T>.FirstNotHeld(normalizer) is var (constant, held))
        {
            throw new ArgumentOutOfRangeException(parameterName, constant,
                $"The raw output '{raw.Name}' is of type {typeof(T).Name}, which can't hold this threshold: it becomes {held}. "
                + "Scale the scores, or export the model in a wider type.");
        }
    }

    private string Output(AnomalyOutputRole role, AnomalyOnnxOutput raw, Type type)
    {
        string name = _graph.Fresh(ModelMetadata.OutputNames[role]);
        TypeProto outputType = GraphEditor.TensorType(type, raw.Shape);

        // With the names of its open dimensions, where the raw value is shown by an output.
        string? shown = role is AnomalyOutputRole.NormalizedScore or AnomalyOutputRole.Label or AnomalyOutputRole.Decision ? _shownScore : _shownMap;
        if (shown is not null && model.Graph.Output.FirstOrDefault(output => output.Name == shown)?.Type.TensorType.Shape is { } shape)
            outputType.TensorType.Shape = shape.Clone();
        model.Graph.Output.Add(new ValueInfoProto { Name = name, Type = outputType });
        _outputs[role] = name;
        return name;
    }
}
