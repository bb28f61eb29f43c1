using Microsoft.ML.Data;
using SkiaSharp;

namespace WebApi;

/// <summary>An image that came with a request, decoded as a whole.</summary>
internal sealed class UploadedImage
{
    /// <summary>The longest request body, in bytes.</summary>
    public const long MaximumBytes = 10 << 20;

    /// <summary>The most pixels that are decoded: a file of a few kilobytes can claim to be an image of gigabytes.</summary>
    public const long MaximumPixels = 25_000_000;

    private readonly SKImageInfo _info;
    private readonly byte[] _pixels;

    private UploadedImage(SKImageInfo info, byte[] pixels) => (_info, _pixels) = (info, pixels);

    /// <summary>Reads a PNG or JPEG image from the body of a request, or from the one file of a form.</summary>
    /// <exception cref="BadHttpRequestException">
    /// The request has no such image; with the status code, and a message that says what came and what was due.
    /// </exception>
    public static async Task<UploadedImage> ReadAsync(HttpRequest request)
    {
        using var bytes = new MemoryStream();
        switch (request.GetTypedHeaders().ContentType?.MediaType.Value?.ToLowerInvariant())
        {
            case "image/png" or "image/jpeg":
                await request.Body.CopyToAsync(bytes, request.HttpContext.RequestAborted);
                break;
            case "multipart/form-data":
                await (await ReadFileAsync(request)).CopyToAsync(bytes, request.HttpContext.RequestAborted);
                break;
            default:
                throw new BadHttpRequestException(
                    $"The content type is '{request.ContentType}'. Send image/png, image/jpeg, or one such file as multipart/form-data.",
                    StatusCodes.Status415UnsupportedMediaType);
        }

        if (bytes.Length == 0)
            throw new BadHttpRequestException("The image is empty: 0 bytes came. Send the bytes of a PNG or JPEG file.");
        return Decode(bytes.ToArray());
    }

    /// <summary>The pixels, row by row: blue, green, red and a full opacity.</summary>
    public ReadOnlySpan<byte> Pixels => _pixels;

    public int Height => _info.Height;

    public int Width => _info.Width;

    /// <summary>The image for a picture of it.</summary>
    public MLImage ToMLImage() => MLImage.CreateFromPixels(_info.Width, _info.Height, MLPixelFormat.Bgra32, _pixels);

    private static async Task<IFormFile> ReadFileAsync(HttpRequest request)
    {
        IFormFileCollection files;
        try
        {
            files = (await request.ReadFormAsync(request.HttpContext.RequestAborted)).Files;
        }
        catch (Exception e) when (e is InvalidDataException or IOException and not BadHttpRequestException)
        {
            throw new BadHttpRequestException($"The form can't be read: {e.Message}", e);
        }

        return files.Count == 1
            ? files[0]
            : throw new BadHttpRequestException($"The form has {files.Count} files; expected one, the image.");
    }

    private static UploadedImage Decode(byte[] bytes)
    {
        using var stream = new MemoryStream(bytes);
        using SKCodec? codec = SKCodec.Create(stream);
        if (codec?.EncodedFormat is not (SKEncodedImageFormat.Png or SKEncodedImageFormat.Jpeg))
            throw Unprocessable($"The {bytes.Length} bytes that came are no image, or one of another format; expected PNG or JPEG.");

        // Nothing of the pixels has been decoded yet.
        SKImageInfo info = codec.Info.WithColorType(SKColorType.Bgra8888).WithColorSpace(null);
        if ((long)info.Width * info.Height > MaximumPixels)
        {
            throw Unprocessable(
                $"The image claims {info.Width} x {info.Height} pixels; at most {MaximumPixels} are taken. Send it smaller.");
        }

        // Transparency is dropped and not multiplied in, as with picture files, so that a photo gets the score of its file.
        if (info.AlphaType == SKAlphaType.Premul)
            info = info.WithAlphaType(SKAlphaType.Unpremul);

        // Lenient decoders fill what is missing with grey, which would then be inspected.
        var pixels = new byte[info.BytesSize];
        SKCodecResult result = codec.GetPixels(info, pixels);
        for (int alpha = 3; alpha < pixels.Length; alpha += 4)
            pixels[alpha] = byte.MaxValue;
        return result == SKCodecResult.Success
            ? new UploadedImage(info, pixels)
            : throw Unprocessable($"The image is damaged or cut off ({result}); expected a whole {codec.EncodedFormat} file.");
    }

    private static BadHttpRequestException Unprocessable(string message) => new(message, StatusCodes.Status422UnprocessableEntity);
}
