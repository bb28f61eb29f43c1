using System.Globalization;
using MLNet.AnomalyNormalization.Onnx.Format;

namespace MLNet.AnomalyNormalization.Onnx;

/// <summary>
/// What stands in the metadata of a model that the normalisation was baked into: its thresholds, and which outputs are which.
/// </summary>
internal static class BakedModel
{
    public const string ImageThreshold = "image_threshold";
    public const string PixelThreshold = "pixel_threshold";

    private const string Mark = "mlnet_anomaly_normalization";
    private const string Version = "1";

    /// <summary>The names that baking proposes for its outputs.</summary>
    public static IReadOnlyDictionary<AnomalyOutputRole, string> OutputNames { get; } = new Dictionary<AnomalyOutputRole, string>
    {
        [AnomalyOutputRole.NormalizedScore] = "normalized_score",
        [AnomalyOutputRole.NormalizedMap] = "normalized_map",
        [AnomalyOutputRole.Label] = "is_anomalous",
        [AnomalyOutputRole.Mask] = "anomaly_mask",
    };

    public static bool IsBaked(ModelProto model) => Read(model, Mark) is not null;

    public static AnomalyOutputRole RoleOf(ModelProto model, string output)
        => OutputNames.Keys.FirstOrDefault(role => Read(model, KeyOf(role)) == output);

    public static void Write(ModelProto model, AnomalyThresholds thresholds, IEnumerable<KeyValuePair<AnomalyOutputRole, string>> outputs)
    {
        Set(Mark, Version);
        Set(ImageThreshold, thresholds.Image.ToString("R", CultureInfo.InvariantCulture));
        Set(PixelThreshold, thresholds.Pixel.ToString("R", CultureInfo.InvariantCulture));
        foreach ((AnomalyOutputRole role, string name) in outputs)
            Set(KeyOf(role), name);

        void Set(string key, string value)
        {
            StringStringEntryProto? entry = model.MetadataProps.FirstOrDefault(entry => entry.Key == key);
            if (entry is null)
                model.MetadataProps.Add(entry = new() { Key = key });
            entry.Value = value;
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
}
