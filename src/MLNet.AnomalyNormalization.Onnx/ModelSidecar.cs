using System.Text.Json;

namespace MLNet.AnomalyNormalization.Onnx;

/// <summary>
/// What an exporter wrote beside its model: <c>model.json</c> of quadra (input_size, mean, std, thresholds) or <c>metadata.json</c> of
/// anomalib 0.x and 1.x (thresholds, and in 0.x the transforms).
/// </summary>
internal sealed record ModelSidecar(string Path, AnomalyThresholds? Thresholds, ImagePreprocessing? Preprocessing)
{
    private const long LongestFile = 16 << 20;
    private static readonly string[] FileNames = ["model.json", "metadata.json"];

    /// <summary>The first such file in the folder that tells something; null if there is none.</summary>
    /// <exception cref="InvalidDataException">A file is no JSON object, or has a value of another kind than expected.</exception>
    public static ModelSidecar? Find(string folder)
        => FileNames.Select(name => System.IO.Path.Combine(folder, name)).Where(File.Exists).Select(Read)
            .FirstOrDefault(sidecar => sidecar.Thresholds is not null || sidecar.Preprocessing is not null);

    private static ModelSidecar Read(string path)
    {
        using FileStream stream = File.OpenRead(path);
        if (stream.Length > LongestFile)
            throw new InvalidDataException($"'{path}' has {stream.Length} bytes; a description of a model has at most {LongestFile}.");

        try
        {
            using JsonDocument document = JsonDocument.Parse(stream);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                throw new InvalidDataException(
                    $"'{path}' holds a JSON {root.ValueKind} at the top level; expected an object that describes the model.");

            bool hasThresholds = root.TryGetProperty(BakedModel.ImageThreshold, out _)
                || root.TryGetProperty(BakedModel.PixelThreshold, out _);
            return new(path, hasThresholds ? AnomalyThresholds.Load(path) : null, ReadQuadra(root) ?? ReadAnomalib(root));
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
        catch (FormatException e)
        {
            throw new InvalidDataException($"'{path}' has {e.Message}", e);
        }
    }

    // {"input_size": [[3, 224, 224]], "mean": [...], "std": [...]}; older ones have [224, 224].
    private static ImagePreprocessing? ReadQuadra(JsonElement root)
    {
        if (Find(root, "mean") is not { } mean || Find(root, "std") is not { } deviation)
            return null;

        JsonElement? size = Find(root, "input_size");
        while (size is { ValueKind: JsonValueKind.Array } array && array.GetArrayLength() > 0 && array[0].ValueKind == JsonValueKind.Array)
            size = array[0];
        double[]? sizes = size is { } given ? Numbers(given, "input_size") : null;
        return new()
        {
            Height = sizes is [.., var height, _] ? Size(height, "input_size") : null,
            Width = sizes is [.., _, var width] ? Size(width, "input_size") : null,
            Mean = Numbers(mean, "mean"),
            StandardDeviation = Deviations(deviation),
        };
    }

    // {"transform": {"transform": {"transforms": [{"__class_fullname__": "Resize", "height": 256, ...}, {"...Normalize", "mean": [...],
    // ...}]}}}
    private static ImagePreprocessing? ReadAnomalib(JsonElement root)
    {
        if (Find(root, "transform") is not { } outer || Find(outer, "transform") is not { } inner
            || Find(inner, "transforms") is not { ValueKind: JsonValueKind.Array } transforms)
        {
            return null;
        }

        var preprocessing = new ImagePreprocessing();
        foreach (JsonElement transform in transforms.EnumerateArray())
        {
            string? name = Find(transform, "__class_fullname__") is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
            preprocessing = name?.Split('.')[^1] switch
            {
                "Resize" => preprocessing with
                {
                    Height = Find(transform, "height") is { } height ? Size(Number(height, "height"), "height") : null,
                    Width = Find(transform, "width") is { } width ? Size(Number(width, "width"), "width") : null,
                },
                "Normalize" => preprocessing with
                {
                    Mean = Find(transform, "mean") is { } mean ? Numbers(mean, "mean") : preprocessing.Mean,
                    StandardDeviation = Find(transform, "std") is { } deviation ? Deviations(deviation) : preprocessing.StandardDeviation,
                    PixelDivisor = Find(transform, "max_pixel_value") is { } maximum ? Deviations(maximum)[0] : preprocessing.PixelDivisor,
                },
                _ => preprocessing,
            };
        }

        return preprocessing;
    }

    private static JsonElement? Find(JsonElement element, string key)
        => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(key, out JsonElement value)
            && value.ValueKind != JsonValueKind.Null
            ? value
            : null;

    private static double Number(JsonElement element, string key)
        => element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out double value) && double.IsFinite(value)
            ? value
            : throw new FormatException($"a {element.ValueKind} that is no finite number in '{key}'.");

    private static double[] Numbers(JsonElement element, string key)
        => element.ValueKind == JsonValueKind.Array && element.GetArrayLength() is > 0 and <= 4
            ? [.. element.EnumerateArray().Select(item => Number(item, key))]
            : [Number(element, key)];

    private static double[] Deviations(JsonElement element)
        => Numbers(element, "std") is var values && Array.TrueForAll(values, value => value > 0)
            ? values
            : throw new FormatException("a divisor that is not positive in 'std' or 'max_pixel_value'.");

    private static int Size(double value, string key)
        => value is >= 1 and <= ImageInput.LargestSide && value == Math.Floor(value)
            ? (int)value
            : throw new FormatException($"{value} in '{key}'; expected a number of pixels.");
}
