using System.Xml.Linq;
using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.Imaging.Tests;

[TestClass]
public sealed class NotebookPicturesTests
{
    [TestMethod]
    public void A_notebook_shows_the_pictures_in_their_order_and_size_pixel_by_pixel()
    {
        using MLImage heat = HeatMap.Render([0, 50, 100, 150, 200, 1000], height: 2, width: 3), mask = HeatMap.Mask([0, 1000], 1, 2);
        var pictures = new NotebookPictures(("heat map", heat), ("mask", mask));

        string html = NotebookDisplay.Html(pictures)!;
        Assert.AreEqual(pictures.Html, html);
        XElement[] figures = [.. XElement.Parse(html).Elements("figure")];
        CollectionAssert.AreEqual(new[] { "heat map", "mask" }, figures.Select(figure => figure.Element("figcaption")!.Value).ToArray());
        foreach ((XElement figure, MLImage image) in figures.Zip([heat, mask]))
        {
            string[] source = figure.Element("img")!.Attribute("src")!.Value.Split(',');
            Assert.AreEqual("data:image/png;base64", source[0]);
            using MLImage decoded = MLImage.CreateFromStream(new MemoryStream(Convert.FromBase64String(source[1])));
            Pixels.AssertSame(image, decoded);
        }
    }

    [TestMethod]
    public void Captions_are_escaped_and_images_may_be_disposed_at_once()
    {
        const string Caption = "<b onload='x()'>\"R&D\"</b>";
        MLImage image = HeatMap.Render([1], 1, 1);
        var pictures = new NotebookPictures((Caption, image));
        image.Dispose();

        XElement figure = XElement.Parse(NotebookDisplay.Html(pictures)!).Element("figure")!;
        Assert.AreEqual(Caption, figure.Element("figcaption")!.Value);
        Assert.IsEmpty(figure.Element("figcaption")!.Elements());
        Assert.AreEqual(Caption, figure.Element("img")!.Attribute("alt")!.Value);
    }

    [TestMethod]
    public void Without_a_picture_nothing_is_shown_and_null_is_refused()
    {
        Assert.IsEmpty(XElement.Parse(NotebookDisplay.Html(new NotebookPictures())!).Elements());
        using MLImage image = HeatMap.Render([1], 1, 1);
        Assert.ThrowsExactly<ArgumentNullException>(() => new NotebookPictures((null!, image)));
        Assert.ThrowsExactly<ArgumentNullException>(() => new NotebookPictures(("caption", null!)));
    }
}
