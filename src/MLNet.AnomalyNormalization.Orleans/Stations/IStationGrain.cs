using MLNet.AnomalyNormalization.Evaluation;
using Orleans.Concurrency;

namespace MLNet.AnomalyNormalization.Orleans;

/// <summary>
/// Watches an inspection station: counts what it found, keeps the distribution of its recent scores, and compares it with that of the fit.
/// The key is the station's name. What was acknowledged is in the grain storage named <see cref="AnomalyFleet.StationStorage"/>, and
/// survives a crash.
/// </summary>
/// <remarks>
/// The memory of a station is bounded: totals are numbers, and distributions and evaluators cover the recent rows, at least
/// <see cref="StationReference.WindowRows"/> and at most twice as many, once that many have come.
/// </remarks>
[Alias("MLNet.AnomalyNormalization.IStationGrain")]
public interface IStationGrain : IGrainWithStringKey
{
    /// <summary>Sets what the station's scores are compared with, clears the alert, and begins the recent rows anew; totals stay.</summary>
    /// <param name="reference">The distribution at the fit, with the limits of its drift.</param>
    [Alias("SetReference")]
    Task SetReference(StationReference reference);

    /// <summary>Takes a batch of scores. Once it returns, the batch is stored.</summary>
    /// <param name="batch">The batch. After a failure it can be sent again, and counts once.</param>
    /// <returns>Whether the batch was new.</returns>
    /// <exception cref="ArgumentException">A score is NaN, and NaN is not counted as anomalous, or there are other than as many labels.</exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A score lies outside 0..1000, or the number of the batch is negative or <see cref="long.MaxValue"/>.
    /// </exception>
    /// <exception cref="InvalidOperationException">Too many numbers between the batches are missing; they must be consecutive.</exception>
    [Alias("Add")]
    Task<bool> Add(StationBatch batch);

    /// <summary>What the station has seen so far.</summary>
    [Alias("GetStatus"), AlwaysInterleave]
    Task<StationStatus> GetStatus();

    /// <summary>The labelled recent rows: a copy, to compute metrics of, or to merge with those of other stations.</summary>
    [Alias("GetEvaluator"), AlwaysInterleave]
    Task<ImageEvaluator> GetEvaluator();

    /// <summary>Clears the alert, so that the next passing of a limit raises another.</summary>
    [Alias("ClearAlert")]
    Task ClearAlert();
}
