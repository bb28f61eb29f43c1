using Microsoft.ML.Data;
using SkiaSharp;

namespace WebApi;

/// <summary>A picture as the bytes of a PNG file.</summary>
internal static class PngPicture
{
    public const string MediaType = "image/png";

    public static byte[] Encode(MLImage image)
    {
        SKColorType order = image.PixelFormat == MLPixelFormat.Rgba32 ? SKColorType.Rgba8888 : SKColorType.Bgra8888;
        var info = new SKImageInfo(image.Width, image.Height, order, SKAlphaType.Opaque);
        using SKImage picture = SKImage.FromPixelCopy(info, image.Pixels);
        using SKData png = picture.Encode(SKEncodedImageFormat.Png, quality: 100);
        return png.ToArray();
    }
}
