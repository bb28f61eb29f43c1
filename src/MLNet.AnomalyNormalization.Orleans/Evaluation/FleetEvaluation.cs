using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Orleans;

/// <summary>What a cluster found in a test set.</summary>
public sealed class FleetEvaluation
{
    /// <summary>
    /// The metrics over all shards but the failed ones: the bits that <c>EvaluateNormalized</c> gives for their rows, one shard after another.
    /// </summary>
    public required AnomalyEvaluation Evaluation { get; init; }

    /// <summary>The shards that could not be evaluated, or were not reached, in their order.</summary>
    public required IReadOnlyList<ShardFailure> Failures { get; init; }

    /// <summary>Whether every shard was evaluated.</summary>
    public bool IsComplete => Failures.Count == 0;

    /// <summary>The number of rows in the evaluated shards.</summary>
    public required long RowCount { get; init; }

    /// <summary>How many shards each silo contributed to the result, by the silo's address.</summary>
    public required IReadOnlyDictionary<string, int> ShardsBySilo { get; init; }
}
