using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace MLNet.AnomalyNormalization.Tests.DataViews;

/// <summary>Rows with raw scores, maps and masks in every type that a data view may have them in.</summary>
internal sealed class MaskedRow
{
    public const int Height = 6;
    public const int Width = 8;

    public float Score { get; set; }

    public double WideScore { get; set; }

    [VectorType(1, 1)]
    public float[] ScoreVector { get; set; } = [];

    [VectorType(1, 1, Height, Width)]
    public float[] AnomalyMap { get; set; } = [];

    [VectorType(1, Height, Width)]
    public double[] WideMap { get; set; } = [];

    [VectorType(Height * Width)]
    public float[] FlatMap { get; set; } = [];

    public byte[] Mask { get; set; } = [];

    public bool[] BooleanMask { get; set; } = [];

    public float[] SingleMask { get; set; } = [];

    [ImageType(Height, Width)]
    public MLImage? ImageMask { get; set; }

    [ImageType(Height, Width)]
    public MLImage? AlphaMask { get; set; }

    /// <summary>Twice as high as the map and three times as wide.</summary>
    [ImageType(2 * Height, 3 * Width)]
    public MLImage? LargeMask { get; set; }

    public float[] Boxes { get; set; } = [];

    public string Camera { get; set; } = "";

    public bool Label { get; set; }

    public string Name { get; set; } = "";

    public float Weight { get; set; } = 1;

    public float SingleLabel { get; set; }

    public double DoubleLabel { get; set; }

    public int Int32Label { get; set; }

    [NoColumn]
    public bool? Known => SingleLabel switch { 0 => false, 1 => true, _ => null };
}

internal static class MaskedRows
{
    public static readonly AnomalyThresholds Thresholds = new(Image: 1.24, Pixel: 0.8);

    /// <summary>Raw rows with many ties, good and with defects; good rows have an empty mask, and every seventh label may be unknown.</summary>
    public static MaskedRow[] Make(int count, bool withUnknown = false, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            bool isAnomalous = i % 2 == 1;
            byte[] mask = isAnomalous ? [.. Enumerable.Range(0, MaskedRow.Height * MaskedRow.Width).Select(p => (byte)(p == i % 48 || random.Next(5) == 0 ? 255 : 0))] : [];
            float[] map = [.. Enumerable.Range(0, MaskedRow.Height * MaskedRow.Width).Select(p => (random.Next(40) * 0.02f) + (isAnomalous && mask[p] != 0 ? 0.3f : 0))];
            float score = (random.Next(60) * 0.03f) + (isAnomalous ? 0.4f : 0);
            bool isUnknown = withUnknown && i % 7 == 3;
            float label = isUnknown ? (i % 2 == 0 ? -1 : float.NaN) : isAnomalous ? 1 : 0;
            return new MaskedRow
            {
                Score = score,
                WideScore = score,
                ScoreVector = [score],
                AnomalyMap = map,
                FlatMap = map,
                WideMap = Array.ConvertAll(map, value => (double)value),
                Mask = mask,
                BooleanMask = Array.ConvertAll(mask, value => value != 0),
                SingleMask = Array.ConvertAll(mask, value => (float)value),
                ImageMask = mask.Length == 0 ? null : Image(mask, value => (value, byte.MaxValue)),
                AlphaMask = mask.Length == 0 ? null : Image(mask, value => (77, value)),
                LargeMask = mask.Length == 0 ? null : Image(mask, value => (value, byte.MaxValue), perHeight: 2, perWidth: 3),
                Boxes = [.. map.Take(i % 3)],
                Label = isAnomalous,
                Name = $"row {i}.png",
                SingleLabel = label,
                DoubleLabel = label,
                Int32Label = float.IsNaN(label) ? -1 : (int)label,
            };
        })];
    }

    public static IDataView View(MLContext mlContext, params MaskedRow[] rows) => mlContext.Data.LoadFromEnumerable(rows);

    private static MLImage Image(byte[] mask, Func<byte, (byte Gray, byte Alpha)> pixel, int perHeight = 1, int perWidth = 1)
    {
        (int height, int width) = (perHeight * MaskedRow.Height, perWidth * MaskedRow.Width);
        byte[] pixels = [.. Enumerable.Range(0, height * width).SelectMany(i =>
        {
            (byte gray, byte alpha) = pixel(mask[(i / width / perHeight * MaskedRow.Width) + (i % width / perWidth)]);
            return new[] { gray, gray, gray, alpha };
        })];
        return MLImage.CreateFromPixels(width, height, MLPixelFormat.Rgba32, pixels);
    }
}
