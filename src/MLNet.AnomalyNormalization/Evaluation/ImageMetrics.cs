using System.Text.Json.Serialization;
using MLNet.AnomalyNormalization.Notebooks;

namespace MLNet.AnomalyNormalization.Evaluation;

/// <summary>
/// What an <see cref="ImageEvaluator"/> computes. Scores with an unknown label count in <see cref="DetectionMetrics.OverlappingScores"/>
/// alone.
/// </summary>
[JsonNumberHandling(JsonNumberHandling.AllowNamedFloatingPointLiterals)]
public sealed record ImageMetrics : DetectionMetrics
{
    /// <summary>A table of several lines, the same in every culture.</summary>
    public override string ToString() => Table.Of(this)!.ToString();
}
