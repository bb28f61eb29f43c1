using System.Globalization;
using System.Text.Json;
using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.Tool.Tests;

/// <summary>Real photos: ten good cookies to learn from, ten good and twelve cracked ones to inspect. The map has 256 x 192 pixels.</summary>
[TestClass]
public sealed class RegionInspectorTests
{
    // A twelfth of the width at each side: the rim of the tray, and the crumbs on it.
    private const int Rim = 48, RimOfMap = 16;

    private static readonly TemporaryFolder s_folder = new();

    [ClassCleanup]
    public static void Clean() => s_folder.Dispose();

    [TestMethod]
    public void Cookies_are_decided_by_regions_that_are_large_enough_and_lie_where_the_mask_says()
    {
        string data = Repository.SharedData("cookie"), model = s_folder["model.onnx"], mask = s_folder["mask.png"];
        Assert.AreEqual(0, AnomalyToolTests.Run("train", data, "--output", model, "--side", "192").Code);
        string[] cracked = [.. Directory.GetFiles(Path.Combine(data, "test", "cracked")).Order()];
        string[] good = [.. Directory.GetFiles(Path.Combine(data, "test", "good")).Order()];
        DrawMask(cracked[0], mask);

        // Nine tenths of the model's own threshold, at which specks of good cookies are seen, too.
        double pixel = AnomalyToolTests.Json("describe", model, "--json").GetProperty("thresholds").GetProperty("pixel").GetDouble();
        string low = (0.9 * pixel).ToString(CultureInfo.InvariantCulture);
        string[] thresholds = ["--image-threshold", low, "--pixel-threshold", low];
        (int Found, int Rejected, int Regions) all = Inspect("--minimum-area", "1"), large = Inspect("--minimum-area", "200");
        (int Found, int Rejected, int Regions) within = Inspect("--minimum-area", "200", "--valid-area", mask);
        Console.WriteLine($"All regions: {all}. From 200 pixels on: {large}. And but for the rim: {within}.");
        Assert.AreEqual((12, 12, 12), (all.Found, large.Found, within.Found));
        Assert.IsTrue(all.Rejected > large.Rejected && large.Rejected >= within.Rejected, "specks have no say");
        Assert.IsTrue(all.Regions > large.Regions && large.Regions >= within.Regions);
        Assert.AreEqual(all.Rejected, Evaluate(["--minimum-area", "1", .. thresholds]).GetProperty("falsePositives").GetInt32());
        Assert.AreEqual(large.Rejected, Evaluate(["--minimum-area", "200", .. thresholds]).GetProperty("falsePositives").GetInt32());

        foreach (JsonElement region in Inspections("--valid-area", mask).SelectMany(inspection => inspection.GetProperty("regions").EnumerateArray()))
        {
            (int top, int left) = (region.GetProperty("top").GetInt32(), region.GetProperty("left").GetInt32());
            Assert.IsTrue(top >= RimOfMap && left >= RimOfMap
                && top + region.GetProperty("height").GetInt32() <= 256 - RimOfMap && left + region.GetProperty("width").GetInt32() <= 192 - RimOfMap, $"{region}");
        }

        // Learned by regions, kept, and decided by.
        string[] regions = ["--minimum-area", "200", "--valid-area", mask];
        JsonElement kept = AnomalyToolTests.Json(["threshold", model, data, "--json", .. regions]).GetProperty("thresholds");
        Assert.AreEqual(kept.GetProperty("image").GetDouble(), kept.GetProperty("pixel").GetDouble(), "one threshold for both");
        JsonElement counts = Evaluate(regions);
        Assert.AreEqual((12, 0), (counts.GetProperty("truePositives").GetInt32(), counts.GetProperty("falsePositives").GetInt32()));
        Assert.AreEqual(0, AnomalyToolTests.Run(["report", model, data, "--output", s_folder["report"], .. regions]).Code);
        using JsonDocument report = JsonDocument.Parse(File.ReadAllText(s_folder["report/anomaly_test_output.json"]));
        Assert.AreEqual(kept.GetProperty("image").GetDouble(), report.RootElement.GetProperty("unnormalized_threshold").GetDouble(), 0.001);
        CollectionAssert.AreEqual(
            ((string[])["trueNegatives", "falsePositives", "falseNegatives", "truePositives"]).Select(count => counts.GetProperty(count).GetInt32()).ToArray(),
            report.RootElement.GetProperty("metrics").GetProperty("confusion_matrix").GetProperty("matrix").EnumerateArray()
                .SelectMany(row => row.EnumerateArray()).Select(count => count.GetInt32()).ToArray());

        (int Found, int Rejected, int Regions) Inspect(params string[] options)
        {
            JsonElement[] inspections = Inspections([.. options, .. thresholds]);
            bool[] isRejected = [.. inspections.Select(inspection => inspection.GetProperty("decision").GetString() == "reject")];
            return (isRejected.Take(12).Count(rejected => rejected), isRejected.Skip(12).Count(rejected => rejected),
                inspections.Sum(inspection => inspection.GetProperty("regions").GetArrayLength()));
        }

        JsonElement[] Inspections(params string[] options)
            => [.. AnomalyToolTests.Json(["inspect", model, .. cracked, .. good, "--json", .. options]).EnumerateArray()];

        JsonElement Evaluate(string[] options)
            => AnomalyToolTests.Json(["evaluate", model, data, "--json", .. options]).GetProperty("image").GetProperty("counts");
    }

    private static void DrawMask(string photo, string path)
    {
        using MLImage image = MLImage.CreateFromFile(photo);
        (int width, int height) = (image.Width, image.Height);
        byte[] pixels = [.. Enumerable.Range(0, width * height).SelectMany(i =>
        {
            bool isRim = i % width is var x && i / width is var y && (x < Rim || y < Rim || x >= width - Rim || y >= height - Rim);
            byte grey = isRim ? (byte)0 : (byte)255;
            return (byte[])[grey, grey, grey, 255];
        })];
        using MLImage mask = MLImage.CreateFromPixels(width, height, MLPixelFormat.Rgba32, pixels);
        mask.Save(path);
    }
}
