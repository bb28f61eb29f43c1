namespace MLNet.AnomalyNormalization.Orleans.Evaluation;

/// <summary>Some consecutive shards, and all that a silo needs to know to evaluate them.</summary>
[GenerateSerializer, Immutable, Alias("MLNet.AnomalyNormalization.ShardRange")]
internal sealed record ShardRange(EvaluationShard[] Shards, EvaluationPlan Plan);
