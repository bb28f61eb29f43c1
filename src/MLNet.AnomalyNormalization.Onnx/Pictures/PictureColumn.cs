using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using MLNet.AnomalyNormalization.DataViews;

namespace MLNet.AnomalyNormalization.Onnx.Pictures;

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

    /// <summary>The file of the picture that was read last; null of an image.</summary>
    public string? Path => _paths is null ? null : _path.ToString();

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

    private RgbPicture Convert(MLImage image)
    {
        try
        {
            return ImagePixels.From(image, ref _pixels);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException(Invalid(e.Message).Message, e);
        }
    }

    private InvalidDataException Invalid(string what) => AnomalyRow.Invalid(_column, _row.Position, what);
}
