namespace MLNet.AnomalyNormalization.Scale;

/// <summary>What the meters of all packages have in common, so that one board shows them together.</summary>
internal static class Telemetry
{
    /// <summary>The name of the meter and of the source of activities.</summary>
    public const string Name = "MLNet.AnomalyNormalization";

    /// <summary>Bounds of a histogram of normalised scores: fine around the threshold, where it is decided; the scale ends at 1000.</summary>
    public static IReadOnlyList<double> ScoreBuckets { get; }
        = [25, 50, 75, 80, 85, 90, 95, 100, 105, 110, 115, 120, 125, 150, 200, 300, 500, 1000];
}
