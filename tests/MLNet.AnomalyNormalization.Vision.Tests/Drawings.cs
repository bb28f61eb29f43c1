using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.Vision.Tests;

/// <summary>Small pictures of a grainy surface, each another one, with a scratch where asked for.</summary>
internal static class Drawings
{
    public static string Save(string path, int seed, int height = 80, int width = 64, bool hasScratch = false)
    {
        using MLImage image = Draw(seed, height, width, hasScratch);
        image.Save(path);
        return path;
    }

    public static MLImage Draw(int seed, int height = 80, int width = 64, bool hasScratch = false)
    {
        var random = new Random(seed);
        var pixels = new byte[height * width * 4];
        double phase = random.NextDouble() * 10;
        for (int i = 0; i < height * width; i++)
        {
            double wave = 20 * Math.Sin((i % width / 5.0) + phase);
            bool isScratch = hasScratch && Math.Abs((i % width) - (width / 2)) < 3 && i / width > height / 3 && i / width < height * 2 / 3;
            byte grey = (byte)(isScratch ? 10 : 120 + wave + random.Next(-10, 10));
            (pixels[4 * i], pixels[(4 * i) + 1], pixels[(4 * i) + 2], pixels[(4 * i) + 3]) = (grey, (byte)(grey / 2), grey, byte.MaxValue);
        }

        return MLImage.CreateFromPixels(width, height, MLPixelFormat.Rgba32, pixels);
    }
}
