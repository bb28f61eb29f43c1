using MLNet.AnomalyNormalization.Onnx.Format;

namespace MLNet.AnomalyNormalization.Onnx;

/// <summary>Finds out which output of a graph is the score, the map, the label and the mask, by name and then by shape.</summary>
internal static class OutputRoles
{
    // anomalib 2 names its outputs; earlier ones, and quadra, leave it to the exporter or say "output".
    private static readonly string[] ScoreNames = ["pred_score", "pred_scores", "anomaly_score", "image_score", "score"];
    private static readonly string[] MapNames = ["anomaly_map", "anomaly_maps", "map", "heatmap"];

    /// <summary>The outputs with their roles; a name that was given decides.</summary>
    /// <exception cref="ArgumentException">There is no such output, or it holds no floating-point numbers.</exception>
    public static AnomalyOnnxOutput[] Assign(ModelProto model, string? scoreName, string? mapName)
    {
        AnomalyOnnxOutput[] outputs = [.. model.Graph.Output.Select(output => new AnomalyOnnxOutput(
            output.Name, ElementType.Of(output.Type), ElementType.ShapeOf(output.Type), BakedModel.RoleOf(model, output.Name)))];
        Require(scoreName, nameof(scoreName));
        Require(mapName, nameof(mapName));

        int score = scoreName is null ? Find(LooksLikeScore, ScoreNames, mapName) : IndexOf(scoreName);
        int map = mapName is null ? Find(LooksLikeMap, MapNames, scoreName) : IndexOf(mapName);
        int label = FindDecision(LooksLikeScore, "pred_label");
        int mask = FindDecision(LooksLikeMap, "pred_mask");
        Set(score, AnomalyOutputRole.Score);
        Set(map, AnomalyOutputRole.Map);
        Set(label, AnomalyOutputRole.Label);
        Set(mask, AnomalyOutputRole.Mask);
        return outputs;

        int IndexOf(string name) => Array.FindIndex(outputs, output => output.Name == name);

        void Set(int index, AnomalyOutputRole role)
        {
            if (index >= 0)
                outputs[index] = outputs[index] with { Role = role };
        }

        int Find(Predicate<IReadOnlyList<long?>?> fits, string[] names, string? taken)
        {
            int[] candidates = [.. Enumerable.Range(0, outputs.Length).Where(i => outputs[i].Role == AnomalyOutputRole.Other
                && outputs[i].Name != taken && ElementType.IsScore(outputs[i].ElementType))];
            return candidates.Where(i => names.Contains(outputs[i].Name, StringComparer.OrdinalIgnoreCase)
                    && (outputs[i].Shape is not { } shape || fits(shape)))
                .Concat(candidates.Where(i => fits(outputs[i].Shape)))
                .DefaultIfEmpty(-1).First();
        }

        int FindDecision(Predicate<IReadOnlyList<long?>?> fits, string name)
            => Array.FindIndex(outputs, output => output.Role == AnomalyOutputRole.Other && output.ElementType == typeof(bool)
                && (output.Name == name || fits(output.Shape)));

        void Require(string? name, string parameterName)
        {
            if (name is null)
                return;

            int index = IndexOf(name);
            if (index < 0)
            {
                throw new ArgumentException(
                    $"There is no output '{name}'; the model has {string.Join(", ", outputs.Select(output => output.Name))}.",
                    parameterName);
            }

            if (!ElementType.IsScore(outputs[index].ElementType))
            {
                throw new ArgumentException(
                    $"The output '{name}' holds {outputs[index].ElementType?.Name ?? "no numbers"}; expected Single, Double or Half.",
                    parameterName);
            }
        }
    }

    // Nothing but the batch, or one number per image.
    private static bool LooksLikeScore(IReadOnlyList<long?>? shape) => shape is not null && shape.Skip(1).All(dimension => dimension == 1);

    // Images x 1 x height x width, where the 1 may be elsewhere or missing.
    private static bool LooksLikeMap(IReadOnlyList<long?>? shape)
        => shape switch
        {
            null or { Count: < 2 } => false,
            [> 1, > 1] => true,
            { Count: 2 } => false,
            _ => shape.Skip(1).Count(dimension => dimension != 1) is 1 or 2 && !LooksLikeScore(shape),
        };
}
