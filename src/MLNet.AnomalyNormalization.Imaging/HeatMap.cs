using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.DataViews;

namespace MLNet.AnomalyNormalization.Imaging;

/// <summary>
/// Pictures of normalised anomaly maps. Colours stand for scores, the same in every picture: the window is fixed at threshold - 50 to
/// threshold + 50 and never fitted to an image, so that the noise of a good part doesn't look like a defect because nothing else is there.
/// </summary>
/// <remarks>
/// <para>
/// The window is quadra's: position = clip((score - (threshold - 50)) / 100, 0, 1), computed in Single, so that the threshold has the
/// middle colour. NaN is never normal: it has the top colour and belongs to the mask. Pictures have 8 bits a channel and are opaque;
/// <see cref="MLImage.Save"/> writes them as PNG. Images that are passed in stay as they are, and all results are the caller's to dispose.
/// </para>
/// <para>
/// Where a map is scaled to an image, or to the area of it that it covers, pixels stand for their centres: colours are interpolated bilinearly
/// between the positions in the window, masks take the nearest pixel of the map.
/// </para>
/// </remarks>
public static class HeatMap
{
    /// <summary>How far the window of colours reaches to each side of the threshold, on the normalised scale.</summary>
    internal const double HalfWindow = 50;

    // How much of the black is seen that covers what wasn't inspected.
    private const float NotInspected = 0.6f;

    private const byte Defect = byte.MaxValue;

    private static readonly AnomalyRegionOptions s_allRegions = new();

    private static readonly ColorTable.Rgb s_outline = new(byte.MaxValue, 0, byte.MaxValue);

    /// <summary>Colours a map, pixel by pixel.</summary>
    /// <param name="map">Normalised scores, row-major, height x width; infinities and NaN may be among them.</param>
    /// <param name="height">The number of rows.</param>
    /// <param name="width">The number of columns.</param>
    /// <param name="threshold">The decision threshold on the normalised scale, the middle of the window; finite.</param>
    /// <param name="colors">The colours.</param>
    /// <returns>An image of the map's size.</returns>
    /// <exception cref="ArgumentException">The map has another size than height x width.</exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="height"/> or <paramref name="width"/> is not positive, <paramref name="threshold"/> is not finite, or there are no
    /// such colours.
    /// </exception>
    public static MLImage Render(
        ReadOnlySpan<float> map,
        int height,
        int width,
        double threshold = ScoreNormalizer.DecisionScore,
        HeatMapColors colors = HeatMapColors.Even)
    {
        MapSize size = MapSize.Require(map, height, width);
        float[] positions = Positions(map, threshold);
        var table = ColorTable.Of(colors);
        var picture = new Picture(size);
        for (int i = 0; i < positions.Length; i++)
            picture.Set(i, table.At(positions[i]));
        return picture.ToImage();
    }

    /// <summary>
    /// Lays a coloured map over an image of any size. What lies outside of the map's area, or is ignored, wasn't inspected, and is the image
    /// at two fifths of its brightness, without colours.
    /// </summary>
    /// <param name="image">The image; its own transparency is taken as black behind it.</param>
    /// <param name="map">Normalised scores, row-major, height x width.</param>
    /// <param name="height">The number of rows of the map.</param>
    /// <param name="width">The number of columns of the map.</param>
    /// <param name="opacity">How much of the colours is seen, 0 (the image alone) to 1 (the colours alone, at the image's size).</param>
    /// <param name="threshold">The decision threshold on the normalised scale, the middle of the window; finite.</param>
    /// <param name="colors">The colours.</param>
    /// <param name="area">The area of the image that the map covers: what a model that crops its pictures looks at.</param>
    /// <param name="regions">
    /// Which pixels of the map are looked at; null for all. Its threshold is of no account.
    /// </param>
    /// <returns>A picture of the image's size.</returns>
    /// <exception cref="ArgumentException">The map, or the valid area, has another size than height x width.</exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="height"/> or <paramref name="width"/> is not positive, <paramref name="opacity"/> is not in 0..1,
    /// <paramref name="threshold"/> is not finite, or there are no such colours.
    /// </exception>
    public static MLImage Overlay(
        MLImage image,
        ReadOnlySpan<float> map,
        int height,
        int width,
        double opacity = 0.5,
        double threshold = ScoreNormalizer.DecisionScore,
        HeatMapColors colors = HeatMapColors.Even,
        PictureArea area = default,
        AnomalyRegionOptions? regions = null)
    {
        ArgumentNullException.ThrowIfNull(image);
        MapSize size = MapSize.Require(map, height, width);
        if (!(opacity is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(
                nameof(opacity), opacity, "An opacity lies between 0 (the image alone) and 1 (the colours alone).");
        }

        float[] positions = Positions(map, threshold);
        var table = ColorTable.Of(colors);
        var picture = Picture.Copy(image);
        var scaling = new MapScaling(size, picture.Size, area);
        byte[]? looked = regions is null ? null : AnomalyRegions.ValidArea(map.Length, height, width, regions);
        float share = (float)opacity;
        for (int y = 0, i = 0; y < image.Height; y++)
        {
            for (int x = 0; x < image.Width; x++, i++)
            {
                if (scaling.Covers(y, x) && looked?[scaling.Nearest(y, x)] is not 0)
                    picture.Blend(i, table.At(scaling.Bilinear(positions, y, x)), share);
                else
                    picture.Blend(i, default, NotInspected);
            }
        }

        return picture.ToImage();
    }

    /// <summary>
    /// Where a map is anomalous: white (255) where <c>score &gt;= threshold</c> or the score is NaN, black (0) elsewhere, never grey. What
    /// lies outside of the map's area, is ignored, or belongs to a region that doesn't count is black.
    /// </summary>
    /// <param name="map">Normalised scores, row-major, height x width.</param>
    /// <param name="height">The number of rows of the map.</param>
    /// <param name="width">The number of columns of the map.</param>
    /// <param name="imageHeight">The number of rows of the mask; the map's own if it is null.</param>
    /// <param name="imageWidth">The number of columns of the mask; the map's own if it is null.</param>
    /// <param name="threshold">The decision threshold on the normalised scale, compared as Single; finite.</param>
    /// <param name="area">The area of the image that the map covers.</param>
    /// <param name="regions">
    /// Which pixels of the map are looked at and which regions count; null for all. Its threshold is of no account.
    /// </param>
    /// <exception cref="ArgumentException">The map, or the valid area, has another size than height x width.</exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A height or width is not positive, or <paramref name="threshold"/> is not finite.
    /// </exception>
    public static MLImage Mask(
        ReadOnlySpan<float> map,
        int height,
        int width,
        int? imageHeight = null,
        int? imageWidth = null,
        double threshold = ScoreNormalizer.DecisionScore,
        PictureArea area = default,
        AnomalyRegionOptions? regions = null)
    {
        MapSize size = MapSize.Require(map, height, width);
        var picture = new Picture(new MapSize(imageHeight ?? height, imageWidth ?? width).RequirePositive());
        byte[] mask = Defects(map, size, picture.Size, threshold, area, regions);
        for (int i = 0; i < mask.Length; i++)
            picture.Set(i, new(mask[i], mask[i], mask[i]));
        return picture.ToImage();
    }

    /// <summary>
    /// Reads a mask that is a picture, for instance <see cref="AnomalyReportRow.Mask"/> from a file: a pixel is a defect where the picture
    /// is opaque enough, if any of it is less than half opaque, or else where its brightest channel is bright enough.
    /// </summary>
    /// <param name="mask">The picture, of any size.</param>
    /// <param name="height">The number of rows of the map that the mask belongs to.</param>
    /// <param name="width">The number of columns of that map.</param>
    /// <param name="threshold">
    /// What is enough, 1 to 255; null for half (128), which a picture that isn't black then has to reach somewhere.
    /// </param>
    /// <param name="area">The area of the picture that the map covers.</param>
    /// <returns>
    /// 1 for a defect and 0 elsewhere, row-major, height x width: each pixel is the one of the picture that its centre lies in.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="height"/> or <paramref name="width"/> is not positive, or <paramref name="threshold"/> is 0.
    /// </exception>
    /// <exception cref="InvalidDataException">
    /// The picture is not black, but nothing in it reaches half, so that its defects may be written as 1; set <paramref name="threshold"/>.
    /// </exception>
    public static byte[] ReadMask(MLImage mask, int height, int width, byte? threshold = null, PictureArea area = default)
    {
        ArgumentNullException.ThrowIfNull(mask);
        MapSize size = new MapSize(height, width).RequirePositive();
        var rules = new MaskRules { Threshold = threshold };
        try
        {
            return ImageMask.Resize(ImageMask.Defects(mask.Pixels, rules), (mask.Height, mask.Width), (size.Height, size.Width), area);
        }
        catch (FormatException e)
        {
            throw new InvalidDataException($"The picture ({mask.Height} x {mask.Width}) can't be read as a mask: {e.Message}.", e);
        }
    }

    /// <summary>
    /// Draws the border of the mask onto an image, in magenta, inside the anomalous area: the pixels that have one outside it within
    /// reach, or the edge of the image. The line is one pixel wide for every 256 pixels of the image's shorter side, and at least one.
    /// </summary>
    /// <param name="image">The image; its own transparency is taken as black behind it.</param>
    /// <param name="map">Normalised scores, row-major, height x width.</param>
    /// <param name="height">The number of rows of the map.</param>
    /// <param name="width">The number of columns of the map.</param>
    /// <param name="threshold">The decision threshold on the normalised scale, compared as Single; finite.</param>
    /// <param name="area">The area of the image that the map covers: what a model that crops its pictures looks at.</param>
    /// <param name="regions">
    /// Which pixels of the map are looked at and which regions count; null for all. Its threshold is of no account.
    /// </param>
    /// <returns>A picture of the image's size.</returns>
    /// <exception cref="ArgumentException">The map, or the valid area, has another size than height x width.</exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="height"/> or <paramref name="width"/> is not positive, or <paramref name="threshold"/> is not finite.
    /// </exception>
    public static MLImage Outline(
        MLImage image,
        ReadOnlySpan<float> map,
        int height,
        int width,
        double threshold = ScoreNormalizer.DecisionScore,
        PictureArea area = default,
        AnomalyRegionOptions? regions = null)
    {
        ArgumentNullException.ThrowIfNull(image);
        MapSize size = MapSize.Require(map, height, width);
        var picture = Picture.Copy(image);
        byte[] inside = Defects(map, size, picture.Size, threshold, area, regions);
        byte[] core = inside;
        for (int line = Math.Max(1, Math.Min(image.Height, image.Width) / 256); line > 0; line--)
            core = Eroded(core, picture.Size);

        for (int i = 0; i < inside.Length; i++)
        {
            if (inside[i] != core[i])
                picture.Set(i, s_outline);
        }

        return picture.ToImage();
    }

    /// <summary>An opaque image as the bytes of a PNG file.</summary>
    /// <param name="image">The image; its transparency is left out.</param>
    public static byte[] EncodePng(MLImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        return PictureEncoder.Png(image);
    }

    /// <summary>Where each score lies in the window, 0..1.</summary>
    internal static float[] Positions(ReadOnlySpan<float> map, double threshold)
    {
        float bottom = (float)(RequireThreshold(threshold) - HalfWindow);
        const float length = (float)(2 * HalfWindow);
        var positions = new float[map.Length];
        for (int i = 0; i < positions.Length; i++)
            positions[i] = float.IsNaN(map[i]) ? 1 : Math.Clamp((map[i] - bottom) / length, 0, 1);
        return positions;
    }

    private static byte[] Defects(
        ReadOnlySpan<float> map, MapSize mapSize, MapSize imageSize, double threshold, PictureArea area, AnomalyRegionOptions? regions)
    {
        regions = (regions ?? s_allRegions) with { Threshold = (float)RequireThreshold(threshold) };
        byte[] defects = AnomalyRegions.Mask(map, mapSize.Height, mapSize.Width, regions);
        var scaling = new MapScaling(mapSize, imageSize, area);
        var mask = new byte[imageSize.Pixels];
        for (int y = 0, i = 0; y < imageSize.Height; y++)
        {
            for (int x = 0; x < imageSize.Width; x++, i++)
                mask[i] = scaling.Covers(y, x) && defects[scaling.Nearest(y, x)] != 0 ? Defect : (byte)0;
        }

        return mask;
    }

    /// <summary>Takes away the pixels at whose side, above or below there is none of the mask; beyond the edge there is none.</summary>
    private static byte[] Eroded(byte[] mask, MapSize size)
    {
        var eroded = new byte[mask.Length];
        for (int y = 1; y < size.Height - 1; y++)
        {
            for (int i = (y * size.Width) + 1; i < ((y + 1) * size.Width) - 1; i++)
                eroded[i] = (byte)(mask[i] & mask[i - 1] & mask[i + 1] & mask[i - size.Width] & mask[i + size.Width]);
        }

        return eroded;
    }

    private static double RequireThreshold(double threshold)
        => double.IsFinite(threshold)
            ? threshold
            : throw new ArgumentOutOfRangeException(nameof(threshold), threshold, "A threshold must be a finite number.");
}
