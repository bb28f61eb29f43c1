using System.Globalization;
using MLNet.AnomalyNormalization;
using MLNet.AnomalyNormalization.Imaging;

namespace VisualInspection;

/// <summary>What came out for one image.</summary>
/// <param name="Image">The image.</param>
/// <param name="RawScore">The model's own number.</param>
/// <param name="NormalizedScore">The same on the scale on which 100 is the threshold.</param>
/// <param name="IsAnomalous">The decision.</param>
/// <param name="AnomalousArea">The share of the pixels that are at or above the pixel threshold, 0..1.</param>
internal sealed record Result(FolderImage Image, float RawScore, float NormalizedScore, bool IsAnomalous, double AnomalousArea)
{
    public static Result Of(FolderImage image, Inspection inspection) => new(
        image,
        inspection.Score[0],
        inspection.NormalizedScore[0],
        inspection.PredictedLabel[0],
        inspection.NormalizedMap.Average(pixel => pixel >= ScoreNormalizer.DecisionScore ? 1 : 0));
}

/// <summary>The results as text.</summary>
internal static class Results
{
    public static void PrintTable(this IReadOnlyList<Result> results, TextWriter output)
    {
        int width = Math.Max(20, results.Max(result => result.Image.Name.Length));
        string header = $"{"Image".PadRight(width)} {"Raw score",10} {"Normalised",11} {"Area",7}  Decision";
        output.WriteLine(header);
        output.WriteLine(new string('-', header.Length + 12));
        foreach (Result result in results)
        {
            string decision = (result.Image.IsAnomalous, result.IsAnomalous) switch
            {
                (true, true) => "anomalous",
                (true, false) => "good       <- missed",
                (false, true) => "anomalous  <- false alarm",
                (false, false) => "good",
            };

            // Three decimals: the normaliser keeps good scores that far below 100, so that what is printed is what was decided.
            string numbers = string.Create(CultureInfo.InvariantCulture,
                $"{result.RawScore,10:F3} {result.NormalizedScore,11:F3} {result.AnomalousArea,7:P1}");
            output.WriteLine($"{result.Image.Name.PadRight(width)} {numbers}  {decision}");
        }
    }
}
