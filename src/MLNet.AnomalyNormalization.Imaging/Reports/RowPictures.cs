using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.Imaging.Reports;

/// <summary>The pictures of one row, at the size of its image.</summary>
internal sealed class RowPictures : IDisposable
{
    private readonly AssessedRow _row;
    private readonly float[] _map;
    private readonly double _threshold;
    private readonly AnomalyReportOptions _options;
    private readonly MLImage? _loaded;

    public RowPictures(AssessedRow row, float[] normalizedMap, double threshold, AnomalyReportOptions options)
    {
        (_row, _map, _threshold, _options) = (row, normalizedMap, threshold, options);
        _loaded = row.Row.Image is null ? ImageFile.Load(row.Row.ImagePath) : null;
        Image = row.Row.Image ?? _loaded!;
        (int height, int width) = (row.Row.Map.Height, row.Row.Map.Width);
        PictureArea area = row.Row.InspectedArea;
        HeatMap = Imaging.HeatMap.Overlay(Image, _map, height, width, opacity: 1, threshold, options.Colors, area, options.Regions);
        Mask = Imaging.HeatMap.Mask(_map, height, width, Image.Height, Image.Width, threshold, area, options.Regions);
    }

    public MLImage Image { get; }

    public MLImage HeatMap { get; }

    public MLImage Mask { get; }

    public void Save(StagedDirectory directory)
    {
        Mask.Save(directory[$"predictions/{_row.PicturePath}"]);
        HeatMap.Save(directory[$"heatmaps/{_row.PicturePath}"]);
    }

    /// <summary>The small pictures for the page: image, heat map, outline and, where it is known, the true mask.</summary>
    public IEnumerable<(string Caption, string DataUri)> Thumbnails()
    {
        using MLImage small = Thumbnail.Of(Image);
        (int height, int width) = (_row.Row.Map.Height, _row.Row.Map.Width);
        PictureArea area = _row.Row.InspectedArea;
        yield return ("image", Thumbnail.Jpeg(small));
        using MLImage heat = Imaging.HeatMap.Overlay(
            small, _map, height, width, opacity: 0.6, _threshold, _options.Colors, area, _options.Regions);
        yield return ("heat map", Thumbnail.Jpeg(heat));
        using MLImage outline = Imaging.HeatMap.Outline(small, _map, height, width, _threshold, area, _options.Regions);
        yield return ("outline", Thumbnail.Jpeg(outline));
        if (_row.Row.Mask is not { } mask)
            yield break;

        float[] defects = [.. mask.Select(pixel => pixel == 0 ? 0 : (float)ScoreNormalizer.MaximumScore)];
        using MLImage truth = Imaging.HeatMap.Mask(defects, height, width, small.Height, small.Width, area: area);
        yield return ("true mask", Thumbnail.Png(truth));
    }

    public void Dispose()
    {
        _loaded?.Dispose();
        HeatMap.Dispose();
        Mask.Dispose();
    }
}
