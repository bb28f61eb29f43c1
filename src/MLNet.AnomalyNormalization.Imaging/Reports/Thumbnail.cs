using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.Imaging.Reports;

/// <summary>Small pictures for the page: images as JPEG, masks as PNG, both as data URIs.</summary>
internal static class Thumbnail
{
    public const int LongerSide = 160;

    private const int Quality = 80;

    /// <summary>The image reduced to at most <see cref="LongerSide"/> pixels a side; each pixel is the mean of those it covers.</summary>
    public static MLImage Of(MLImage image)
    {
        var original = Picture.Copy(image);
        double scale = Math.Min(1, (double)LongerSide / Math.Max(image.Height, image.Width));
        var size = new MapSize(Math.Max(1, (int)(image.Height * scale)), Math.Max(1, (int)(image.Width * scale)));
        var small = new Picture(size);
        for (int y = 0; y < size.Height; y++)
        {
            for (int x = 0; x < size.Width; x++)
            {
                (int top, int bottom) = Covered(y, size.Height, image.Height);
                (int left, int right) = Covered(x, size.Width, image.Width);
                small.Set((y * size.Width) + x, original.Mean(top, bottom, left, right));
            }
        }

        return small.ToImage();

        static (int From, int To) Covered(int i, int count, int of) => ((int)((long)i * of / count), (int)((long)(i + 1) * of / count));
    }

    public static string Jpeg(MLImage image) => DataUri("jpeg", PictureEncoder.Jpeg(image, Quality));

    public static string Png(MLImage image) => DataUri("png", HeatMap.EncodePng(image));

    private static string DataUri(string format, byte[] file) => $"data:image/{format};base64,{Convert.ToBase64String(file)}";
}
