using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using MLNet.AnomalyNormalization.DataViews;

namespace MLNet.AnomalyNormalization.Onnx;

/// <summary>The pictures of a row: images as ML.NET loads them, or picture files named by a text.</summary>
internal sealed class PictureColumn
{
    private readonly DataViewRow _row;
    private readonly DataViewSchema.Column _column;
    private readonly ImageLibrary _library;
    private readonly ValueGetter<MLImage>? _images;
    private readonly ValueGetter<ReadOnlyMemory<char>>? _paths;
    private MLImage _image = null!;
    private ReadOnlyMemory<char> _path;
    private byte[] _pixels = [];

    public PictureColumn(DataViewRow row, DataViewSchema.Column column, ImageLibrary library)
    {
        (_row, _column, _library) = (row, column, library);
        if (column.Type is TextDataViewType)
            _paths = row.GetGetter<ReadOnlyMemory<char>>(column);
        else
            _images = row.GetGetter<MLImage>(column);
    }

    public static bool IsPicture(DataViewType type) => type is ImageDataViewType or TextDataViewType;

    /// <summary>The picture of the present row, valid until the next one is read.</summary>
    /// <exception cref="InvalidDataException">There is none, or it can't be used; the message names the column and the row.</exception>
    public RgbPicture Read()
    {
        if (_paths is null)
            return Convert(ReadImage());

        string path = ReadPath();
        try
        {
            return PictureFile.Read(path, _library);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw new InvalidDataException(Invalid(e.Message.TrimEnd('.')).Message, e);
        }
    }

    /// <summary>The size of the picture of the present row.</summary>
    /// <inheritdoc cref="Read"/>
    public (int Height, int Width) ReadSize()
    {
        if (_paths is not null)
            return PictureFile.SizeOf(ReadPath(), _library);

        MLImage image = ReadImage();
        return (image.Height, image.Width);
    }

    private string ReadPath()
    {
        _paths!(ref _path);
        return _path.IsEmpty ? throw Invalid("there is no path of a picture") : _path.ToString();
    }

    private MLImage ReadImage()
    {
        _images!(ref _image);
        if (_image is null)
            throw Invalid("there is no image. Leave the row out, or give it one");

        try
        {
            _ = _image.Height;
            return _image;
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidDataException(
                Invalid("the image is disposed, as stock transforms do with images in memory after one read. Make a new one, or load it").Message, e);
        }
    }

    // ML.NET has multiplied the colours by their opacity when it loaded the image; Python's libraries leave them as they are.
    private RgbPicture Convert(MLImage image)
    {
        ReadOnlySpan<byte> source = image.Pixels;
        int red = image.PixelFormat switch
        {
            MLPixelFormat.Bgra32 => 2,
            MLPixelFormat.Rgba32 => 0,
            var other => throw Invalid($"the image has pixels of {other}; expected Bgra32 or Rgba32"),
        };
        int count = image.Height * image.Width;
        if (_pixels.Length < count * RgbPicture.Channels)
            _pixels = new byte[count * RgbPicture.Channels];
        Span<byte> pixels = _pixels;
        byte opacity = byte.MaxValue;
        for (int from = 0, to = 0; from < count * 4; from += 4, to += RgbPicture.Channels)
        {
            pixels[to] = source[from + red];
            pixels[to + 1] = source[from + 1];
            pixels[to + 2] = source[from + 2 - red];
            opacity &= source[from + 3];
        }

        return opacity == byte.MaxValue
            ? new(_pixels, image.Height, image.Width)
            : throw Invalid("the image is transparent in places, where ML.NET has changed its colours on loading. "
                + "Use a column with the paths of the pictures, or save them without transparency");
    }

    private InvalidDataException Invalid(string what) => AnomalyRow.Invalid(_column, _row.Position, what);
}
