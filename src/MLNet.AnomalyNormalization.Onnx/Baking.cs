using System.Numerics;
using MLNet.AnomalyNormalization.Onnx.Format;
using MLNet.AnomalyNormalization.Scale;

namespace MLNet.AnomalyNormalization.Onnx;

/// <summary>Adds the normalised outputs of one raw score and one raw map to a model.</summary>
internal sealed class Baking(ModelProto model, AnomalyThresholds thresholds, BakeOptions options)
{
    // Since version 4 of the format an initialiser that is also an input is an input with a default.
    private const long VersionWithOptionalInputs = 4;

    private readonly GraphEditor _graph = new(model);
    private readonly Dictionary<AnomalyOutputRole, string> _outputs = [];

    public void Run(AnomalyOnnxOutput? score, AnomalyOnnxOutput? map)
    {
        model.IrVersion = Math.Max(model.IrVersion, VersionWithOptionalInputs);
        var image = new ScoreNormalizer(thresholds.Image, options.ImageEvaluation, options.PreserveDecisions);
        var pixel = new ScoreNormalizer(thresholds.Pixel, options.PixelEvaluation, options.PreserveDecisions);

        if ((score ?? (map is null ? null : MapMaximum.AddTo(_graph, map))) is { } raw)
            Add(raw, image, BakedModel.ImageThreshold, AnomalyOutputRole.NormalizedScore, Where(options.AddLabel, AnomalyOutputRole.Label));
        if (map is not null)
            Add(map, pixel, BakedModel.PixelThreshold, AnomalyOutputRole.NormalizedMap, Where(options.AddMask, AnomalyOutputRole.Mask));

        if (options.ReplaceRawOutputs)
        {
            string?[] rawNames = [score?.Name, map?.Name];
            foreach (ValueInfoProto output in model.Graph.Output.Where(output => rawNames.Contains(output.Name)).ToArray())
            {
                model.Graph.Output.Remove(output);
                model.Graph.ValueInfo.Add(output);
            }
        }

        BakedModel.Write(model, thresholds, _outputs);

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
        formula.Normalize(raw.Name, Output(normalized, raw, typeof(T)));
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
        string name = _graph.Fresh(BakedModel.OutputNames[role]);
        TypeProto outputType = GraphEditor.TensorType(type, raw.Shape);

        // With the names of its open dimensions, where the raw value is an output itself.
        if (model.Graph.Output.FirstOrDefault(output => output.Name == raw.Name)?.Type.TensorType.Shape is { } shape)
            outputType.TensorType.Shape = shape.Clone();
        model.Graph.Output.Add(new ValueInfoProto { Name = name, Type = outputType });
        _outputs[role] = name;
        return name;
    }
}
