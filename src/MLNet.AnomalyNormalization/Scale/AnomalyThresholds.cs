using System.Text.Json;
using MLNet.AnomalyNormalization.Files;
using MLNet.AnomalyNormalization.Notebooks;

namespace MLNet.AnomalyNormalization;

/// <summary>The two raw thresholds of an anomaly model: the raw values that 100 stands for.</summary>
/// <param name="Image">The threshold of image scores; finite.</param>
/// <param name="Pixel">The threshold of anomaly maps and box scores; finite.</param>
/// <exception cref="ArgumentOutOfRangeException">A threshold is NaN or infinite.</exception>
[TypeFormatterSource(typeof(HtmlTables))]
public sealed record AnomalyThresholds(double Image, double Pixel)
{
    /// <summary>The threshold of image scores; finite.</summary>
    public double Image { get; init => field = ScoreNormalizer.RequireFinite(value, nameof(Image)); }
        = ScoreNormalizer.RequireFinite(Image, nameof(Image));

    /// <summary>The threshold of anomaly maps and box scores; finite.</summary>
    public double Pixel { get; init => field = ScoreNormalizer.RequireFinite(value, nameof(Pixel)); }
        = ScoreNormalizer.RequireFinite(Pixel, nameof(Pixel));

    /// <summary>
    /// Reads the thresholds that an export wrote beside its model: a JSON object with the numbers <c>image_threshold</c> and
    /// <c>pixel_threshold</c>, as in quadra's <c>model.json</c> and the <c>metadata.json</c> of anomalib 0.x and 1.x. Other keys are ignored.
    /// </summary>
    /// <param name="path">The file, UTF-8, at most 16 MiB; comments are ignored.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is no such JSON object; the message names the file and the place.</exception>
    public static AnomalyThresholds Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return JsonFile.Read(path, "an object with image_threshold and pixel_threshold", Read);
    }

    /// <summary>Takes the thresholds from an object that has more besides.</summary>
    /// <exception cref="FormatException">One is missing, or no finite number.</exception>
    internal static AnomalyThresholds Read(JsonElement root)
        => new(JsonFile.RequireNumber(root, "image_threshold"), JsonFile.RequireNumber(root, "pixel_threshold"));
}
