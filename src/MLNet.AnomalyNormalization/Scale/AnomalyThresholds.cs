using System.Text.Json;
using MLNet.AnomalyNormalization.Notebooks;

namespace MLNet.AnomalyNormalization;

/// <summary>The two raw thresholds of an anomaly model: the raw values that 100 stands for.</summary>
/// <param name="Image">The threshold of image scores; finite.</param>
/// <param name="Pixel">The threshold of anomaly maps and box scores; finite.</param>
/// <exception cref="ArgumentOutOfRangeException">A threshold is NaN or infinite.</exception>
[TypeFormatterSource(typeof(HtmlTables))]
public sealed record AnomalyThresholds(double Image, double Pixel)
{
    private const long LongestFile = 16 << 20;

    /// <summary>The threshold of image scores; finite.</summary>
    public double Image { get; init => field = ScoreNormalizer.RequireFinite(value, nameof(Image)); }
        = ScoreNormalizer.RequireFinite(Image, nameof(Image));

    /// <summary>The threshold of anomaly maps and box scores; finite.</summary>
    public double Pixel { get; init => field = ScoreNormalizer.RequireFinite(value, nameof(Pixel)); }
        = ScoreNormalizer.RequireFinite(Pixel, nameof(Pixel));

    /// <summary>
    /// Reads the thresholds that an export wrote beside its model: a JSON object with the numbers <c>image_threshold</c> and
    /// <c>pixel_threshold</c>, as in quadra's <c>model.json</c> and the <c>metadata.json</c> of anomalib 0.x and 1.x. Other keys are ignored.
    /// </summary>
    /// <param name="path">The file, UTF-8, at most 16 MiB.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is no such JSON object; the message names the file and the place.</exception>
    public static AnomalyThresholds Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no file '{path}' to read thresholds from.", path);

        using FileStream stream = File.OpenRead(path);
        if (stream.Length > LongestFile)
            throw new InvalidDataException($"'{path}' has {stream.Length} bytes; a file with thresholds has at most {LongestFile}.");

        try
        {
            using JsonDocument document = JsonDocument.Parse(stream);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new(Read(document.RootElement, "image_threshold"), Read(document.RootElement, "pixel_threshold"))
                : throw new InvalidDataException(
                    $"'{path}' holds a JSON {document.RootElement.ValueKind} at the top level; expected an object with image_threshold and pixel_threshold.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException(
                $"'{path}' is not valid JSON at line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}: {e.Message}", e);
        }
        catch (InvalidOperationException e)
        {
            // What the parser says of text that is not UTF-8, and only when the text is asked for.
            throw new InvalidDataException($"'{path}' holds text that is not valid: {e.Message}", e);
        }

        double Read(JsonElement root, string key)
            => !root.TryGetProperty(key, out JsonElement element)
                ? throw new InvalidDataException($"'{path}' has no '{key}' at its top level; expected a finite number.")
                : element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out double value) && double.IsFinite(value)
                    ? value
                    : throw new InvalidDataException($"'{path}' has '{key}': {Shortened(element)}; expected a finite number.");

        static string Shortened(JsonElement element)
            => element.GetRawText() is { Length: > 40 } text ? $"{text[..40]}…" : element.GetRawText();
    }
}
