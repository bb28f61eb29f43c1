using MLNet.AnomalyNormalization.Files;
using SkiaSharp;

namespace MLNet.AnomalyNormalization.Onnx.Pictures;

/// <summary>
/// Reads picture files as the Python libraries do: 8 bits per channel, a palette resolved, transparency dropped (not multiplied in).
/// </summary>
internal static class PictureFile
{
    private const string Formats = "PNG, JPEG, WebP, BMP and GIF";

    private const long MostPixels = (long)ImageInput.LargestSide * ImageInput.LargestSide;

    private static ReadOnlySpan<byte> PngSignature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Decodes a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="library">Whose habits are followed: OpenCV turns a picture by its EXIF orientation, torchvision (Pillow) doesn't.</param>
    /// <param name="maximumPixels">The most pixels that are decoded; null for what fits.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is no regular file, no picture, damaged, or of a kind that Python would read as something else.</exception>
    public static RgbPicture Read(string path, ImageLibrary library, long? maximumPixels = null)
    {
        using SKCodec codec = Open(path, out bool is16BitGrey);
        return Read(codec, is16BitGrey, library, maximumPixels, $"'{path}'");
    }

    /// <summary>Decodes a file that is read from a stream, to its end.</summary>
    /// <exception cref="InvalidDataException">It is no picture, damaged, or of a kind that Python would read as something else.</exception>
    public static RgbPicture Read(Stream stream, ImageLibrary library, long? maximumPixels = null)
    {
        // The decoder wants to go back to the beginning, which not every stream can.
        using var content = new MemoryStream();
        stream.CopyTo(content);
        using SKData data = SKData.CreateCopy(content.GetBuffer().AsSpan(0, (int)content.Length));
        using SKCodec codec = SKCodec.Create(data)
            ?? throw new InvalidDataException($"The stream holds no picture, or one of a format that can't be read; {Formats} can.");
        return Read(codec, IsGreyPngOf16Bits(data.AsSpan()), library, maximumPixels, "The picture in the stream");
    }

    private static RgbPicture Read(SKCodec codec, bool is16BitGrey, ImageLibrary library, long? maximumPixels, string name)
    {
        if (is16BitGrey && library == ImageLibrary.Torchvision)
        {
            throw new InvalidDataException(
                $"{name} has 16 bits of grey, which Pillow cuts off at 255 where anomalib reads it. Convert it to 8 bits, for training as well.");
        }

        SKImageInfo info = codec.Info.WithColorType(SKColorType.Rgba8888).WithAlphaType(SKAlphaType.Unpremul).WithColorSpace(null);
        long most = Math.Min(maximumPixels ?? MostPixels, MostPixels);
        if ((long)info.Width * info.Height > most)
            throw new InvalidDataException($"{name} has {info.Height} x {info.Width} pixels; expected at most {most} in all.");

        using var bitmap = new SKBitmap(info);
        SKCodecResult result = codec.GetPixels(info, bitmap.GetPixels());
        if (result != SKCodecResult.Success)
            throw new InvalidDataException($"{name} can't be decoded: {Reason(result)}.");

        return Rgb(bitmap, library == ImageLibrary.OpenCv ? codec.EncodedOrigin : SKEncodedOrigin.TopLeft);
    }

    /// <summary>The size of a picture, read from its head alone.</summary>
    /// <inheritdoc cref="Read(string, ImageLibrary, long?)"/>
    public static (int Height, int Width) SizeOf(string path, ImageLibrary library)
    {
        using SKCodec codec = Open(path, out _);
        return library == ImageLibrary.OpenCv && IsTransposed(codec.EncodedOrigin)
            ? (codec.Info.Width, codec.Info.Height)
            : (codec.Info.Height, codec.Info.Width);
    }

    private static SKCodec Open(string path, out bool is16BitGrey)
    {
        RegularFile.RequireLength(path);
        is16BitGrey = IsGreyPngOf16Bits(path);
        return SKCodec.Create(path, out SKCodecResult result)
            ?? throw new InvalidDataException($"'{path}' is no picture, or of a format that can't be read ({result}); {Formats} can.");
    }

    private static string Reason(SKCodecResult result)
        => result == SKCodecResult.IncompleteInput ? "the file is truncated" : $"it is damaged ({result})";

    // The bit depth and the type of colour stand in the header: https://www.w3.org/TR/png-3/#11IHDR
    private static bool IsGreyPngOf16Bits(string path)
    {
        Span<byte> head = stackalloc byte[26];
        using FileStream stream = File.OpenRead(path);
        return IsGreyPngOf16Bits(head[..stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)]);
    }

    private static bool IsGreyPngOf16Bits(ReadOnlySpan<byte> head)
        => head.Length >= 26 && head.StartsWith(PngSignature) && head[24] == 16 && head[25] is 0 or 4;

    // Pixel by pixel: a picture is turned, never resampled. Walking the result row by row walks the source by two fixed steps.
    private static RgbPicture Rgb(SKBitmap bitmap, SKEncodedOrigin origin)
    {
        (int w, int h) = (bitmap.Width, bitmap.Height);
        (int first, int across, int down) = origin switch
        {
            SKEncodedOrigin.TopRight => (w - 1, -1, w),
            SKEncodedOrigin.BottomRight => ((h * w) - 1, -1, -w),
            SKEncodedOrigin.BottomLeft => ((h - 1) * w, 1, -w),
            SKEncodedOrigin.LeftTop => (0, w, 1),
            SKEncodedOrigin.RightTop => ((h - 1) * w, -w, 1),
            SKEncodedOrigin.RightBottom => ((h * w) - 1, -w, -1),
            SKEncodedOrigin.LeftBottom => (w - 1, w, -1),
            _ => (0, 1, w),
        };
        (int height, int width) = IsTransposed(origin) ? (w, h) : (h, w);
        ReadOnlySpan<byte> rgba = bitmap.GetPixelSpan();
        byte[] rgb = new byte[height * width * RgbPicture.Channels];
        for (int row = 0, to = 0; row < height; row++)
        {
            for (int column = 0, from = first + (row * down); column < width; column++, from += across, to += RgbPicture.Channels)
                rgba.Slice(from * 4, RgbPicture.Channels).CopyTo(rgb.AsSpan(to));
        }

        return new(rgb, height, width);
    }

    private static bool IsTransposed(SKEncodedOrigin origin) => origin >= SKEncodedOrigin.LeftTop;
}
