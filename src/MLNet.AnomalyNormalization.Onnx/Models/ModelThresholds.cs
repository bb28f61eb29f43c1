using System.Globalization;

namespace MLNet.AnomalyNormalization.Onnx.Models;

/// <summary>The raw thresholds of a model, and where they are from.</summary>
internal sealed class ModelThresholds
{
    // Where the same threshold was written in Single by the one and in Double by the other.
    private const double SameWithin = 1e-5;

    private static readonly AnomalyThresholds Clipped = new(0.5, 0.5);

    private readonly List<string> _notes = [];
    private string _source = "nothing";

    public AnomalyThresholds? Thresholds { get; private set; }

    /// <summary>The model's own, where others were kept in their place; null otherwise.</summary>
    public AnomalyThresholds? Replaced { get; private set; }

    /// <summary>Where a person decides on the scale of the thresholds, if it was kept with them.</summary>
    public ReviewBand? ReviewBand { get; private set; }

    public string? PixelProblem { get; private set; }

    public IReadOnlyList<string> Notes => _notes;

    /// <summary>
    /// Chooses: what this library wrote into the file, then what the graph does, then what stands beside it; and in the place of any of those
    /// what was kept for it.
    /// </summary>
    /// <param name="own">The thresholds in the metadata.</param>
    /// <param name="score">What the graph does to the score; null without one.</param>
    /// <param name="map">What the graph does to the map; null without one.</param>
    /// <param name="sidecar">What stands beside the file.</param>
    public static ModelThresholds Of(AnomalyThresholds? own, PostProcessor? score, PostProcessor? map, ModelSidecar sidecar)
    {
        var chosen = new ModelThresholds();
        if (own is not null)
            (chosen.Thresholds, chosen._source) = (own, "the model's metadata");
        else if ((score ?? map)?.Threshold is { } decided)
            chosen.FromGraph(decided, score, map, sidecar);
        else if ((score ?? map)?.IsClipped == true)
            (chosen.Thresholds, chosen._source) = (Clipped, "the scale 0..1 of anomalib 2");
        else if (sidecar.Thresholds is { } beside)
            chosen.FromSidecar(beside, map, sidecar);

        chosen.Keep(sidecar, hasMap: map is not null);
        if (sidecar.Thresholds is { } other && chosen.Thresholds is { } used
            && (!IsSame(other.Image, used.Image) || (map is not null && chosen.PixelProblem is null && !IsSame(other.Pixel, used.Pixel))))
        {
            chosen._notes.Add(string.Create(CultureInfo.InvariantCulture,
                $"{Path.GetFileName(sidecar.ThresholdFile)} has other thresholds, image {other.Image}, pixel {other.Pixel}; {chosen._source} count."));
        }

        return chosen;
    }

    public override string ToString()
        => Thresholds is null ? "none found; learn them (NormalizeAnomaly with a strategy), or give them"
            : string.Create(CultureInfo.InvariantCulture, $"image {Thresholds.Image}, pixel {Thresholds.Pixel}{(ReviewBand is { } band ? string.Create(CultureInfo.InvariantCulture, $", review from {band.From} to {band.To}") : "")} (from {_source})");

    private void Keep(ModelSidecar sidecar, bool hasMap)
    {
        if (sidecar is not { Thresholds: { } kept, Replaced: { } replaced } || Thresholds is not { } own
            || !IsSame(replaced.Image, own.Image) || (hasMap && !IsSame(replaced.Pixel, own.Pixel)))
        {
            return;
        }

        (Thresholds, Replaced, PixelProblem, ReviewBand) = (kept, own, null, sidecar.ReviewBand);
        _source = $"{Path.GetFileName(sidecar.ThresholdFile)}, kept in place of {_source}";
    }

    private void FromGraph(double decided, PostProcessor? score, PostProcessor? map, ModelSidecar sidecar)
    {
        _source = "the model's own post-processing";
        double? pixel = map?.Threshold ?? (map is { IsClipped: true } ? Clipped.Pixel : sidecar.PixelProblem is null ? sidecar.Thresholds?.Pixel : null);
        Thresholds = new(decided, pixel ?? decided);
        if (decided == Clipped.Image && (score ?? map)?.Scaling is null)
        {
            _notes.Add("The graph decides its unscaled score at 0.5, which anomalib writes for scores of 0..1, fitted or not; "
                + "learn a threshold, or give one.");
        }

        if (map is not null && pixel is null)
            Missing("is not told by the graph");
        else if (map is { Threshold: null } && score is not null)
            _source += $" and {(map.IsClipped ? "its scale 0..1" : Path.GetFileName(sidecar.ThresholdFile))}";
    }

    private void FromSidecar(AnomalyThresholds beside, PostProcessor? map, ModelSidecar sidecar)
    {
        (Thresholds, ReviewBand, _source) = (beside, sidecar.ReviewBand, Path.GetFileName(sidecar.ThresholdFile)!);
        if (map is { IsClipped: true })
            (Thresholds, _source) = (beside with { Pixel = Clipped.Pixel }, $"{_source} and the map's scale 0..1");
        else if (map is not null && sidecar.PixelProblem is { } problem)
            Missing(problem);
    }

    private void Missing(string problem)
    {
        PixelProblem = problem;
        _notes.Add($"The pixel threshold {problem}; the image's stands for it.");
    }

    private static bool IsSame(double left, double right) => Math.Abs(left - right) <= SameWithin * Math.Max(Math.Abs(left), Math.Abs(right));
}
