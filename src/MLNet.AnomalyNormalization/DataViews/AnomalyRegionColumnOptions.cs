using System.Runtime.CompilerServices;

namespace MLNet.AnomalyNormalization;

/// <summary>
/// Which columns <c>mlContext.Transforms.FindAnomalyRegions</c> reads and adds. A column name of null switches an added column off.
/// </summary>
public sealed record AnomalyRegionColumnOptions
{
    /// <summary>The anomaly map, row-major: a vector of Single or Double. Double becomes the nearest Single that is not greater.</summary>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public string MapColumnName { get; init => field = RequireNotNull(value); } = "NormalizedMap";

    /// <summary>
    /// The image score that the regions give, Single, on the scale of the map: the highest threshold at which there is a region (see
    /// <see cref="AnomalyRegions.Score(ReadOnlySpan{float}, int, int, AnomalyRegionOptions?)"/>). Thresholds can be learned from it, over raw
    /// maps, and decisions of it are those of the regions, whatever the threshold.
    /// </summary>
    public string? ScoreColumnName { get; init; } = "RegionScore";

    /// <summary>
    /// The boxes of the regions at the threshold of <see cref="Regions"/>, Int32, four numbers each: top, left, height and width, in pixels
    /// of the map.
    /// </summary>
    public string? BoxesColumnName { get; init; } = "RegionBoxes";

    /// <summary>The highest scores of the regions, Single, on the scale of the map, in the order of <see cref="BoxesColumnName"/>.</summary>
    public string? BoxScoresColumnName { get; init; } = "BoxScores";

    /// <summary>Which pixels belong to a region, and which regions count; by default those of a normalised map at 100.</summary>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public AnomalyRegionOptions Regions { get; init => field = RequireNotNull(value); } = new();

    /// <summary>
    /// The height of the maps, where the type of the map column doesn't tell; to be set together with <see cref="MapWidth"/>.
    /// </summary>
    public int? MapHeight { get; init; }

    /// <summary>The width of the maps; see <see cref="MapHeight"/>.</summary>
    public int? MapWidth { get; init; }

    /// <summary>Checks what options can't check one by one.</summary>
    internal void Check()
    {
        Regions.Check();
        if (MapHeight is null != MapWidth is null)
            throw new ArgumentException($"MapHeight is '{MapHeight}' and MapWidth '{MapWidth}'. Set both or none.");

        string[] names = [.. new[] { MapColumnName, ScoreColumnName, BoxesColumnName, BoxScoresColumnName }.OfType<string>()];
        if (names.Length == 1)
            throw new ArgumentException("The options name no column to add. Set ScoreColumnName, BoxesColumnName or BoxScoresColumnName.");
        if (Array.Exists(names, string.IsNullOrWhiteSpace) || names.Distinct().Count() != names.Length)
            throw new ArgumentException($"The columns are named '{string.Join("', '", names)}'. Give each a name of its own, or null to leave it out.");
    }

    private static T RequireNotNull<T>(T value, [CallerMemberName] string name = "")
    {
        ArgumentNullException.ThrowIfNull(value, name);
        return value;
    }
}
