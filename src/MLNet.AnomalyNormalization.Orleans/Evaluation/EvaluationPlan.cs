using System.Security.Cryptography;
using System.Text.Json;
using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Orleans.Evaluation;

/// <summary>What is the same for all shards of an evaluation.</summary>
/// <param name="ModelPath">The saved model; null if the shards hold normalised scores.</param>
/// <param name="ModelKey">Tells the content of the model from that of any other: its SHA-256.</param>
/// <param name="Options">The evaluation's options, as JSON.</param>
[GenerateSerializer, Immutable, Alias("MLNet.AnomalyNormalization.EvaluationPlan")]
internal sealed record EvaluationPlan(string? ModelPath, string ModelKey, string Options)
{
    public static EvaluationPlan For(string? modelPath, AnomalyEvaluationOptions options)
    {
        string json = JsonSerializer.Serialize(options);
        return modelPath is null ? new(null, "none", json) : new(Path.GetFullPath(modelPath), KeyOf(modelPath), json);
    }

    /// <summary>The key of a model file.</summary>
    public static string KeyOf(string modelPath)
    {
        using FileStream model = File.OpenRead(modelPath);
        return Convert.ToHexString(SHA256.HashData(model));
    }

    public AnomalyEvaluationOptions ReadOptions() => JsonSerializer.Deserialize<AnomalyEvaluationOptions>(Options)!;
}
