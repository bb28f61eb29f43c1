using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.Onnx.Pictures;

/// <summary>Pixels of any layout as red, green and blue.</summary>
internal static class ImagePixels
{
    /// <summary>An image of ML.NET.</summary>
    /// <param name="image">The image.</param>
    /// <param name="buffer">Is used for the pixels, and made larger where it is too small.</param>
    /// <exception cref="InvalidDataException">It is transparent in places; the message begins in lower case.</exception>
    public static RgbPicture From(MLImage image, ref byte[] buffer)
    {
        PixelFormat format = image.PixelFormat switch
        {
            MLPixelFormat.Bgra32 => PixelFormat.Bgra32,
            MLPixelFormat.Rgba32 => PixelFormat.Rgba32,
            var other => throw new InvalidDataException($"the image has pixels of {other}; expected Bgra32 or Rgba32"),
        };
        ReadOnlySpan<byte> pixels = image.Pixels;

        // ML.NET has multiplied the colours by their opacity when it loaded the image; Python's libraries leave them as they are.
        for (int i = 3; i < pixels.Length; i += 4)
        {
            if (pixels[i] != byte.MaxValue)
            {
                throw new InvalidDataException("the image is transparent in places, where ML.NET has changed its colours on loading. "
                    + "Use the path of the picture, or save it without transparency");
            }
        }

        return From(pixels, image.Width, image.Height, image.Width * 4, format, ref buffer);
    }

    /// <summary>Pixels in memory, row by row.</summary>
    /// <param name="pixels">At least stride x (height - 1) + the bytes of a row.</param>
    /// <param name="width">The pixels of a row.</param>
    /// <param name="height">The rows.</param>
    /// <param name="stride">The bytes from one row to the next.</param>
    /// <param name="format">The layout of a pixel.</param>
    /// <param name="buffer">Is used for the pixels, and made larger where it is too small.</param>
    public static RgbPicture From(ReadOnlySpan<byte> pixels, int width, int height, int stride, PixelFormat format, ref byte[] buffer)
    {
        int size = width * height * RgbPicture.Channels;
        if (buffer.Length < size)
            buffer = new byte[size];
        (int red, int green, int blue, int step) = LayoutOf(format);
        for (int row = 0, to = 0; row < height; row++)
        {
            ReadOnlySpan<byte> line = pixels.Slice(row * stride, width * step);
            for (int from = 0; from < line.Length; from += step, to += RgbPicture.Channels)
            {
                buffer[to] = line[from + red];
                buffer[to + 1] = line[from + green];
                buffer[to + 2] = line[from + blue];
            }
        }

        return new(buffer, height, width);
    }

    /// <summary>The bytes of a pixel.</summary>
    public static int SizeOf(PixelFormat format) => LayoutOf(format).Step;

    // Of 16 bits, least first, the upper byte counts, as where OpenCV reads a file of 16 bits.
    private static (int Red, int Green, int Blue, int Step) LayoutOf(PixelFormat format)
        => format switch
        {
            PixelFormat.Gray8 => (0, 0, 0, 1),
            PixelFormat.Gray16 => (1, 1, 1, 2),
            PixelFormat.Rgb24 => (0, 1, 2, 3),
            PixelFormat.Bgr24 => (2, 1, 0, 3),
            PixelFormat.Rgba32 => (0, 1, 2, 4),
            PixelFormat.Bgra32 => (2, 1, 0, 4),
            _ => throw new ArgumentOutOfRangeException(nameof(format), format, "There is no such pixel format."),
        };
}
