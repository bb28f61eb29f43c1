using System.Text.Json;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Files;
using MLNet.AnomalyNormalization.Imaging;
using MLNet.AnomalyNormalization.Onnx.Pictures;

namespace MLNet.AnomalyNormalization.Onnx;

/// <summary>How long the stages of an inspection took.</summary>
/// <param name="Decode">From the file or the memory to pixels.</param>
/// <param name="Model">Preparation and model.</param>
/// <param name="Decide">Normalising and deciding.</param>
public readonly record struct InspectionTimings(TimeSpan Decode, TimeSpan Model, TimeSpan Decide);

/// <summary>What an <see cref="AnomalyInspector"/> found in one picture.</summary>
public sealed record Inspection
{
    private readonly AnomalyRegionOptions? _regionOptions;
    private readonly ImageLibrary _library;
    private readonly RgbPicture? _picture;
    private IReadOnlyList<AnomalyRegion>? _regions;

    internal Inspection(AnomalyRegionOptions? regionOptions, ImageLibrary library, string? path, RgbPicture? picture)
        => (_regionOptions, _library, Path, _picture) = (regionOptions, library, path, picture);

    /// <summary>The picture's file; null where it came from a stream or from memory.</summary>
    public string? Path { get; }

    /// <summary>The name of the picture's file without its folder; null where it came from a stream or from memory.</summary>
    public string? Name => System.IO.Path.GetFileName(Path);

    /// <summary>The image score as the model gives it.</summary>
    public required float RawScore { get; init; }

    /// <summary>The image score on the scale on which 100 is the threshold, 0..1000; NaN if the raw one is.</summary>
    public required float NormalizedScore { get; init; }

    /// <summary>Whether the picture is anomalous: its raw score is not less than the threshold. NaN is.</summary>
    public required bool IsAnomalous { get; init; }

    /// <summary>Whether it passes, is reviewed by a person or rejected; without a band by <see cref="IsAnomalous"/> alone.</summary>
    public required Decision Decision { get; init; }

    /// <summary>The raw map; null if the model gives none, or it wasn't asked for.</summary>
    public AnomalyMap? RawMap { get; init; }

    /// <summary>The map on the scale on which 100 is the pixel threshold; null if there is none.</summary>
    public AnomalyMap? NormalizedMap { get; init; }

    /// <summary>Which area of the picture the map covers; null for all of it.</summary>
    public PictureArea? InspectedArea { get; init; }

    /// <summary>The raw thresholds that were in effect.</summary>
    public required AnomalyThresholds Thresholds { get; init; }

    /// <summary>How long the stages took.</summary>
    public required InspectionTimings Timings { get; init; }

    /// <summary>The regions of the map in which it is anomalous; none without a map. Found when first asked for.</summary>
    public IReadOnlyList<AnomalyRegion> Regions
        => _regions ??= NormalizedMap is { } map ? AnomalyRegions.Find(map, _regionOptions) : [];

    /// <summary>
    /// Which pixels of the map lie in one of <see cref="Regions"/>, 1 for those that do: without options of regions all whose normalised value
    /// is not less than 100. Empty without a map.
    /// </summary>
    public byte[] GetMask()
        => NormalizedMap is var (values, height, width) ? AnomalyRegions.Mask(values, height, width, _regionOptions ?? new()) : [];

    /// <summary>
    /// Writes the picture with the normalised map over it in colours, and the borders of <see cref="Regions"/>, as a PNG file. What
    /// <see cref="AnomalyInspectorOptions.Regions"/> ignores is shown as not inspected.
    /// </summary>
    /// <param name="path">The file to write; one that is there is replaced.</param>
    /// <exception cref="InvalidOperationException">There is no map, or the pixels weren't kept; the message says what to do.</exception>
    /// <exception cref="IOException">The picture's file can't be read, or the new one can't be written; nothing half-written is left.</exception>
    /// <exception cref="InvalidDataException">The picture's file has been changed, and is none any more.</exception>
    public void SaveOverlay(string path)
    {
        byte[] png = Overlay();
        AtomicFile.Write(path, stream => stream.Write(png));
    }

    /// <summary>
    /// Writes the picture with the normalised map over it in colours, and the borders of <see cref="Regions"/>, as a PNG file. What
    /// <see cref="AnomalyInspectorOptions.Regions"/> ignores is shown as not inspected.
    /// </summary>
    /// <param name="stream">Receives the file, and stays open.</param>
    /// <inheritdoc cref="SaveOverlay(string)"/>
    public void SaveOverlay(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        stream.Write(Overlay());
    }

    /// <summary>The inspection in one line.</summary>
    public override string ToString()
        => FormattableString.Invariant(
            $"{(Name is null ? "" : $"{Name}: ")}{NormalizedScore:F1}, {Decision.ToString().ToLowerInvariant()} (raw {RawScore:G6}, threshold {Thresholds.Image:G6})");

    /// <summary>
    /// The inspection as JSON without the maps: name, rawScore, normalizedScore, isAnomalous, decision, thresholds, regions and the times in
    /// milliseconds.
    /// </summary>
    public string ToJson()
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            if (Name is not null)
                writer.WriteString("name", Name);
            Number("rawScore", RawScore);
            Number("normalizedScore", NormalizedScore);
            writer.WriteBoolean("isAnomalous", IsAnomalous);
            writer.WriteString("decision", Decision.ToString().ToLowerInvariant());
            writer.WriteStartObject("thresholds");
            writer.WriteNumber("image_threshold", Thresholds.Image);
            writer.WriteNumber("pixel_threshold", Thresholds.Pixel);
            writer.WriteEndObject();
            writer.WriteStartArray("regions");
            foreach (AnomalyRegion region in Regions)
            {
                writer.WriteStartObject();
                writer.WriteNumber("top", region.Top);
                writer.WriteNumber("left", region.Left);
                writer.WriteNumber("height", region.Height);
                writer.WriteNumber("width", region.Width);
                writer.WriteNumber("area", region.Area);
                Number("peak", region.Peak);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteStartObject("milliseconds");
            writer.WriteNumber("decode", Timings.Decode.TotalMilliseconds);
            writer.WriteNumber("model", Timings.Model.TotalMilliseconds);
            writer.WriteNumber("decide", Timings.Decide.TotalMilliseconds);
            writer.WriteEndObject();
            writer.WriteEndObject();

            // JSON has no word for NaN and infinities.
            void Number(string key, float value)
            {
                if (float.IsFinite(value))
                    writer.WriteNumber(key, value);
                else
                    writer.WriteNull(key);
            }
        }

        return System.Text.Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    private byte[] Overlay()
    {
        if (NormalizedMap is not var (values, height, width))
            throw new InvalidOperationException("There is no map to draw: the model gives none, or IncludeMap is false.");

        RgbPicture picture = _picture ?? (Path is null
            ? throw new InvalidOperationException("The picture came from memory, and wasn't kept. Set KeepPicture of AnomalyInspectorOptions.")
            : PictureFile.Read(Path, _library));
        PictureArea area = InspectedArea ?? default;
        using MLImage image = picture.ToImage();
        double threshold = _regionOptions?.Threshold ?? ScoreNormalizer.DecisionScore;
        using MLImage coloured = HeatMap.Overlay(image, values, height, width, area: area, regions: _regionOptions);
        using MLImage outlined = HeatMap.Outline(coloured, values, height, width, threshold, area, _regionOptions);
        return HeatMap.EncodePng(outlined);
    }
}
