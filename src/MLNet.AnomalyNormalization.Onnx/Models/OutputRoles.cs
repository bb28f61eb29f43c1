using MLNet.AnomalyNormalization.Onnx.Format;
using MLNet.AnomalyNormalization.Onnx.Graphs;

namespace MLNet.AnomalyNormalization.Onnx.Models;

/// <summary>Finds out which output of a graph is the score, the map, the label and the mask, by name and then by shape.</summary>
internal static class OutputRoles
{
    // anomalib 2 names its outputs; earlier ones, and quadra, leave it to the exporter or say "output".
    private static readonly string[] ScoreNames = ["pred_score", "pred_scores", "anomaly_score", "image_score", "score"];
    private static readonly string[] MapNames = ["anomaly_map", "anomaly_maps", "map", "heatmap"];
    private static readonly string[] LabelNames = ["pred_label", "pred_labels"];
    private static readonly string[] MaskNames = ["pred_mask", "pred_masks"];

    /// <summary>The outputs with their roles; a name that was given decides.</summary>
    /// <exception cref="ArgumentException">There is no such output, it holds no floating-point numbers, or one is named for both.</exception>
    public static AnomalyOnnxOutput[] Assign(ModelProto model, string? scoreName, string? mapName)
    {
        AnomalyOnnxOutput[] outputs = [.. model.Graph.Output.Select(output => new AnomalyOnnxOutput(
            output.Name, ElementType.Of(output.Type), ElementType.ShapeOf(output.Type), ModelMetadata.RoleOf(model, output.Name)))];
        Require(scoreName, nameof(scoreName));
        Require(mapName, nameof(mapName));
        if (scoreName is not null && scoreName == mapName)
            throw new ArgumentException($"The output '{scoreName}' is named for the score and for the map; it can be one of them.", nameof(mapName));

        Assign(AnomalyOutputRole.Score, scoreName
            ?? Find(ScoreNames, CanBeScore, LooksLikeScore, mapName, other => Has(MapNames, other) && CanBeMap(other.Shape)));
        Assign(AnomalyOutputRole.Map, mapName
            ?? Find(MapNames, CanBeMap, LooksLikeMap, scoreName, other => Has(ScoreNames, other) && CanBeScore(other.Shape)));
        Assign(AnomalyOutputRole.Label, FindDecision(LabelNames));
        Assign(AnomalyOutputRole.Mask, FindDecision(MaskNames));
        return outputs;

        // A role that the metadata tells stays where it is, unless the caller knows better.
        void Assign(AnomalyOutputRole role, string? name)
        {
            bool isGiven = (role, name) == (AnomalyOutputRole.Score, scoreName) || (role, name) == (AnomalyOutputRole.Map, mapName);
            if (name is null || (!isGiven && Array.Exists(outputs, output => output.Role == role)))
                return;

            for (int i = 0; i < outputs.Length; i++)
            {
                if (outputs[i].Name == name)
                    outputs[i] = outputs[i] with { Role = role };
                else if (outputs[i].Role == role)
                    outputs[i] = outputs[i] with { Role = AnomalyOutputRole.Other };
            }
        }

        string? Find(
            string[] names, Predicate<IReadOnlyList<long?>?> canBe, Predicate<IReadOnlyList<long?>?> looksLike, string? taken,
            Predicate<AnomalyOnnxOutput> isOther)
        {
            AnomalyOnnxOutput[] candidates = [.. outputs.Where(output => output.Role == AnomalyOutputRole.Other
                && output.Name != taken && ElementType.IsScore(output.ElementType))];
            return candidates.Where(output => Has(names, output) && canBe(output.Shape))
                .Concat(candidates.Where(output => !isOther(output) && looksLike(output.Shape)))
                .FirstOrDefault()?.Name;
        }

        string? FindDecision(string[] names)
            => outputs.FirstOrDefault(output => output.Role == AnomalyOutputRole.Other && output.ElementType == typeof(bool) && Has(names, output))
                ?.Name;

        static bool Has(string[] names, AnomalyOnnxOutput output) => names.Contains(output.Name, StringComparer.OrdinalIgnoreCase);

        void Require(string? name, string parameterName)
        {
            if (name is null)
                return;

            if (Array.Find(outputs, output => output.Name == name) is not { } found)
            {
                throw new ArgumentException(
                    $"There is no output '{name}'; the model has {string.Join(", ", outputs.Select(output => output.Name))}.",
                    parameterName);
            }

            if (!ElementType.IsScore(found.ElementType))
            {
                throw new ArgumentException(
                    $"The output '{name}' holds {found.ElementType?.Name ?? "no numbers"}; expected Single, Double or Half.",
                    parameterName);
            }
        }
    }

    // With a name that says what it is, an open dimension stands for whatever it has to be.
    private static bool CanBeScore(IReadOnlyList<long?>? shape) => shape is null || shape.Skip(1).All(dimension => dimension is null or 1);

    private static bool CanBeMap(IReadOnlyList<long?>? shape)
        => shape is null or { Count: >= 2 and <= 4 } && shape?.Skip(shape.Count == 2 ? 0 : 1).Count(dimension => dimension > 1) is null or <= 2;

    // Without one, the shape has to tell: nothing but the batch, or one number per image.
    private static bool LooksLikeScore(IReadOnlyList<long?>? shape) => shape is not null && shape.Skip(1).All(dimension => dimension == 1);

    // Images x 1 x height x width, where the 1 may be elsewhere or missing. Many channels that are known to be many are features.
    private static bool LooksLikeMap(IReadOnlyList<long?>? shape)
        => shape switch
        {
            null or { Count: < 2 or > 4 } => false,
            [> 1, > 1] => true,
            { Count: 2 } => false,
            { Count: 3 } => !LooksLikeScore(shape),
            [_, null, _, _] => true,
            [_, 1, _, _] or [_, _, _, 1] => !LooksLikeScore(shape),
            _ => false,
        };
}
