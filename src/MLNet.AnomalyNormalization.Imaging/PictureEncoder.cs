using Microsoft.ML.Data;
using SkiaSharp;

namespace MLNet.AnomalyNormalization.Imaging;

/// <summary>Opaque pictures as the bytes of a file.</summary>
internal static class PictureEncoder
{
    public static byte[] Encode(MLImage image, Func<SKPixmap, SKData> encode)
    {
        SKColorType type = image.PixelFormat == MLPixelFormat.Rgba32 ? SKColorType.Rgba8888 : SKColorType.Bgra8888;
        using SKImage copy = SKImage.FromPixelCopy(new SKImageInfo(image.Width, image.Height, type, SKAlphaType.Opaque), image.Pixels);
        using SKPixmap pixels = copy.PeekPixels();
        using SKData data = encode(pixels);
        return data.ToArray();
    }
}
