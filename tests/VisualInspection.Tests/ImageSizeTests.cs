namespace VisualInspection.Tests;

[TestClass]
public sealed class ImageSizeTests
{
    [TestMethod]
    [DataRow(192, 192, 100_000, 192, 192, DisplayName = "small enough: as it is")]
    [DataRow(200, 100, 20_000, 200, 100, DisplayName = "exactly the limit: as it is")]
    [DataRow(768, 576, 110_592, 384, 288, DisplayName = "a quarter of the pixels: half as high and wide")]
    [DataRow(1, 1_000_000, 100, 1, 10_000, DisplayName = "a line keeps its one row")]
    public void A_size_is_brought_within_an_area_and_keeps_its_shape(int height, int width, int area, int expectedHeight, int expectedWidth)
        => Assert.AreEqual(new ImageSize(expectedHeight, expectedWidth), new ImageSize(height, width).Within(area));
}
