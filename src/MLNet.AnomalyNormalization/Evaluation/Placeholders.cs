namespace MLNet.AnomalyNormalization.Evaluation;

/// <summary>Metrics of image scores.</summary>
public sealed record ImageMetrics;

/// <summary>Metrics of anomaly maps.</summary>
public sealed record PixelMetrics;
