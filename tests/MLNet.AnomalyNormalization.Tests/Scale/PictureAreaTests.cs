using System.Text.Json;
using CsCheck;

namespace MLNet.AnomalyNormalization.Tests;

[TestClass]
public sealed class PictureAreaTests
{
    [TestMethod]
    [DataRow(-0.1, 0, 1, 1, "top", DisplayName = "above the picture")]
    [DataRow(0, 1, 1, 1, "left", DisplayName = "right of the picture")]
    [DataRow(0.5, 0, 0.6, 1, "height", DisplayName = "reaching out below")]
    [DataRow(0, 0, 1, 0, "width", DisplayName = "empty")]
    [DataRow(0, 0, double.NaN, 1, "height", DisplayName = "NaN")]
    public void What_reaches_out_of_the_picture_is_refused_by_name(double top, double left, double height, double width, string name)
        => Assert.AreEqual(name, Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new PictureArea(top, left, height, width)).ParamName);

    [TestMethod]
    public void The_default_value_is_the_whole_picture()
    {
        Assert.AreEqual(PictureArea.Whole, new PictureArea(0, 0, 1, 1));
        Assert.AreEqual(1, default(PictureArea).Height);
        Assert.IsTrue(default(PictureArea).IsWhole);
        Assert.IsFalse(new PictureArea(0, 0, 1, 0.5).IsWhole);
    }

    [TestMethod]
    public void It_comes_back_from_JSON()
    {
        var area = new PictureArea(0.0625, 0.1, 0.875, 0.7);
        Assert.AreEqual(area, JsonSerializer.Deserialize<PictureArea>(JsonSerializer.Serialize(area)));
    }

    [TestMethod]
    public void Over_the_whole_picture_the_nearest_pixel_is_exact_also_on_borders()
        => Gen.Int[1, 3000].Select(Gen.Int[1, 3000]).Check((map, picture) =>
        {
            for (int i = 0; i < map; i++)
                Assert.AreEqual((int)(((2L * i) + 1) * picture / (2L * map)), PictureArea.Nearest(i, map, picture, 0, 1));
        }, seed: "0000KDXOm2k3", iter: 200);

    [TestMethod]
    public void In_a_centre_crop_the_nearest_pixel_is_that_of_the_cropped_picture()
    {
        // 256 pixels, of which the middle 224 are looked at.
        for (int i = 0; i < 224; i++)
            Assert.AreEqual(16 + i, PictureArea.Nearest(i, 224, 256, 16 / 256d, 224 / 256d));
    }
}
