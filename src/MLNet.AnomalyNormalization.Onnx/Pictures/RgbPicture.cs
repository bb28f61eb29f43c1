using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.Onnx.Pictures;

/// <summary>A decoded picture: three bytes per pixel, red, green and blue, row by row.</summary>
/// <param name="Pixels">At least height x width x 3 bytes; what lies behind is not looked at.</param>
/// <param name="Height">The height in pixels.</param>
/// <param name="Width">The width in pixels.</param>
internal readonly record struct RgbPicture(byte[] Pixels, int Height, int Width)
{
    public const int Channels = 3;

    public Memory<byte> Bytes => Pixels.AsMemory(0, Height * Width * Channels);

    /// <summary>The picture with pixels of its own.</summary>
    public RgbPicture Copy() => this with { Pixels = Bytes.ToArray() };

    /// <summary>The picture as ML.NET has it.</summary>
    public MLImage ToImage()
    {
        const int channels = Channels + 1;
        byte[] rgba = new byte[Height * Width * channels];
        for (int from = 0, to = 0; to < rgba.Length; from += Channels, to += channels)
        {
            Pixels.AsSpan(from, Channels).CopyTo(rgba.AsSpan(to));
            rgba[to + Channels] = byte.MaxValue;
        }

        return MLImage.CreateFromPixels(Width, Height, MLPixelFormat.Rgba32, rgba);
    }
}
