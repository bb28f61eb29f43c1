namespace MLNet.AnomalyNormalization.Orleans;

/// <summary>A shard that could not be evaluated, or was not reached; nothing of it is in the result.</summary>
/// <param name="Shard">The name of the shard.</param>
/// <param name="Reason">What was wrong with it, and where.</param>
[GenerateSerializer, Immutable, Alias("MLNet.AnomalyNormalization.ShardFailure")]
public sealed record ShardFailure(string Shard, string Reason);
