namespace WebApi;

/// <summary>What the service says of an image.</summary>
/// <param name="Score">The model's raw score.</param>
/// <param name="NormalizedScore">The same on the scale of 0..1000 on which 100 is the threshold.</param>
/// <param name="IsAnomalous">The decision: whether the score is at or above the threshold.</param>
/// <param name="Thresholds">Where it is decided.</param>
/// <param name="HeatMap">The map in colours, at the size of the map, as a data URI of a PNG picture.</param>
internal sealed record InspectionAnswer(float Score, float NormalizedScore, bool IsAnomalous, Thresholds Thresholds, string HeatMap);

/// <summary>The decision threshold on the normalised scale, and the raw ones of an image and of a pixel that it stands for.</summary>
internal sealed record Thresholds(double Normalized, double Image, double Pixel);
