using System.Runtime.InteropServices;
using Microsoft.ML.Data;

namespace VisualInspection;

/// <summary>Where the defect of an image really is: a picture of the same shape, which the evaluation compares with the map.</summary>
internal static class GroundTruth
{
    /// <summary>Reads a mask and brings it to the size of the maps.</summary>
    public static MLImage Read(string path, ImageSize size)
    {
        using MLImage mask = MLImage.CreateFromFile(path);
        return Resize(mask, size);
    }

    /// <summary>
    /// Takes for each pixel the one of the mask that its centre falls on. Mixed pixels, as in photos, would mark what nobody has marked.
    /// </summary>
    public static MLImage Resize(MLImage mask, ImageSize size)
    {
        // Whole pixels are moved, as what makes one a defect, its colour or its alpha, is for the evaluation to say.
        ReadOnlySpan<int> source = MemoryMarshal.Cast<byte, int>(mask.Pixels);
        int[] pixels = new int[size.Area];
        for (int y = 0; y < size.Height; y++)
        {
            ReadOnlySpan<int> row = source.Slice(Nearest(y, size.Height, mask.Height) * mask.Width, mask.Width);
            for (int x = 0; x < size.Width; x++)
                pixels[(y * size.Width) + x] = row[Nearest(x, size.Width, mask.Width)];
        }

        return MLImage.CreateFromPixels(size.Width, size.Height, mask.PixelFormat, MemoryMarshal.AsBytes<int>(pixels));

        static int Nearest(int i, int length, int sourceLength) => (int)(((2L * i) + 1) * sourceLength / (2L * length));
    }
}
