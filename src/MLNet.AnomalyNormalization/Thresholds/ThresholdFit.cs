using System.Diagnostics;
using System.Text.Json.Serialization;
using MLNet.AnomalyNormalization.Notebooks;

namespace MLNet.AnomalyNormalization;

/// <summary>
/// A learned threshold, and how it does on the rows that it was learned from, where <c>score &gt;= threshold</c> is anomalous.
/// </summary>
[TypeFormatterSource(typeof(HtmlTables))]
[JsonNumberHandling(JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[DebuggerDisplay("{Threshold}, from {LowerBound} to {UpperBound}")]
public sealed record ThresholdFit
{
    /// <summary>
    /// The raw decision threshold; finite. The comparison is made in the type of the scores: a Single score is compared with the threshold
    /// rounded to Single, which neither overflows nor turns a threshold that isn't zero to zero.
    /// </summary>
    public required double Threshold { get; init; }

    /// <summary>
    /// The lower end of the 95 % interval for the threshold, at most <see cref="Threshold"/>; negative infinity where there are too few
    /// rows to bound it. How it is computed is said at each strategy.
    /// </summary>
    public required double LowerBound { get; init; }

    /// <summary>
    /// The upper end of the interval, at least <see cref="Threshold"/>; positive infinity where there are too few rows to bound it.
    /// </summary>
    public required double UpperBound { get; init; }

    /// <summary>The number of normal rows; of normal pixels, if the threshold is one of pixels.</summary>
    public required long NormalCount { get; init; }

    /// <summary>The number of anomalous rows.</summary>
    public required long AnomalousCount { get; init; }

    /// <summary>2 TP / (2 TP + FP + FN), in 0..1; NaN without anomalous rows.</summary>
    public required double F1Score { get; init; }

    /// <summary>The share of the normal rows at or above the threshold, in 0..1; NaN without normal rows.</summary>
    public required double FalsePositiveRate { get; init; }

    /// <summary>The share of the anomalous rows at or above the threshold, in 0..1; NaN without anomalous rows.</summary>
    public required double Recall { get; init; }

    /// <summary>
    /// Why the threshold gives a scale that says little, or null if nothing is wrong with it: all normal scores are equal, for instance, or
    /// the threshold is so small that nearly every score reads 0 or 1000. Decisions are as the strategy promises them all the same.
    /// </summary>
    public string? Warning { get; init; }

    /// <summary>A table of several lines, the same in every culture.</summary>
    public override string ToString() => Table.Of(this)!.ToString();
}
