using System.Collections.Concurrent;
using Microsoft.ML;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Orleans.Evaluation;

namespace MLNet.AnomalyNormalization.Orleans.Tests.Evaluation;

/// <summary>A shard of two normalised rows that does what a test wants when it is read.</summary>
[GenerateSerializer, Immutable]
internal sealed class HookedShard(string name) : EvaluationShard(name, "Score")
{
    /// <summary>What is done, by the name of the shard.</summary>
    public static ConcurrentDictionary<string, Action> Hooks { get; } = new();

    internal override ShardRows Read(MLContext mlContext, FleetModel? model, AnomalyEvaluationOptions options)
    {
        if (Hooks.TryGetValue(Name, out Action? hook))
            hook();
        Row[] rows = [new() { NormalizedScore = 50 }, new() { NormalizedScore = 150, Label = true }];
        return new(mlContext.Data.LoadFromEnumerable(rows), _ => null);
    }

    private sealed class Row
    {
        public float NormalizedScore { get; set; }

        public bool Label { get; set; }
    }
}
