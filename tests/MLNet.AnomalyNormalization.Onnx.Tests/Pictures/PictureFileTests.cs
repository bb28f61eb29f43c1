using MLNet.AnomalyNormalization.Onnx.Pictures;
using MLNet.AnomalyNormalization.Tests;
using SkiaSharp;

namespace MLNet.AnomalyNormalization.Onnx.Tests.Pictures;

[TestClass]
public sealed class PictureFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void Transparency_is_dropped_and_colours_stay()
    {
        // Three pixels: opaque, half-transparent, and one that nobody sees.
        Png.Write(_folder["x.png"], 3, 1, 8, Png.Rgba, [10, 20, 30, 255, 40, 50, 60, 128, 70, 80, 90, 0]);
        CollectionAssert.AreEqual(new byte[] { 10, 20, 30, 40, 50, 60, 70, 80, 90 }, Pixels("x.png"));
    }

    [TestMethod]
    public void A_palette_is_resolved_and_its_transparency_dropped()
    {
        Png.Write(_folder["x.png"], 2, 1, 8, Png.Palette, [1, 0], palette: [9, 8, 7, 6, 5, 4], opacities: [0, 255]);
        CollectionAssert.AreEqual(new byte[] { 6, 5, 4, 9, 8, 7 }, Pixels("x.png"));
    }

    [TestMethod]
    [DataRow(1, new byte[] { 0b10_000000 }, new byte[] { 255, 0 }, DisplayName = "one bit of grey")]
    [DataRow(8, new byte[] { 200, 17 }, new byte[] { 200, 17 }, DisplayName = "eight bits of grey")]
    public void Grey_is_three_equal_channels(int depth, byte[] line, byte[] expected)
    {
        Png.Write(_folder["x.png"], 2, 1, depth, Png.Grey, line);
        CollectionAssert.AreEqual(expected.SelectMany(value => (byte[])[value, value, value]).ToArray(), Pixels("x.png"));
    }

    [TestMethod]
    public void Sixteen_bits_become_eight_where_Python_does_so_and_are_refused_where_it_cuts_them_off()
    {
        // High bytes 0x12, 0x80 and 0xFF; OpenCV drops the low ones, and Skia rounds by them: at most one step.
        byte[] line = [0x12, 0x34, 0x80, 0x00, 0xFF, 0xFF];
        Png.Write(_folder["grey.png"], 3, 1, 16, Png.Grey, line);
        Png.Write(_folder["colour.png"], 1, 1, 16, Png.Rgb, line);
        byte[] grey = Pixels("grey.png", ImageLibrary.OpenCv);
        byte[] colour = Pixels("colour.png");
        for (int i = 0; i < 3; i++)
        {
            Assert.AreEqual(line[2 * i], grey[3 * i], 1);
            Assert.AreEqual(line[2 * i], colour[i], 1);
        }

        var e = Assert.ThrowsExactly<InvalidDataException>(() => PictureFile.Read(_folder["grey.png"], ImageLibrary.Torchvision));
        StringAssert.Contains(e.Message, "16 bits of grey");
    }

    [TestMethod]
    [DataRow(1, "abcdef", 3, DisplayName = "1, as it is")]
    [DataRow(2, "cbafed", 3, DisplayName = "2, mirrored")]
    [DataRow(3, "fedcba", 3, DisplayName = "3, upside down")]
    [DataRow(4, "defabc", 3, DisplayName = "4, flipped")]
    [DataRow(5, "adbecf", 2, DisplayName = "5, transposed")]
    [DataRow(6, "daebfc", 2, DisplayName = "6, turned right")]
    [DataRow(7, "fcebda", 2, DisplayName = "7, transposed the other way")]
    [DataRow(8, "cfbead", 2, DisplayName = "8, turned left")]
    public void A_photo_is_turned_by_its_orientation_as_OpenCV_does_and_left_as_Pillow_does(int orientation, string expected, int width)
    {
        // Six fields, abc over def, of a brightness each.
        using var bitmap = new SKBitmap(48, 32);
        using (var canvas = new SKCanvas(bitmap))
        {
            for (int i = 0; i < 6; i++)
            {
                byte level = (byte)(40 * i);
                using var paint = new SKPaint { Color = new(level, level, level) };
                canvas.DrawRect(16 * (i % 3), 16 * (i / 3), 16, 16, paint);
            }
        }

        using SKData jpeg = bitmap.Encode(SKEncodedImageFormat.Jpeg, 100);
        File.WriteAllBytes(_folder["x.jpg"], WithOrientation(jpeg.ToArray(), (byte)orientation));
        Assert.AreEqual(expected, Fields(ImageLibrary.OpenCv, width));
        Assert.AreEqual("abcdef", Fields(ImageLibrary.Torchvision, 3));
        Assert.AreEqual((96 / width / 16 * 16, width * 16), PictureFile.SizeOf(_folder["x.jpg"], ImageLibrary.OpenCv));

        string Fields(ImageLibrary library, int across)
        {
            RgbPicture picture = PictureFile.Read(_folder["x.jpg"], library);
            Assert.AreEqual(across * 16, picture.Width);
            return new([.. Enumerable.Range(0, 6).Select(i =>
            {
                int level = picture.Pixels[(((((i / across) * 16) + 8) * picture.Width) + ((i % across) * 16) + 8) * 3];
                return (char)('a' + ((level + 20) / 40));
            })]);
        }
    }

    [TestMethod]
    public void What_is_no_whole_picture_is_refused_with_its_name()
    {
        var random = new Random(1);
        using var bitmap = new SKBitmap(64, 64)
        {
            Pixels = [.. Enumerable.Range(0, 64 * 64).Select(_ => new SKColor((byte)random.Next(256), (byte)random.Next(256), 7))],
        };
        foreach (SKEncodedImageFormat format in (SKEncodedImageFormat[])[SKEncodedImageFormat.Png, SKEncodedImageFormat.Jpeg])
        {
            using SKData data = bitmap.Encode(format, 90);
            AssertRefused(data.ToArray()[..(int)(data.Size * 2 / 3)], "can't be decoded: the file is truncated");
        }

        AssertRefused("not a picture"u8.ToArray(), "is no picture, or of a format that can't be read");
        AssertRefused([], "is empty");
        Assert.ThrowsExactly<FileNotFoundException>(() => PictureFile.Read(_folder["none.png"], ImageLibrary.Torchvision));

        void AssertRefused(byte[] content, string reason)
        {
            File.WriteAllBytes(_folder["x"], content);
            var e = Assert.ThrowsExactly<InvalidDataException>(() => PictureFile.Read(_folder["x"], ImageLibrary.Torchvision));
            StringAssert.Contains(e.Message, reason);
            StringAssert.Contains(e.Message, _folder["x"]);
        }
    }

    private byte[] Pixels(string name, ImageLibrary library = ImageLibrary.Torchvision) => PictureFile.Read(_folder[name], library).Pixels;

    // An APP1 segment with one entry, orientation: https://www.cipa.jp/std/documents/e/DC-008-2012_E.pdf
    internal static byte[] WithOrientation(byte[] jpeg, byte orientation)
        => [.. jpeg[..2], 0xFF, 0xE1, 0, 34, .. "Exif\0\0MM\0*"u8, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0,
            .. jpeg[2..]];
}
