using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Imaging.Reports;

namespace MLNet.AnomalyNormalization.Imaging.Tests.Reports;

[TestClass]
public sealed class ThumbnailTests
{
    [TestMethod]
    [DataRow(480, 320, 160, 106, DisplayName = "a large image is reduced in proportion")]
    [DataRow(100, 160, 100, 160, DisplayName = "a small one stays")]
    [DataRow(1, 4000, 1, 160, DisplayName = "a line keeps its row")]
    public void The_longer_side_is_limited(int height, int width, int expectedHeight, int expectedWidth)
    {
        using MLImage image = Pixels.Ramp(height, width);
        using MLImage small = Thumbnail.Of(image);
        Assert.AreEqual((expectedHeight, expectedWidth), (small.Height, small.Width));
    }

    [TestMethod]
    public void Each_pixel_is_the_mean_of_those_it_covers()
    {
        using MLImage image = Pixels.Ramp(320, 480);
        using MLImage small = Thumbnail.Of(image);
        for (int i = 0; i < 106 * 160; i += 97)
        {
            (int y, int x) = Math.DivRem(i, 160);
            var covered = from row in Enumerable.Range(0, 320)
                          where row >= y * 320 / 106 && row < (y + 1) * 320 / 106
                          from column in Enumerable.Range(3 * x, 3)
                          select (double)Pixels.At(image, row, column).Red;
            Assert.AreEqual(covered.Average(), Pixels.At(small, y, x).Red, 0.5001);
        }
    }

    [TestMethod]
    public void A_data_URI_holds_the_picture()
    {
        using MLImage image = Pixels.Ramp(20, 30);
        const string png = "data:image/png;base64,", jpeg = "data:image/jpeg;base64,";
        Assert.StartsWith(png, Thumbnail.Png(image));
        using MLImage back = MLImage.CreateFromStream(new MemoryStream(Convert.FromBase64String(Thumbnail.Png(image)[png.Length..])));
        Pixels.AssertSame(image, back);

        Assert.StartsWith(jpeg, Thumbnail.Jpeg(image));
        using MLImage near = MLImage.CreateFromStream(new MemoryStream(Convert.FromBase64String(Thumbnail.Jpeg(image)[jpeg.Length..])));
        Assert.AreEqual(Pixels.At(image, 10, 15).Red, Pixels.At(near, 10, 15).Red, 6.0);
    }
}
