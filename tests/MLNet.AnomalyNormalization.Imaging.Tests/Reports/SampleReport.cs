using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Imaging.Tests.Reports;

/// <summary>A report on drawn images: plates with spots, some of them found and some not, and one name that wants to be HTML.</summary>
internal static class SampleReport
{
    public const string WickedName = "<img src=x onerror=alert(1)>&\"'.png";

    public static void Write(string directory)
    {
        var report = new AnomalyReport(new(1, 1));
        var random = new Random(7);
        for (int i = 0; i < 24; i++)
        {
            bool isAnomalous = i % 3 == 0;
            string group = !isAnomalous ? "good" : i % 2 == 0 ? "spot" : "hole";
            string name = i == 3 ? WickedName : $"{i:000}.png";
            float peak = isAnomalous ? 0.85f + (0.09f * i / 3) : 0.35f + (0.03f * i);
            AnomalyMap map = Map(peak, centerY: random.Next(4, 12), centerX: random.Next(4, 12), random);
            using MLImage image = Picture(map);
            report.Add(new($"test/{group}/{name}", peak, map)
            {
                IsAnomalous = i == 23 ? null : isAnomalous,
                Image = MLImage.CreateFromPixels(image.Width, image.Height, image.PixelFormat, image.Pixels),
                Mask = isAnomalous ? [.. map.Values.Select(value => value > 0.8f * peak ? (byte)1 : (byte)0)] : null,
            });
        }

        report.Write(directory);
    }

    private static AnomalyMap Map(float peak, int centerY, int centerX, Random random)
    {
        var values = new float[16 * 16];
        for (int i = 0; i < values.Length; i++)
        {
            int distance = ((i / 16 - centerY) * (i / 16 - centerY)) + ((i % 16 - centerX) * (i % 16 - centerX));
            values[i] = Math.Max(0.3f * random.NextSingle(), peak * (1 - (distance / 30f)));
        }

        return new(values, 16, 16);
    }

    private static MLImage Picture(AnomalyMap map)
    {
        var scaling = new MapScaling(new(16, 16), new(180, 240));
        var pixels = new byte[4 * 180 * 240];
        for (int i = 0; i < 180 * 240; i++)
        {
            float value = scaling.Bilinear(map.Values, i / 240, i % 240);
            byte grey = (byte)Math.Clamp(170 + (20 * Math.Sin(i % 240 / 6.0)) - (90 * value), 0, 255);
            (pixels[4 * i], pixels[(4 * i) + 1], pixels[(4 * i) + 2], pixels[(4 * i) + 3]) = (grey, grey, (byte)(grey * 0.9), 255);
        }

        return MLImage.CreateFromPixels(240, 180, MLPixelFormat.Rgba32, pixels);
    }
}
