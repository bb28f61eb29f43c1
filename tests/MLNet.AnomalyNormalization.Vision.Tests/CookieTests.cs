using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Tests;

namespace MLNet.AnomalyNormalization.Vision.Tests;

/// <summary>Real photos: ten good cookies to learn from, ten good and twelve cracked ones to inspect.</summary>
[TestClass]
public sealed class CookieTests
{
    [TestMethod]
    public void Cracked_cookies_are_found_where_they_are_cracked_and_good_ones_pass()
    {
        string root = Repository.SharedData("cookie");
        var mlContext = new MLContext(seed: 0);
        using PatchCoreTransformer model = mlContext.AnomalyDetection.Trainers.PatchCore(new() { ShorterSide = 192 })
            .Fit(Photos(Directory.GetFiles(Path.Combine(root, "train", "good"))));
        Assert.HasCount(1, model.NearDuplicates);

        var images = new ImageEvaluator();
        var pixels = new PixelEvaluator();
        foreach (bool isCracked in (bool[])[false, true])
        {
            string[] paths = [.. Directory.GetFiles(Path.Combine(root, "test", isCracked ? "cracked" : "good")).Order()];
            foreach ((string path, Scored photo) in paths.Zip(
                mlContext.Data.CreateEnumerable<Scored>(model.Transform(Photos(paths)), reuseRowObject: false)))
            {
                images.Add(photo.Score[0], isCracked);
                pixels.Add(photo.AnomalyMap, isCracked ? Mask(root, path) : new byte[256 * 192], 256, 192);
            }
        }

        ImageMetrics image = images.Compute(model.Thresholds.Image);
        PixelMetrics pixel = pixels.Compute(model.Thresholds.Pixel);
        Assert.IsGreaterThanOrEqualTo(0.99, image.AreaUnderRocCurve);
        Assert.AreEqual(0, image.Counts.FalsePositives);
        Assert.IsLessThanOrEqualTo(1, image.Counts.FalseNegatives);
        Assert.IsGreaterThanOrEqualTo(0.97, pixel.AreaUnderRocCurve);
        Assert.IsGreaterThanOrEqualTo(0.90, pixel.AreaUnderPerRegionOverlap);

        IDataView Photos(IEnumerable<string> paths)
            => mlContext.Data.LoadFromEnumerable(paths.Order().Select(path => new Photo { Image = path }));
    }

    // A pixel is cracked where its mask is at least half opaque; brought to the size of the map by the nearest pixel.
    private static byte[] Mask(string root, string path)
    {
        using MLImage mask = MLImage.CreateFromFile(
            Path.Combine(root, "ground_truth", "cracked", $"{Path.GetFileNameWithoutExtension(path)}.png"));
        var result = new byte[256 * 192];
        for (int i = 0; i < result.Length; i++)
        {
            int y = (int)(((i / 192) + 0.5) / 256 * mask.Height);
            int x = (int)(((i % 192) + 0.5) / 192 * mask.Width);
            result[i] = (byte)(mask.Pixels[(((y * mask.Width) + x) * 4) + 3] >= 128 ? 1 : 0);
        }

        return result;
    }

    private sealed class Photo
    {
        public string Image { get; set; } = "";
    }

    private sealed class Scored
    {
        public float[] Score { get; set; } = [];

        public float[] AnomalyMap { get; set; } = [];
    }
}
