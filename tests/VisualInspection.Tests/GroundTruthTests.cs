using Microsoft.ML.Data;
using SkiaSharp;

namespace VisualInspection.Tests;

[TestClass]
public sealed class GroundTruthTests
{
    [TestMethod]
    [DataRow(6, 4, 6, 4, DisplayName = "its own size: as it is")]
    [DataRow(9, 6, 3, 2, DisplayName = "a third: the middle pixel of each block")]
    [DataRow(768, 576, 365, 273, DisplayName = "a photo at the size of the model")]
    [DataRow(3, 2, 7, 5, DisplayName = "larger")]
    [DataRow(1, 1, 4, 4, DisplayName = "a single pixel")]
    public void Every_pixel_is_the_one_of_the_mask_under_its_centre(int height, int width, int newHeight, int newWidth)
    {
        // The number of a pixel in its four bytes, so that each is known again.
        byte[] pixels = [.. Enumerable.Range(0, height * width).SelectMany(BitConverter.GetBytes)];
        using MLImage mask = MLImage.CreateFromPixels(width, height, MLPixelFormat.Bgra32, pixels);
        using MLImage resized = GroundTruth.Resize(mask, new ImageSize(newHeight, newWidth));

        Assert.AreEqual((newHeight, newWidth, MLPixelFormat.Bgra32), (resized.Height, resized.Width, resized.PixelFormat));
        for (int y = 0; y < newHeight; y++)
        {
            for (int x = 0; x < newWidth; x++)
            {
                (decimal centerY, decimal centerX) = ((y + 0.5m) * height / newHeight, (x + 0.5m) * width / newWidth);
                int expected = ((int)centerY * width) + (int)centerX;
                Assert.AreEqual(expected, BitConverter.ToInt32(resized.Pixels.Slice(4 * ((y * newWidth) + x), 4)), $"{y}, {x}");
            }
        }
    }

    [TestMethod]
    public void A_file_is_read_with_its_transparency_and_let_go()
    {
        using var folder = new TemporaryFolder();
        SmallImages.WriteMask(folder["mask.png"]);
        using MLImage mask = GroundTruth.Read(folder["mask.png"], new ImageSize(8, 3));
        byte[] alpha = [.. Enumerable.Range(0, 8 * 3).Select(i => mask.Pixels[(4 * i) + 3])];
        CollectionAssert.AreEqual(Enumerable.Range(0, 8 * 3).Select(i => i < 2 * 3 ? (byte)255 : (byte)0).ToArray(), alpha);
        File.Open(folder["mask.png"], FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
    }

    [TestMethod]
    public void A_grey_file_as_MVTec_has_them_is_read_as_opaque_light_and_dark()
    {
        using var folder = new TemporaryFolder();
        using (var grey = new SKBitmap(2, 1, SKColorType.Gray8, SKAlphaType.Opaque))
        {
            grey.SetPixel(0, 0, SKColors.White);
            grey.SetPixel(1, 0, SKColors.Black);
            using FileStream file = File.Create(folder["mask.png"]);
            grey.Encode(file, SKEncodedImageFormat.Png, quality: 100);
        }

        using MLImage mask = GroundTruth.Read(folder["mask.png"], new ImageSize(1, 2));
        CollectionAssert.AreEqual(new byte[] { 255, 255, 255, 255, 0, 0, 0, 255 }, mask.Pixels.ToArray());
    }
}
