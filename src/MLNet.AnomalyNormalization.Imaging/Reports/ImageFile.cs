using Microsoft.ML.Data;
using SkiaSharp;

namespace MLNet.AnomalyNormalization.Imaging.Reports;

/// <summary>Reads picture files whole. ML.NET's own loader fills what is missing of a truncated one with grey or black.</summary>
internal static class ImageFile
{
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is no picture that can be read, or not a whole one.</exception>
    public static MLImage Load(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no image '{path}'. Pass the path from here, or the image itself.", path);

        using SKCodec codec = SKCodec.Create(path)
            ?? throw new InvalidDataException($"'{path}' is no image that can be read; PNG, JPEG, WebP, BMP and GIF can.");
        SKImageInfo info = codec.Info.WithColorType(SKColorType.Bgra8888).WithColorSpace(null);
        if (info.AlphaType == SKAlphaType.Unpremul)
            info = info.WithAlphaType(SKAlphaType.Premul);
        byte[] pixels = new byte[info.BytesSize];
        return codec.GetPixels(info, pixels) switch
        {
            SKCodecResult.Success => MLImage.CreateFromPixels(info.Width, info.Height, MLPixelFormat.Bgra32, pixels),
            SKCodecResult.IncompleteInput => throw new InvalidDataException($"'{path}' is truncated; expected a whole image."),
            var other => throw new InvalidDataException($"'{path}' can't be decoded ({other}); it is damaged."),
        };
    }
}
