namespace MLNet.AnomalyNormalization;

/// <summary>Thresholds that were learned together, and what they achieve on the rows that they were learned from.</summary>
/// <param name="Thresholds">The thresholds; where one can't be learned, the other stands for it.</param>
/// <param name="Image">What is known of the image threshold; null if there was nothing to learn it from.</param>
/// <param name="Pixel">What is known of the pixel threshold; null if there was nothing to learn it from.</param>
public sealed record LearnedThresholds(AnomalyThresholds Thresholds, ThresholdFit? Image, ThresholdFit? Pixel);
