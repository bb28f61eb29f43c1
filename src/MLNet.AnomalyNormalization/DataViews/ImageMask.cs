using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.DataViews;

/// <summary>
/// Reads masks that are images: a pixel is a defect where the image is opaque enough, if any of it is less than half opaque, or else where
/// its brightest channel is bright enough; enough is half, unless the rules say otherwise.
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

    public ImageMask(DataViewRow row, DataViewSchema.Column column, MaskRules rules) => _read = Reader(row, column, rules);

    public int Height { get; private set; }

    public int Width { get; private set; }

    public static bool IsImage(DataViewType type) => type.RawType.FullName == "Microsoft.ML.Data.MLImage";

    /// <summary>The mask of the present row, as <see cref="Defects"/> gives it; empty where there is no image.</summary>
    public ReadOnlySpan<byte> Read() => _read();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private Func<byte[]> Reader(DataViewRow row, DataViewSchema.Column column, MaskRules rules)
    {
        ValueGetter<MLImage?> getter = row.GetGetter<MLImage?>(column);
        MLImage? image = null;
        return () =>
        {
            getter(ref image);
            (Height, Width) = image is null ? (0, 0) : (image.Height, image.Width);
            return image is null ? [] : Defects(image.Pixels, rules);
        };
    }

    /// <summary>The mask that a picture shows: for each pixel 0, 1 for a defect, or <see cref="MaskRules.Unknown"/>.</summary>
    /// <param name="pixels">Four bytes a pixel, the alpha last, whatever the order of the colours.</param>
    /// <param name="rules">What the values mean.</param>
    /// <exception cref="FormatException">
    /// The picture is not black, but nothing in it is bright or opaque enough, and nobody said from where on a pixel is a defect.
    /// </exception>
    internal static byte[] Defects(ReadOnlySpan<byte> pixels, MaskRules rules)
    {
        (byte[] values, string what) = Values(pixels);
        byte threshold = rules.Threshold ?? Half, brightest = 0;
        for (int i = 0; i < values.Length; i++)
        {
            bool isUnknown = values[i] == rules.Ignored;
            brightest = isUnknown ? brightest : Math.Max(brightest, values[i]);
            values[i] = isUnknown ? MaskRules.Unknown : values[i] >= threshold ? (byte)1 : (byte)0;
        }

        return rules.Threshold is not null || brightest is 0 or >= Half
            ? values
            : throw new FormatException(
                $"the {what} value of the mask is {brightest}, and a defect begins at {Half}. Set MaskThreshold, to 1 if every pixel that is "
                + "not 0 is a defect");
    }

    /// <summary>
    /// Brings a mask of a whole picture to a map: each pixel of the map becomes the one of the mask that its centre lies in.
    /// </summary>
    /// <param name="mask">The mask, row-major.</param>
    /// <param name="size">Its size.</param>
    /// <param name="mapSize">The size of the map.</param>
    /// <param name="area">The area of the picture that the map covers.</param>
    internal static byte[] Resize(
        ReadOnlySpan<byte> mask, (int Height, int Width) size, (int Height, int Width) mapSize, PictureArea area = default)
    {
        var resized = new byte[mapSize.Height * mapSize.Width];
        int[] columns = new int[mapSize.Width];
        for (int x = 0; x < columns.Length; x++)
            columns[x] = PictureArea.Nearest(x, mapSize.Width, size.Width, area.Left, area.Width);

        for (int y = 0, i = 0; y < mapSize.Height; y++)
        {
            int nearest = PictureArea.Nearest(y, mapSize.Height, size.Height, area.Top, area.Height);
            ReadOnlySpan<byte> row = mask.Slice(nearest * size.Width, size.Width);
            foreach (int column in columns)
                resized[i++] = row[column];
        }

        return resized;
    }

    private static (byte[] Values, string What) Values(ReadOnlySpan<byte> pixels)
    {
        var values = new byte[pixels.Length / 4];
        for (int i = 0; i < values.Length; i++)
            values[i] = pixels[(i * 4) + 3];
        if (values.Length == 0 || TensorPrimitives.Min<byte>(values) < Half)
            return (values, "most opaque");

        for (int i = 0; i < values.Length; i++)
            values[i] = Math.Max(pixels[i * 4], Math.Max(pixels[(i * 4) + 1], pixels[(i * 4) + 2]));
        return (values, "brightest");
    }
}
