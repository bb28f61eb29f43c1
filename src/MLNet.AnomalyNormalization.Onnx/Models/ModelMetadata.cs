using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using MLNet.AnomalyNormalization.Onnx.Format;

namespace MLNet.AnomalyNormalization.Onnx.Models;

/// <summary>
/// What this library writes into the metadata of a model, and reads there: thresholds, how pictures are prepared, and which outputs are
/// which.
/// </summary>
internal static class ModelMetadata
{
    public const string ImageThreshold = "image_threshold";
    public const string PixelThreshold = "pixel_threshold";

    private const string Mark = "mlnet_anomaly_normalization";
    private const string Version = "1";
    private const string Preparation = $"{Mark}.preparation";
    private const string PreparedInside = "inside";

    // By reflection: generated code takes what an older version did not write for 0 or false, and not for what it is in a new object.
    private static readonly JsonSerializerOptions Json = new() { Converters = { new JsonStringEnumConverter() } };

    /// <summary>The names that baking proposes for its outputs.</summary>
    public static IReadOnlyDictionary<AnomalyOutputRole, string> OutputNames { get; } = new Dictionary<AnomalyOutputRole, string>
    {
        [AnomalyOutputRole.NormalizedScore] = "normalized_score",
        [AnomalyOutputRole.NormalizedMap] = "normalized_map",
        [AnomalyOutputRole.Label] = "is_anomalous",
        [AnomalyOutputRole.Mask] = "anomaly_mask",
        [AnomalyOutputRole.Decision] = "decision",
        [AnomalyOutputRole.Score] = "score",
        [AnomalyOutputRole.Map] = "anomaly_map",
    };

    public static bool IsBaked(ModelProto model) => Read(model, Mark) is not null;

    public static AnomalyOutputRole RoleOf(ModelProto model, string output)
        => OutputNames.Keys.FirstOrDefault(role => Read(model, KeyOf(role)) == output);

    /// <summary>Says that the normalisation is baked in.</summary>
    public static void WriteMark(ModelProto model) => Write(model, Mark, Version);

    public static void WriteRole(ModelProto model, AnomalyOutputRole role, string output) => Write(model, KeyOf(role), output);

    public static void WriteThresholds(ModelProto model, AnomalyThresholds thresholds)
    {
        Write(model, ImageThreshold, thresholds.Image.ToString("R", CultureInfo.InvariantCulture));
        Write(model, PixelThreshold, thresholds.Pixel.ToString("R", CultureInfo.InvariantCulture));
    }

    /// <summary>Says how pictures are prepared for the model; null if the graph does it all, and takes pictures of any size.</summary>
    public static void WritePreparation(ModelProto model, ImagePreprocessing? preprocessing)
        => Write(model, Preparation, preprocessing is null ? PreparedInside : JsonSerializer.Serialize(preprocessing, Json));

    /// <summary>Whether the graph prepares pictures itself.</summary>
    public static bool PreparesItself(ModelProto model) => Read(model, Preparation) == PreparedInside;

    /// <summary>How pictures are prepared; null if the metadata doesn't tell.</summary>
    /// <exception cref="InvalidDataException">It tells in a way that can't be read.</exception>
    public static ImagePreprocessing? ReadPreparation(ModelProto model, string path)
    {
        if (Read(model, Preparation) is not { } text || text == PreparedInside)
            return null;

        try
        {
            return JsonSerializer.Deserialize<ImagePreprocessing>(text, Json) is { Mean: not null, StandardDeviation: not null } preprocessing
                ? preprocessing
                : throw new JsonException("something is null");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"'{path}' has the metadata {Preparation} that can't be read: {e.Message}", e);
        }
    }

    /// <summary>The thresholds in the metadata of the file, whoever wrote them; null if there are none.</summary>
    /// <exception cref="InvalidDataException">One of them is missing or no finite number.</exception>
    public static AnomalyThresholds? ReadThresholds(ModelProto model, string path)
    {
        return Read(model, ImageThreshold) is null && Read(model, PixelThreshold) is null
            ? null
            : new(Number(ImageThreshold), Number(PixelThreshold));

        double Number(string key)
            => double.TryParse(Read(model, key), NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
                && double.IsFinite(value)
                ? value
                : throw new InvalidDataException(
                    $"'{path}' has the metadata {key}: {Read(model, key) ?? "nothing"}; expected a finite number.");
    }

    private static string KeyOf(AnomalyOutputRole role) => $"{Mark}.{OutputNames[role]}";

    private static string? Read(ModelProto model, string key) => model.MetadataProps.FirstOrDefault(entry => entry.Key == key)?.Value;

    private static void Write(ModelProto model, string key, string value)
    {
        StringStringEntryProto? entry = model.MetadataProps.FirstOrDefault(entry => entry.Key == key);
        if (entry is null)
            model.MetadataProps.Add(entry = new() { Key = key });
        entry.Value = value;
    }
}
