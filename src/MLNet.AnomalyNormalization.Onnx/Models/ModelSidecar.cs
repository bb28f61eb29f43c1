using System.Text.Json;
using MLNet.AnomalyNormalization.Files;
using MLNet.AnomalyNormalization.Onnx.Files;
using MLNet.AnomalyNormalization.Onnx.Pictures;

namespace MLNet.AnomalyNormalization.Onnx.Models;

/// <summary>
/// What an exporter wrote beside its model: <c>model.json</c> of quadra (input_size, mean, std, thresholds), or <c>metadata.json</c> or
/// <c>meta_data.json</c> of anomalib 0.x and 1.x (thresholds, and in 0.x the transforms).
/// </summary>
internal sealed class ModelSidecar
{
    private static readonly string[] FileNames = ["model.json", "metadata.json", "meta_data.json"];

    private readonly List<string> _notes = [];

    private ModelSidecar()
    {
    }

    /// <summary>Of a model that stands beside nothing.</summary>
    public static ModelSidecar None { get; } = new();

    /// <summary>The raw thresholds; null if no file tells them.</summary>
    public AnomalyThresholds? Thresholds { get; private set; }

    /// <summary>The model's own thresholds that those were kept in place of; null if the file doesn't say so.</summary>
    public AnomalyThresholds? Replaced { get; private set; }

    /// <summary>Where a person decides on the scale of those thresholds; null if the file doesn't say so.</summary>
    public ReviewBand? ReviewBand { get; private set; }

    /// <summary>The file with the thresholds.</summary>
    public string? ThresholdFile { get; private set; }

    /// <summary>Why the pixel threshold is none, in words that go on "the pixel threshold ..."; null if it is one.</summary>
    public string? PixelProblem { get; private set; }

    /// <summary>How pictures are prepared; null if no file tells.</summary>
    public ImagePreprocessing? Preprocessing { get; private set; }

    /// <summary>The file with the preparation.</summary>
    public string? PreprocessingFile { get; private set; }

    /// <summary>What of the preparation can't be done here; null if all can.</summary>
    public string? PreprocessingProblem { get; private set; }

    /// <summary>What a person should know of the files: those that were left aside, and values that were missing.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>Reads the files beside a model: that of its own name first.</summary>
    /// <param name="modelPath">The model.</param>
    /// <param name="descriptionPath">The only file to read, wherever it is; null for those beside the model.</param>
    /// <exception cref="FileNotFoundException">There is no file of the given name.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or has a value of another kind than expected.</exception>
    public static ModelSidecar Find(string modelPath, string? descriptionPath = null)
    {
        var sidecar = new ModelSidecar();
        if (descriptionPath is not null)
        {
            sidecar.Read(descriptionPath);
            return sidecar;
        }

        string folder = OnnxFile.FolderOf(modelPath);
        string ownName = Path.ChangeExtension(Path.GetFileName(modelPath), ".json");
        foreach (string path in FileNames.Prepend(ownName).Distinct().Select(name => Path.Combine(folder, name)).Where(File.Exists))
            sidecar.Read(path);

        string[] used = [.. new[] { sidecar.ThresholdFile, sidecar.PreprocessingFile }.OfType<string>().Distinct()];
        if (used.Length > 0 && used.Any(file => Path.GetFileName(file) != ownName)
            && Directory.EnumerateFiles(folder, "*.onnx").Skip(1).Any())
        {
            sidecar._notes.Add($"There are several models in this folder; {string.Join(" and ", used.Select(Path.GetFileName))} may be another's. "
                + $"Name it {ownName}, or give its path to Open.");
        }

        return sidecar;
    }

    private void Read(string path)
    {
        string name = Path.GetFileName(path);
        try
        {
            JsonFile.Read(path, expected: null, root =>
            {
                if (root.ValueKind != JsonValueKind.Object)
                {
                    _notes.Add($"{name} is left aside: it holds {JsonFile.NameOf(root)}, not the description of a model.");
                    return false;
                }

                AnomalyThresholds? thresholds = ReadThresholds(root);
                ImagePreprocessing? preprocessing = ReadQuadra(root, name) ?? ReadAnomalib(root, name)
                    ?? (thresholds is null ? null : AssumeAnomalib0(root, name));
                if (thresholds is null && preprocessing is null)
                    _notes.Add($"{name} is left aside: it tells neither thresholds nor a preparation.");
                if (Thresholds is null && thresholds is not null)
                    (Thresholds, ThresholdFile, Replaced, ReviewBand)
                        = (thresholds, path, AnomalyThresholds.ReadReplaced(root), AnomalyNormalization.ReviewBand.Read(root));
                if (Preprocessing is null && preprocessing is not null)
                    (Preprocessing, PreprocessingFile) = (preprocessing, path);
                return true;
            });
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{e.Message.TrimEnd('.')}. If it isn't this model's, give the path of another description to Open.", e);
        }
    }

    // anomalib 0.x with normalization_method "cdf" has its thresholds on the scale (ln(score) - mean) / deviation, which one raw number
    // stands for at the image, and another at each pixel.
    private AnomalyThresholds? ReadThresholds(JsonElement root)
    {
        if (Find(root, ModelMetadata.ImageThreshold) is null && Find(root, ModelMetadata.PixelThreshold) is null)
            return null;

        AnomalyThresholds thresholds = AnomalyThresholds.Read(root);
        if (Find(root, "image_mean") is not { } mean || Find(root, "image_std") is not { } deviation)
            return thresholds;

        double raw = Math.Exp((thresholds.Image * Number(deviation, "image_std")) + Number(mean, "image_mean"));
        if (!double.IsFinite(raw))
            throw new FormatException($"an image_threshold of {thresholds.Image} on a scale that makes {raw} of it.");

        PixelProblem = $"is {thresholds.Pixel} on a scale of its own for each pixel (normalization_method cdf), which no single raw number stands for";
        return new(raw, raw);
    }

    // {"input_size": [[3, 224, 224]], "mean": [...], "std": [...]}; older ones have [224, 224].
    private ImagePreprocessing? ReadQuadra(JsonElement root, string name)
    {
        JsonElement? size = Find(root, "input_size");
        (JsonElement? mean, JsonElement? deviation) = (Find(root, "mean"), Find(root, "std"));
        if (size is null && mean is null && deviation is null)
            return null;

        while (size is { ValueKind: JsonValueKind.Array } array && array.GetArrayLength() > 0 && array[0].ValueKind == JsonValueKind.Array)
            size = array[0];
        double[]? sizes = size is { } given ? Numbers(given, "input_size") : null;
        if (mean is null || deviation is null)
            _notes.Add($"{name} has no {(mean is null ? "mean" : "std")}; {(mean is null ? "0" : "1")} is assumed.");
        var none = new ImagePreprocessing();
        return new()
        {
            Height = sizes is [.., var height, _] ? Size(height, "input_size") : null,
            Width = sizes is [.., _, var width] ? Size(width, "input_size") : null,
            Mean = mean is { } means ? Numbers(means, "mean") : none.Mean,
            StandardDeviation = deviation is { } deviations ? Deviations(deviations) : none.StandardDeviation,
            Library = ImageLibrary.OpenCv,
            Interpolation = ImageInterpolation.Bicubic,
            Antialias = false,
        };
    }

    // {"transform": {"transform": {"transforms": [{"__class_fullname__": "Resize", "height": 256, ...}, {"...Normalize", "mean": [...],
    // ...}]}}}
    private ImagePreprocessing? ReadAnomalib(JsonElement root, string name)
    {
        if (Find(root, "transform") is not { } outer || Find(outer, "transform") is not { } inner
            || Find(inner, "transforms") is not { ValueKind: JsonValueKind.Array } transforms)
        {
            return null;
        }

        var preprocessing = new ImagePreprocessing { Library = ImageLibrary.OpenCv, Antialias = false };
        foreach (JsonElement transform in transforms.EnumerateArray())
        {
            string type = (Find(transform, "__class_fullname__") is { ValueKind: JsonValueKind.String } text ? text.GetString()! : "").Split('.')[^1];
            preprocessing = type switch
            {
                "Resize" => preprocessing with
                {
                    Height = Side(transform, "height"),
                    Width = Side(transform, "width"),
                    Interpolation = Interpolation(transform, name),
                },
                "CenterCrop" => preprocessing with { CropHeight = Side(transform, "height"), CropWidth = Side(transform, "width") },
                "Normalize" => preprocessing with
                {
                    Mean = Find(transform, "mean") is { } mean ? Numbers(mean, "mean") : preprocessing.Mean,
                    StandardDeviation = Find(transform, "std") is { } deviation ? Deviations(deviation) : preprocessing.StandardDeviation,
                    PixelDivisor = Find(transform, "max_pixel_value") is { } maximum ? Deviations(maximum)[0] : preprocessing.PixelDivisor,
                },
                "ToTensorV2" or "NoOp" => preprocessing,
                _ => Unknown($"the transform '{type}' of {name}"),
            };
        }

        return preprocessing;

        ImagePreprocessing Unknown(string what)
        {
            PreprocessingProblem ??= $"{what} is none that can be repeated here";
            return preprocessing;
        }
    }

    // anomalib 0.x says "min" and "max" where 1.x says "pred_scores.min" and so on. Its pictures are prepared outside the graph, by its
    // default transforms where none are written down; the graphs of 1.x do all but the resizing themselves.
    private ImagePreprocessing? AssumeAnomalib0(JsonElement root, string name)
    {
        if (name != FileNames[^1] && Find(root, "min") is null && Find(root, "image_mean") is null)
            return null;

        _notes.Add($"{name} is of anomalib 0.x and has no transform; its default is assumed, OpenCV's bilinear resize and the mean and "
            + "deviation of ImageNet.");
        return new()
        {
            Library = ImageLibrary.OpenCv,
            Antialias = false,
            Mean = [0.485, 0.456, 0.406],
            StandardDeviation = [0.229, 0.224, 0.225],
        };
    }

    // OpenCV's numbers.
    private ImageInterpolation Interpolation(JsonElement transform, string name)
    {
        double number = Find(transform, "interpolation") is { } given ? Number(given, "interpolation") : 1;
        if (number is not (0 or 1 or 2))
            PreprocessingProblem ??= $"OpenCV's interpolation {number} of {name} is none that can be repeated here";
        return number switch { 0 => ImageInterpolation.Nearest, 2 => ImageInterpolation.Bicubic, _ => ImageInterpolation.Bilinear };
    }

    private static JsonElement? Find(JsonElement element, string key)
        => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(key, out JsonElement value)
            && value.ValueKind != JsonValueKind.Null
            ? value
            : null;

    private static double Number(JsonElement element, string key)
        => element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out double value) && double.IsFinite(value)
            ? value
            : throw new FormatException($"{JsonFile.NameOf(element)} that is no finite number in '{key}'.");

    private static double[] Numbers(JsonElement element, string key)
        => element.ValueKind == JsonValueKind.Array && element.GetArrayLength() is > 0 and <= 4
            ? [.. element.EnumerateArray().Select(item => Number(item, key))]
            : [Number(element, key)];

    private static double[] Deviations(JsonElement element)
        => Numbers(element, "std") is var values && Array.TrueForAll(values, value => value > 0)
            ? values
            : throw new FormatException("a divisor that is not positive in 'std' or 'max_pixel_value'.");

    private static int? Side(JsonElement transform, string key) => Find(transform, key) is { } side ? Size(Number(side, key), key) : null;

    private static int Size(double value, string key)
        => value is >= 1 and <= ImageInput.LargestSide && value == Math.Floor(value)
            ? (int)value
            : throw new FormatException($"{value} in '{key}'; expected a number of pixels.");
}
