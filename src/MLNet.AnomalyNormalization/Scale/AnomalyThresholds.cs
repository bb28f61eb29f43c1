using System.Buffers;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using MLNet.AnomalyNormalization.Files;
using MLNet.AnomalyNormalization.Notebooks;

namespace MLNet.AnomalyNormalization;

/// <summary>The two raw thresholds of an anomaly model: the raw values that 100 stands for.</summary>
/// <param name="Image">The threshold of image scores; finite.</param>
/// <param name="Pixel">The threshold of anomaly maps and box scores; finite.</param>
/// <exception cref="ArgumentOutOfRangeException">A threshold is NaN or infinite.</exception>
[TypeFormatterSource(typeof(HtmlTables))]
[DebuggerDisplay("image {Image}, pixel {Pixel}")]
public sealed record AnomalyThresholds(double Image, double Pixel)
{
    private const string ImageKey = "image_threshold";
    private const string PixelKey = "pixel_threshold";
    private const string Replaced = "replaced_";
    private const string Expected = $"an object with {ImageKey} and {PixelKey}";

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
    /// <param name="path">The file, UTF-8, at most 16 MiB; comments are ignored.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is no such JSON object; the message names the file and the place.</exception>
    public static AnomalyThresholds Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return JsonFile.Read(path, Expected, Read);
    }

    /// <summary>Reads thresholds as <see cref="Load(string)"/> does, from a stream.</summary>
    /// <param name="utf8Json">The JSON object in UTF-8, at most 16 MiB; read to its end and left open.</param>
    /// <exception cref="InvalidDataException">The stream holds no such JSON object; the message names the place.</exception>
    public static AnomalyThresholds Load(Stream utf8Json)
    {
        ArgumentNullException.ThrowIfNull(utf8Json);
        return JsonFile.Parse(RegularFile.ReadToEnd(utf8Json), "The stream", Expected, Read);
    }

    /// <summary>Reads thresholds as <see cref="Load(string)"/> does, from a text.</summary>
    /// <param name="json">The JSON object.</param>
    /// <exception cref="InvalidDataException">The text is no such JSON object; the message names the place.</exception>
    public static AnomalyThresholds Parse(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        return JsonFile.Parse(Encoding.UTF8.GetBytes(json), "The text", Expected, Read);
    }

    /// <summary>Writes the thresholds such that <see cref="Load(string)"/> reads the same numbers, as <c>model.json</c> has them.</summary>
    /// <param name="path">
    /// The file. If there is one, it is replaced in one step, and keeps what else it holds, but for comments and layout.
    /// </param>
    /// <param name="replacing">
    /// The thresholds that the model beside the file has itself, if these take their place: whoever opens that model then finds these, and
    /// whoever finds another model there, which was trained since, perhaps, doesn't. Null to say nothing of it.
    /// </param>
    /// <param name="reviewBand">
    /// Where a person decides on the scale of these thresholds, to be read by <see cref="ReviewBand.Load"/>; null for nowhere. A band that the
    /// file has belongs to the thresholds that are replaced, and goes with them.
    /// </param>
    /// <exception cref="InvalidDataException">
    /// The file that is there is no JSON object, or too long to have the thresholds added; it is left as it was.
    /// </exception>
    /// <exception cref="IOException">The file can't be written; what was there is left as it was.</exception>
    public void Save(string path, AnomalyThresholds? replacing = null, ReviewBand? reviewBand = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        (string Key, double? Value)[] own =
        [
            (ImageKey, Image), (PixelKey, Pixel),
            .. replacing is null ? [] : ((string, double?)[])[(Replaced + ImageKey, replacing.Image), (Replaced + PixelKey, replacing.Pixel)],
            (ReviewBand.FromKey, reviewBand?.From), (ReviewBand.ToKey, reviewBand?.To),
        ];
        byte[] json = File.Exists(path)
            ? JsonFile.Read(path, "an object, which thresholds could be added to", others => Write(others, own))
            : Write(default, own);
        if (json.Length > RegularFile.LongestText)
            throw new InvalidDataException($"'{path}' would have {json.Length} bytes with the thresholds, more than can be read again.");
        AtomicFile.Write(path, stream => stream.Write(json));
    }

    /// <summary>A table of several lines, the same in every culture.</summary>
    public override string ToString() => Table.Of(this)!.ToString();

    // What is read must not become too long to be read by its layout.
    private static byte[] Write(JsonElement others, (string Key, double? Value)[] own)
        => Write(others, own, isIndented: true) is { Length: <= RegularFile.LongestText } json ? json : Write(others, own, isIndented: false);

    private static byte[] Write(JsonElement others, (string Key, double? Value)[] own, bool isIndented)
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json, new() { Indented = isIndented }))
        {
            writer.WriteStartObject();
            if (others.ValueKind == JsonValueKind.Object)
            {
                foreach (JsonProperty other in others.EnumerateObject().Where(other => !own.Any(number => other.NameEquals(number.Key))))
                    other.WriteTo(writer);
            }

            foreach ((string key, double? value) in own)
            {
                if (value is { } number)
                    writer.WriteNumber(key, number);
            }

            writer.WriteEndObject();
        }

        return json.WrittenSpan.ToArray();
    }

    /// <summary>Takes the thresholds from an object that has more besides.</summary>
    /// <exception cref="FormatException">One is missing, or no finite number.</exception>
    internal static AnomalyThresholds Read(JsonElement root)
        => new(JsonFile.RequireNumber(root, ImageKey), JsonFile.RequireNumber(root, PixelKey));

    /// <summary>Whose place the thresholds of an object take; null if it doesn't say.</summary>
    /// <exception cref="FormatException">One is no finite number.</exception>
    internal static AnomalyThresholds? ReadReplaced(JsonElement root)
        => root.TryGetProperty(Replaced + ImageKey, out _) && root.TryGetProperty(Replaced + PixelKey, out _)
            ? new(JsonFile.RequireNumber(root, Replaced + ImageKey), JsonFile.RequireNumber(root, Replaced + PixelKey))
            : null;
}
