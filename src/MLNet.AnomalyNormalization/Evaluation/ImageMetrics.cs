namespace MLNet.AnomalyNormalization.Evaluation;

/// <summary>
/// What an <see cref="ImageEvaluator"/> computes. Scores with an unknown label count in <see cref="DetectionMetrics.OverlappingScores"/>
/// alone.
/// </summary>
public sealed record ImageMetrics : DetectionMetrics;
