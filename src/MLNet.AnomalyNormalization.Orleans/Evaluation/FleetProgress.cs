namespace MLNet.AnomalyNormalization.Orleans;

/// <summary>How far an evaluation has come. After the loss of a silo the numbers go back by what it had done.</summary>
/// <param name="ShardsDone">The number of shards that were evaluated, or failed.</param>
/// <param name="ShardCount">The number of all shards.</param>
/// <param name="RowsDone">The number of rows in the evaluated shards.</param>
public readonly record struct FleetProgress(int ShardsDone, int ShardCount, long RowsDone);
