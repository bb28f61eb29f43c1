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

    public static string Jpeg(MLImage image) => $"data:image/jpeg;base64,{Encode(image, SKEncodedImageFormat.Jpeg)}";

    public static string Png(MLImage image) => $"data:image/png;base64,{Encode(image, SKEncodedImageFormat.Png)}";

    private static string Encode(MLImage image, SKEncodedImageFormat format)
    {
        var info = new SKImageInfo(
            image.Width, image.Height, image.PixelFormat == MLPixelFormat.Rgba32 ? SKColorType.Rgba8888 : SKColorType.Bgra8888, SKAlphaType.Opaque);
        using SKImage pixels = SKImage.FromPixelCopy(info, image.Pixels);
        using SKData data = pixels.Encode(format, Quality);
        return Convert.ToBase64String(data.AsSpan());
    }
}
