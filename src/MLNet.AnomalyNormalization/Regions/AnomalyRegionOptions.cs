using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization;

/// <summary>Which pixels of a map belong to a region, and which regions count.</summary>
public sealed record AnomalyRegionOptions
{
    /// <summary>From where on a pixel is anomalous (<c>&gt;=</c>), on the scale of the map; NaN always is. Finite.</summary>
    public float Threshold { get; init; } = (float)ScoreNormalizer.DecisionScore;

    /// <summary>Regions of fewer pixels are left out; at least 1.</summary>
    public int MinimumArea { get; init; } = 1;

    /// <summary>
    /// Regions whose highest score is lower are left out, on the scale of the map that is searched: normalised behind a normaliser, in reports
    /// and in inspections, raw over a raw map, as where a threshold is learned from the scores of regions. Null for no such limit. NaN is never
    /// lower.
    /// </summary>
    public float? MinimumPeak { get; init; }

    /// <summary>Which neighbours belong together.</summary>
    public RegionConnectivity Connectivity { get; init; } = RegionConnectivity.Eight;

    /// <summary>
    /// Where the map counts: 0 for pixels that are ignored, row-major, of the map's size; null for all of it. quadra's
    /// <c>valid_area_mask</c>.
    /// </summary>
    public IReadOnlyList<byte>? ValidArea { get; init; }

    /// <summary>So many rows and columns at each border of the map are ignored; 0 or more.</summary>
    public int BorderMargin { get; init; }

    /// <summary>The area of one pixel of the map in square millimetres; null if unknown, otherwise positive and finite.</summary>
    public double? SquareMillimetresPerPixel { get; init; }

    internal void Check()
    {
        if (!float.IsFinite(Threshold))
            throw new ArgumentOutOfRangeException(nameof(Threshold), Threshold, "A threshold is a finite number.");
        ArgumentOutOfRangeException.ThrowIfLessThan(MinimumArea, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(BorderMargin);
        if (MinimumPeak is { } peak && float.IsNaN(peak))
            throw new ArgumentOutOfRangeException(nameof(MinimumPeak), peak, "A lowest peak is a number, or null for none.");
        if (!Enum.IsDefined(Connectivity))
            throw new ArgumentOutOfRangeException(nameof(Connectivity), Connectivity, "There is no such connectivity.");
        if (SquareMillimetresPerPixel is { } scale && !(scale > 0 && double.IsFinite(scale)))
            throw new ArgumentOutOfRangeException(nameof(SquareMillimetresPerPixel), scale, "The area of a pixel is positive and finite.");
    }
}
