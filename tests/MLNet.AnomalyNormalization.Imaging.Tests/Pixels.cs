using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.Imaging.Tests;

/// <summary>Reads and makes images pixel by pixel.</summary>
internal static class Pixels
{
    public static (byte Red, byte Green, byte Blue) At(MLImage image, int y, int x)
    {
        int red = image.PixelFormat == MLPixelFormat.Rgba32 ? 0 : 2;
        ReadOnlySpan<byte> pixel = image.Pixels.Slice(4 * ((y * image.Width) + x), 4);
        Assert.AreEqual(byte.MaxValue, pixel[3], "opaque");
        return (pixel[red], pixel[1], pixel[2 - red]);
    }

    public static MLImage Plain(int height, int width, byte red, byte green, byte blue, MLPixelFormat format = MLPixelFormat.Rgba32)
    {
        byte[] pixel = format == MLPixelFormat.Rgba32 ? [red, green, blue, 255] : [blue, green, red, 255];
        return MLImage.CreateFromPixels(width, height, format, [.. Enumerable.Repeat(pixel, height * width).SelectMany(bytes => bytes)]);
    }

    /// <summary>A grey ramp from the upper left to the lower right.</summary>
    public static MLImage Ramp(int height, int width)
    {
        var pixels = new byte[4 * height * width];
        for (int i = 0; i < height * width; i++)
        {
            byte grey = (byte)(60 + (140 * ((i / width) + (i % width)) / (height + width)));
            (pixels[4 * i], pixels[(4 * i) + 1], pixels[(4 * i) + 2], pixels[(4 * i) + 3]) = (grey, grey, grey, 255);
        }

        return MLImage.CreateFromPixels(width, height, MLPixelFormat.Rgba32, pixels);
    }

    public static void AssertSame(MLImage expected, MLImage actual)
    {
        Assert.AreEqual((expected.Height, expected.Width), (actual.Height, actual.Width));
        for (int y = 0; y < expected.Height; y++)
        {
            for (int x = 0; x < expected.Width; x++)
                Assert.AreEqual(At(expected, y, x), At(actual, y, x), $"row {y}, column {x}");
        }
    }
}
