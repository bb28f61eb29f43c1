using Microsoft.ML.Data;
using SkiaSharp;

namespace MLNet.AnomalyNormalization.Imaging.Reports;

/// <summary>Small pictures for the page: images as JPEG, masks as PNG, both as data URIs.</summary>
internal static class Thumbnail
{
    public const int LongerSide = 160;

    private const int Quality = 80;

    /// <summary>The image reduced to at most <see cref="LongerSide"/> pixels a side; each pixel is the mean of those it covers.</summary>
    public static MLImage Of(MLImage image)
    {
        var original = Picture.Copy(image);
        double scale = Math.Min(1, (double)LongerSide / Math.Max(image.Height, image.Width));
        var size = new MapSize(Math.Max(1, (int)(image.Height * scale)), Math.Max(1, (int)(image.Width * scale)));
        var small = new Picture(size);
        for (int y = 0; y < size.Height; y++)
        {
            for (int x = 0; x < size.Width; x++)
            {
                (int top, int bottom) = Covered(y, size.Height, image.Height);
                (int left, int right) = Covered(x, size.Width, image.Width);
                small.Set((y * size.Width) + x, original.Mean(top, bottom, left, right));
            }
        }

        return small.ToImage();

        static (int From, int To) Covered(int i, int count, int of) => ((int)((long)i * of / count), (int)((long)(i + 1) * of / count));
    }

    public static string Jpeg(MLImage image)
    {
        // At full resolution of the colours too: an outline is one pixel wide.
        var options = new SKJpegEncoderOptions(Quality, SKJpegEncoderDownsample.Downsample444, SKJpegEncoderAlphaOption.Ignore);
        return DataUri("jpeg", image, pixels => pixels.Encode(options));
    }

    public static string Png(MLImage image) => DataUri("png", image, pixels => pixels.Encode(SKPngEncoderOptions.Default));

    private static string DataUri(string format, MLImage image, Func<SKPixmap, SKData> encode)
    {
        SKColorType type = image.PixelFormat == MLPixelFormat.Rgba32 ? SKColorType.Rgba8888 : SKColorType.Bgra8888;
        using SKImage copy = SKImage.FromPixelCopy(new SKImageInfo(image.Width, image.Height, type, SKAlphaType.Opaque), image.Pixels);
        using SKPixmap pixels = copy.PeekPixels();
        using SKData data = encode(pixels);
        return $"data:image/{format};base64,{Convert.ToBase64String(data.AsSpan())}";
    }
}
