namespace MLNet.AnomalyNormalization.Orleans;

/// <summary>Some normalised scores of a station, in the order of inspection.</summary>
/// <param name="Number">
/// Tells the batch from all others of the station: not negative, below <see cref="long.MaxValue"/>, each used once, consecutive, in any
/// order of arrival.
/// <see cref="StationStatus.NextBatchNumber"/> says where a station that was started again goes on.
/// </param>
/// <param name="Scores">The normalised scores, 0..1000.</param>
/// <param name="Labels">For each score whether the part is really anomalous, null where nobody looked; null if that is so for all.</param>
[GenerateSerializer, Immutable, Alias("MLNet.AnomalyNormalization.StationBatch")]
public sealed record StationBatch(long Number, IReadOnlyList<float> Scores, IReadOnlyList<bool?>? Labels = null);
