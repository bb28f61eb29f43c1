using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.Imaging;

/// <summary>The pixels of a picture that is being made: row-major, four bytes each, red first, always opaque.</summary>
internal sealed class Picture(MapSize size)
{
    public const int BytesPerPixel = 4;

    private readonly byte[] _pixels = Opaque(size);

    public MapSize Size => size;

    public static Picture Copy(MLImage image)
    {
        var picture = new Picture(new(image.Height, image.Width));
        ReadOnlySpan<byte> pixels = image.Pixels;
        int red = image.PixelFormat switch
        {
            MLPixelFormat.Rgba32 => 0,
            MLPixelFormat.Bgra32 => 2,
            _ => throw new ArgumentException(
                $"The image has pixels of the format {image.PixelFormat}; expected Rgba32 or Bgra32.", nameof(image)),
        };
        for (int i = 0; i < pixels.Length; i += BytesPerPixel)
            picture.Set(i / BytesPerPixel, new(pixels[i + red], pixels[i + 1], pixels[i + 2 - red]));
        return picture;
    }

    public ColorTable.Rgb this[int pixel]
    {
        get
        {
            ReadOnlySpan<byte> place = _pixels.AsSpan(BytesPerPixel * pixel, BytesPerPixel);
            return new(place[0], place[1], place[2]);
        }
    }

    public void Set(int pixel, ColorTable.Rgb color)
    {
        Span<byte> place = _pixels.AsSpan(BytesPerPixel * pixel, BytesPerPixel);
        place[0] = color.Red;
        place[1] = color.Green;
        place[2] = color.Blue;
    }

    /// <summary>Covers a pixel with a share, 0..1, of another colour.</summary>
    public void Blend(int pixel, ColorTable.Rgb color, float share)
    {
        ColorTable.Rgb below = this[pixel];
        Set(pixel, new(Mix(below.Red, color.Red), Mix(below.Green, color.Green), Mix(below.Blue, color.Blue)));

        byte Mix(byte under, byte over) => (byte)(under + ((over - under) * share) + 0.5f);
    }

    /// <summary>The mean colour of the rows from top to before bottom and the columns from left to before right.</summary>
    public ColorTable.Rgb Mean(int top, int bottom, int left, int right)
    {
        (int red, int green, int blue) = (0, 0, 0);
        for (int y = top; y < bottom; y++)
        {
            for (int x = left; x < right; x++)
            {
                ColorTable.Rgb color = this[(y * size.Width) + x];
                (red, green, blue) = (red + color.Red, green + color.Green, blue + color.Blue);
            }
        }

        int count = (bottom - top) * (right - left);
        return new(Rounded(red), Rounded(green), Rounded(blue));

        byte Rounded(int sum) => (byte)((sum + (count / 2)) / count);
    }

    public MLImage ToImage() => MLImage.CreateFromPixels(size.Width, size.Height, MLPixelFormat.Rgba32, _pixels);

    private static byte[] Opaque(MapSize size)
    {
        var pixels = new byte[checked(BytesPerPixel * size.Pixels)];
        for (int i = BytesPerPixel - 1; i < pixels.Length; i += BytesPerPixel)
            pixels[i] = byte.MaxValue;
        return pixels;
    }
}
