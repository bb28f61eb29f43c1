using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Tests;

namespace MLNet.AnomalyNormalization.Orleans.Tests.Evaluation;

/// <summary>
/// Small grey images in the layout of the MVTec data sets, and a saved pipeline that takes the brightness of each pixel for its score.
/// </summary>
internal sealed class ImageTest : IDisposable
{
    private const int Size = 12;

    private readonly TemporaryFolder _folder = new();
    private readonly MLContext _mlContext = new(seed: 0);
    private readonly ITransformer _model;

    public ImageTest()
    {
        var random = new Random(5);
        foreach ((string name, int count) in new[] { ("bright", 7), ("good", 8) })
        {
            Directory.CreateDirectory(Folder("test", name));
            Directory.CreateDirectory(Folder("ground_truth", name));
            for (int i = 0; i < count; i++)
            {
                bool[] defects = [.. Enumerable.Range(0, Size * Size).Select(p => name == "bright" && p / Size > 7 && p % Size < 3 + (i % 4))];
                Save(Path.Combine(Folder("test", name), $"{i:000}.png"), Size, p => random.Next(100) + (defects[p] ? 70 : 0));

                // Masks of twice the size.
                if (name == "bright")
                    Save(Path.Combine(Folder("ground_truth", name), $"{i:000}_mask.png"), 2 * Size, p => defects[(p / (2 * Size) / 2 * Size) + (p % (2 * Size) / 2)] ? 255 : 0);
            }
        }

        IDataView data = _mlContext.Data.LoadFromEnumerable(new[] { new Row() });
        _model = _mlContext.Transforms.LoadImages("Image", imageFolder: "", inputColumnName: "Photo")
            .Append(_mlContext.Transforms.ResizeImages("Image", Size, Size))
            .Append(_mlContext.Transforms.ExtractPixels("Pixels", "Image", Microsoft.ML.Transforms.Image.ImagePixelExtractingEstimator.ColorBits.Red))
            .Append(_mlContext.Transforms.Expression("AnomalyMap", "x => x", "Pixels"))
            .Append(_mlContext.Transforms.NormalizeAnomaly(new AnomalyThresholds(1, 110), new() { ScoreColumnName = null, MapColumnName = "AnomalyMap" }))
            .Fit(data);
        _mlContext.Model.Save(_model, data.Schema, ModelPath);
    }

    public string ModelPath => _folder["model.zip"];

    /// <summary>Saves a pipeline that takes the brightness of the whole for the score of an image, which it records in a file.</summary>
    /// <returns>The model, the recorded scores, and what one process finds in the images and, once more, in the recorded scores.</returns>
    public (string ModelPath, string ScoresPath, AnomalyEvaluation Alone) Record()
    {
        ShardImage[] images = [.. Images];
        IDataView rows = _mlContext.Data.LoadFromEnumerable(
            images.Select(image => new Row { Photo = image.Path, Label = image.IsAnomalous == true }));
        ITransformer model = _mlContext.Transforms.LoadImages("Image", imageFolder: "", inputColumnName: "Photo")
            .Append(_mlContext.Transforms.ResizeImages("Image", Size, Size))
            .Append(_mlContext.Transforms.ExtractPixels("AnomalyMap", "Image", Microsoft.ML.Transforms.Image.ImagePixelExtractingEstimator.ColorBits.Red))
            .Append(_mlContext.Transforms.ResizeImages("Dot", 1, 1, "Image"))
            .Append(_mlContext.Transforms.ExtractPixels("Score", "Dot", Microsoft.ML.Transforms.Image.ImagePixelExtractingEstimator.ColorBits.Red))
            .Append(_mlContext.Transforms.NormalizeAnomaly(new AnomalyThresholds(61.7, 110), new() { MapColumnName = "AnomalyMap" }))
            .Fit(rows);
        _mlContext.Model.Save(model, rows.Schema, _folder["images.zip"]);
        IDataView scored = model.Transform(rows);
        float[] scores = [.. scored.GetColumn<VBuffer<float>>("Score").Select(score => score.GetItemOrDefault(0))];
        File.WriteAllLines(_folder["recorded.csv"], images.Zip(scores, (image, score) => string.Create(
            System.Globalization.CultureInfo.InvariantCulture, $"{image.IsAnomalous},{score:R}")).Prepend("Label,Score"));

        Row[] twice = [.. images.Concat(images).Select(image => new Row { Photo = image.Path, Label = image.IsAnomalous == true })];
        return (_folder["images.zip"], _folder["recorded.csv"],
            _mlContext.AnomalyDetection.EvaluateNormalized(model.Transform(_mlContext.Data.LoadFromEnumerable(twice))));
    }

    public IReadOnlyList<string> Folders => [Folder("test", "bright"), Folder("test", "good")];

    public IReadOnlyList<ShardImage> Images => [.. Folders.SelectMany(ShardImage.InFolder)];

    /// <summary>The pixels alone are evaluated.</summary>
    public static AnomalyEvaluationOptions Options(EvaluationPrecision precision) => new()
    {
        ScoreColumnName = null,
        MaskColumnName = "Truth",
        ResizeMasks = true,
        MapHeight = Size,
        MapWidth = Size,
        Pixel = new() { Precision = precision, PerImageOverlapLowerBound = 0.01, PerImageOverlapUpperBound = 0.5, PerImageOverlapThresholds = 2000 },
    };

    /// <summary>What one process finds.</summary>
    public AnomalyEvaluation Alone(AnomalyEvaluationOptions options)
    {
        IDataView rows = _mlContext.Data.LoadFromEnumerable(
            Images.Select(image => new Row { Photo = image.Path, Label = image.IsAnomalous == true, Truth = image.MaskPath ?? "" }));
        IDataView data = _mlContext.Transforms.LoadImages("Truth", imageFolder: "").Fit(rows).Transform(rows);
        return _mlContext.AnomalyDetection.EvaluateNormalized(_model.Transform(data), options);
    }

    public void Dispose() => _folder.Dispose();

    private string Folder(string set, string name) => Path.Combine(_folder["images"], set, name);

    private static void Save(string path, int size, Func<int, int> brightness)
    {
        byte[] pixels = [.. Enumerable.Range(0, size * size).SelectMany(p => Enumerable.Repeat((byte)brightness(p), 3).Append(byte.MaxValue))];
        using MLImage image = MLImage.CreateFromPixels(size, size, MLPixelFormat.Rgba32, pixels);
        image.Save(path);
    }

    private sealed class Row
    {
        public string Photo { get; set; } = "";

        public bool Label { get; set; }

        public string Truth { get; set; } = "";
    }
}
