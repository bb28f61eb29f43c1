using MLNet.AnomalyNormalization;

namespace WebApi;

/// <summary>What the service says of a picture.</summary>
/// <param name="Score">The model's raw score.</param>
/// <param name="NormalizedScore">The same on the scale of 0..1000 on which 100 is the threshold.</param>
/// <param name="Decision">Whether the part passes, is looked at by a person, or rejected.</param>
/// <param name="Thresholds">The raw thresholds that 100 stands for.</param>
/// <param name="Regions">Where it is anomalous, in pixels of the map.</param>
/// <param name="HeatMap">The map in colours, at its own size, as a data URI of a PNG picture.</param>
internal sealed record InspectionAnswer(
    float Score, float NormalizedScore, Decision Decision, AnomalyThresholds Thresholds, IReadOnlyList<AnomalyRegion> Regions, string HeatMap);
