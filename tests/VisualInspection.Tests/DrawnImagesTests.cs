using System.Security.Cryptography;
using SkiaSharp;

namespace VisualInspection.Tests;

[TestClass]
public sealed class DrawnImagesTests
{
    private static (string Folder, int Number, Fabric Fabric)[] Drawings = [];

    [ClassInitialize]
    public static void Draw(TestContext context) => Drawings = [.. DrawnImages.Drawings()];

    [TestMethod]
    public void The_same_pixels_and_masks_are_drawn_every_time_and_everywhere()
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((_, _, Fabric fabric) in Drawings)
        {
            digest.AppendData(fabric.Pixels);
            digest.AppendData(fabric.Mask);
        }

        const string Expected = "5db9afc406ea91f416b643ca1be7ea51aa97260f8f83a343efd39c7480f2761c";
        Assert.AreEqual(Expected, Convert.ToHexStringLower(digest.GetHashAndReset()));
    }

    [TestMethod]
    public void Good_images_have_no_defect_and_every_other_image_has_one()
    {
        foreach ((string folder, int number, Fabric fabric) in Drawings)
        {
            int share = fabric.Mask.Count(value => value == 255) - (Fabric.Size * Fabric.Size);
            Assert.AreEqual(!folder.EndsWith("/good", StringComparison.Ordinal), share > 0, $"{folder}/{number}");
            Assert.IsLessThan(Fabric.Size * Fabric.Size / 4, share / 3, $"{folder}/{number}: a defect is a part of the image");
        }
    }

    [TestMethod]
    public void No_two_images_are_alike()
    {
        IEnumerable<string> digests = Drawings.Select(drawing => Convert.ToHexString(SHA256.HashData(drawing.Fabric.Pixels)));
        Assert.HasCount(Drawings.Length, digests.Distinct());
    }

    [TestMethod]
    public void The_files_hold_the_drawn_pixels_in_the_layout_of_the_MVTec_sets()
    {
        using var folder = new TemporaryFolder();
        DrawnImages.Save(folder["set"]);

        string[] files = [.. Directory.GetFiles(folder["set"], "*.png", SearchOption.AllDirectories)];
        Assert.HasCount(24 + 20 + 30 + 30, files);
        foreach ((string images, int number, Fabric fabric) in Drawings)
        {
            CollectionAssert.AreEqual(fabric.Pixels, PixelsOf(Path.Combine(folder["set"], images, $"{number:000}.png")));
            string truth = images.Replace("test/", "ground_truth/", StringComparison.Ordinal);
            string mask = Path.Combine(folder["set"], truth, $"{number:000}_mask.png");
            Assert.AreEqual(fabric.HasDefect, File.Exists(mask));
            if (fabric.HasDefect)
                CollectionAssert.AreEqual(fabric.Mask, PixelsOf(mask));
        }
    }

    private static byte[] PixelsOf(string path)
    {
        using SKBitmap bitmap = SKBitmap.Decode(path);
        return [.. bitmap.Pixels.SelectMany(color => new[] { color.Red, color.Green, color.Blue, color.Alpha })];
    }
}
