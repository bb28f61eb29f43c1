using Microsoft.ML.Data;

namespace VisualInspection.Tests;

/// <summary>Images that are just large enough to be inspected.</summary>
internal static class SmallImages
{
    public const int Height = 48;
    public const int Width = 32;

    /// <summary>Writes grey noise as an image file, and the folder that it stands in.</summary>
    public static void Write(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var random = new RandomDraws(Path.GetFileName(path)[0]);
        byte[] pixels = [.. Enumerable.Range(0, 4 * Height * Width).Select(i => i % 4 == 3 ? (byte)255 : (byte)random.Between(100, 150))];
        using MLImage image = MLImage.CreateFromPixels(Width, Height, MLPixelFormat.Rgba32, pixels);
        image.Save(Path.ChangeExtension(path, ".png"));
        File.Move(Path.ChangeExtension(path, ".png"), path);
    }

    /// <summary>Writes a mask in which only the upper quarter is opaque.</summary>
    public static void WriteMask(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        byte[] pixels = new byte[4 * Height * Width];
        for (int i = 0; i < Height / 4 * Width; i++)
            (pixels[(4 * i) + 1], pixels[(4 * i) + 3]) = (200, 255);
        using MLImage mask = MLImage.CreateFromPixels(Width, Height, MLPixelFormat.Rgba32, pixels);
        mask.Save(path);
    }

    /// <summary>A folder with two good images to learn from and one to inspect.</summary>
    public static void WriteFolder(string path)
    {
        for (int i = 0; i < 2; i++)
            Write(Path.Combine(path, "train", "good", $"{i}.png"));
        Write(Path.Combine(path, "test", "good", "0.png"));
    }
}
