using Microsoft.ML;

namespace MLNet.AnomalyNormalization.Orleans.Evaluation;

/// <summary>The rows of a shard, and how to name one of them.</summary>
/// <param name="Data">The rows, normalised.</param>
/// <param name="NameOf">The file of a row, by the row's number, where each row has one.</param>
internal sealed record ShardRows(IDataView Data, Func<long, string?> NameOf);
