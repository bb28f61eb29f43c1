using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.Imaging.Reports;

/// <summary>The pictures of one row, at the size of its image.</summary>
internal sealed class RowPictures : IDisposable
{
    private readonly AssessedRow _row;
    private readonly MLImage? _loaded;

    public RowPictures(AssessedRow row, float[] normalizedMap, double threshold, HeatMapColors colors)
    {
        _row = row;
        _loaded = row.Row.Image is null ? Load(row.Row.ImagePath) : null;
        Image = row.Row.Image ?? _loaded!;
        (int height, int width) = (row.Row.Map.Height, row.Row.Map.Width);
        HeatMap = Imaging.HeatMap.Overlay(Image, normalizedMap, height, width, opacity: 1, threshold, colors);
        Mask = Imaging.HeatMap.Mask(normalizedMap, height, width, Image.Height, Image.Width, threshold);
    }

    public MLImage Image { get; }

    public MLImage HeatMap { get; }

    public MLImage Mask { get; }

    public void Save(StagedDirectory directory)
    {
        Mask.Save(directory[$"predictions/{_row.PicturePath}"]);
        HeatMap.Save(directory[$"heatmaps/{_row.PicturePath}"]);
    }

    public void Dispose()
    {
        _loaded?.Dispose();
        HeatMap.Dispose();
        Mask.Dispose();
    }

    private static MLImage Load(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no image '{path}'. Pass the path from here, or the image itself.", path);

        try
        {
            return MLImage.CreateFromFile(path);
        }
        catch (ArgumentException e)
        {
            // ImageAnalytics says "Invalid path" of a file that it can't decode.
            throw new InvalidDataException($"'{path}' is no image that can be read.", e);
        }
    }
}
