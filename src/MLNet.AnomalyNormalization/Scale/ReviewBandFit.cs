using System.Diagnostics;
using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization;

/// <summary>A learned review band, and how it does.</summary>
/// <param name="Band">The band.</param>
/// <param name="Counts">
/// What it does with the rows that it was learned from; its intervals (<see cref="DecisionCounts.GetEscapeRateInterval"/>) tell what to expect of
/// new ones.
/// </param>
/// <param name="From">The threshold that keeps the rate of escapes, with its 95 % interval.</param>
/// <param name="To">
/// The threshold that keeps the rate of false rejects, with its 95 % interval. Where it is not above <paramref name="From"/>, one limit between
/// the two keeps both rates, and the band has no width.
/// </param>
[DebuggerDisplay("{Band.From} to {Band.To}")]
public sealed record ReviewBandFit(ReviewBand Band, DecisionCounts Counts, ThresholdFit From, ThresholdFit To);
