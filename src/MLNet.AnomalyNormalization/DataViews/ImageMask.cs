using System.Runtime.CompilerServices;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.DataViews;

/// <summary>
/// Reads masks that are images: a pixel is a defect where the image is at least half opaque, if it has any transparency, or else where its
/// brightest channel is at least half.
/// </summary>
/// <remarks>
/// Only here does the project touch Microsoft.ML.ImageAnalytics, which it doesn't depend on: whoever has an image column has brought that
/// assembly along, and the methods that need it are not compiled before there is such a column.
/// </remarks>
internal sealed class ImageMask
{
    // Pixels on an anti-aliased border belong to the defect from half coverage on.
    private const byte Half = 128;

    private readonly Func<byte[]> _read;

    public ImageMask(DataViewRow row, DataViewSchema.Column column) => _read = Reader(row, column);

    public int Height { get; private set; }

    public int Width { get; private set; }

    public static bool IsImage(DataViewType type) => type.RawType.FullName == "Microsoft.ML.Data.MLImage";

    /// <summary>The mask of the present row, 0 or 1 for each pixel; empty where there is no image.</summary>
    public ReadOnlySpan<byte> Read() => _read();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private Func<byte[]> Reader(DataViewRow row, DataViewSchema.Column column)
    {
        ValueGetter<MLImage?> getter = row.GetGetter<MLImage?>(column);
        MLImage? image = null;
        return () =>
        {
            getter(ref image);
            (Height, Width) = image is null ? (0, 0) : (image.Height, image.Width);
            return image is null ? [] : Defects(image.Pixels);
        };
    }

    /// <summary>The mask that a picture shows, 0 or 1 for each pixel.</summary>
    /// <param name="pixels">Four bytes a pixel, the alpha last, whatever the order of the colours.</param>
    internal static byte[] Defects(ReadOnlySpan<byte> pixels)
    {
        bool isTransparent = false;
        for (int i = 3; i < pixels.Length; i += 4)
            isTransparent |= pixels[i] != byte.MaxValue;

        var defects = new byte[pixels.Length / 4];
        for (int i = 0; i < defects.Length; i++)
        {
            ReadOnlySpan<byte> pixel = pixels.Slice(i * 4, 4);
            byte value = isTransparent ? pixel[3] : Math.Max(pixel[0], Math.Max(pixel[1], pixel[2]));
            defects[i] = value >= Half ? (byte)1 : (byte)0;
        }

        return defects;
    }

    /// <summary>
    /// Brings a mask to the size of a map: each pixel becomes the one of the mask that its centre lies in. Both cover the same area.
    /// </summary>
    internal static byte[] Resize(ReadOnlySpan<byte> mask, (int Height, int Width) size, (int Height, int Width) mapSize)
    {
        var resized = new byte[mapSize.Height * mapSize.Width];
        for (int y = 0, i = 0; y < mapSize.Height; y++)
        {
            ReadOnlySpan<byte> row = mask.Slice(Nearest(y, mapSize.Height, size.Height) * size.Width, size.Width);
            for (int x = 0; x < mapSize.Width; x++, i++)
                resized[i] = row[Nearest(x, mapSize.Width, size.Width)];
        }

        return resized;

        static int Nearest(int i, int length, int maskLength) => (int)(((2L * i) + 1) * maskLength / (2L * length));
    }
}
