using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using MLNet.AnomalyNormalization.Tests;

namespace MLNet.AnomalyNormalization.Onnx.Tests;

[TestClass]
public sealed class AnomalyOnnxCatalogTests : IDisposable
{
    private const int Height = 4;
    private const int Width = 6;

    private readonly TemporaryFolder _folder = new();
    private readonly MLContext _mlContext = new(seed: 1);

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void Three_lines_lead_from_an_export_to_decisions()
    {
        string onnx = ModelFile.Vision().WithMetadata("image_threshold", "0.3").WithMetadata("pixel_threshold", "0.2").Save(_folder["model.onnx"]);
        IDataView photos = Photos(3);

        AnomalyOnnxModel model = AnomalyOnnxModel.Open(onnx);
        var inspection = _mlContext.Transforms.ApplyAnomalyOnnxModel(model, imageColumnName: "Image")
            .Append(_mlContext.Transforms.NormalizeAnomaly(model.Thresholds!, new() { MapColumnName = "AnomalyMap" }))
            .Fit(photos);

        Inspection[] inspections = [.. _mlContext.Data.CreateEnumerable<Inspection>(inspection.Transform(photos), reuseRowObject: false)];
        Photo[] images = Photo.Make(3);
        for (int i = 0; i < inspections.Length; i++)
        {
            float[] expected = images[i].ExpectedMap();
            Same.Bits<float>(expected, inspections[i].AnomalyMap, "map");
            Same.Bits<float>([expected.Max()], inspections[i].Score, "score");
            Same.Bits<float>([new ScoreNormalizer(0.3).Normalize(expected.Max())], inspections[i].NormalizedScore, "normalised");
            Assert.AreEqual(expected.Max() >= 0.3f, inspections[i].PredictedLabel[0]);
        }
    }

    private IDataView Photos(int count) => _mlContext.Data.LoadFromEnumerable(Photo.Make(count));

    internal sealed class Photo
    {
        [ImageType(Height, Width)]
        public MLImage? Image { get; set; }

        public static Photo[] Make(int count)
        {
            var random = new Random(5);
            return [.. Enumerable.Range(0, count).Select(_ =>
            {
                byte[] pixels = new byte[Height * Width * 4];
                random.NextBytes(pixels);
                for (int i = 3; i < pixels.Length; i += 4)
                    pixels[i] = 255;
                return new Photo { Image = MLImage.CreateFromPixels(Width, Height, MLPixelFormat.Rgba32, pixels) };
            })];
        }

        public float[] ExpectedMap()
        {
            ReadOnlySpan<byte> pixels = Image!.Pixels;
            float[] map = new float[Height * Width];
            for (int i = 0; i < map.Length; i++)
                map[i] = MathF.Abs((((pixels[4 * i] / 255f) + (pixels[(4 * i) + 1] / 255f) + (pixels[(4 * i) + 2] / 255f)) / 3) - 0.25f);
            return map;
        }
    }

    internal sealed class Inspection
    {
        public float[] Score { get; set; } = [];

        public float[] AnomalyMap { get; set; } = [];

        public float[] NormalizedScore { get; set; } = [];

        public float[] NormalizedMap { get; set; } = [];

        public bool[] PredictedLabel { get; set; } = [];
    }
}
