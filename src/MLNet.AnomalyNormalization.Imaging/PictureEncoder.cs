using Microsoft.ML.Data;
using SkiaSharp;

namespace MLNet.AnomalyNormalization.Imaging;

/// <summary>Opaque pictures as the bytes of a file.</summary>
internal static class PictureEncoder
{
    public static byte[] Png(MLImage image) => Encode(image, pixels => pixels.Encode(SKPngEncoderOptions.Default));

    /// <summary>At full resolution of the colours too: an outline is one pixel wide.</summary>
    /// <param name="image">The picture.</param>
    /// <param name="quality">1..100.</param>
    public static byte[] Jpeg(MLImage image, int quality)
    {
        var options = new SKJpegEncoderOptions(quality, SKJpegEncoderDownsample.Downsample444, SKJpegEncoderAlphaOption.Ignore);
        return Encode(image, pixels => pixels.Encode(options));
    }

    private static byte[] Encode(MLImage image, Func<SKPixmap, SKData> encode)
    {
        SKColorType type = image.PixelFormat == MLPixelFormat.Rgba32 ? SKColorType.Rgba8888 : SKColorType.Bgra8888;
        using SKImage copy = SKImage.FromPixelCopy(new SKImageInfo(image.Width, image.Height, type, SKAlphaType.Opaque), image.Pixels);
        using SKPixmap pixels = copy.PeekPixels();
        using SKData data = encode(pixels);
        return data.ToArray();
    }
}
