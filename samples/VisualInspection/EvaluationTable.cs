using System.Globalization;
using MLNet.AnomalyNormalization.Evaluation;

namespace VisualInspection;

/// <summary>The evaluation as text.</summary>
internal static class EvaluationTable
{
    public static void Print(this AnomalyEvaluation evaluation, TextWriter output)
    {
        if (evaluation.Image is { } image)
            Print(image, output);
        if (evaluation.Pixel is { } pixel)
            Print(pixel, output);
    }

    private static void Print(ImageMetrics image, TextWriter output)
    {
        ConfusionCounts counts = image.Counts;
        output.WriteLine("                  found good   found anomalous");
        output.WriteLine($"{"really good",-17} {counts.TrueNegatives,10} {counts.FalsePositives,17}");
        output.WriteLine($"{"really anomalous",-17} {counts.FalseNegatives,10} {counts.TruePositives,17}");

        const string OneClass = "the test folder has only good images or only defects";
        const string NoDefect = "the test folder has no defects";
        output.WriteLine($"Image AUROC: {Number(image.AreaUnderRocCurve, OneClass)}");
        output.WriteLine($"Image AP:    {Number(image.AreaUnderPrecisionRecallCurve, NoDefect)}");
        string at = double.IsNaN(image.MaximumF1Score)
            ? ""
            : string.Create(CultureInfo.InvariantCulture, $" with the threshold at {image.MaximumF1Threshold:F3}");
        output.WriteLine($"Maximum F1:  {Number(image.MaximumF1Score, NoDefect)}{at}");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"F1 at {image.Threshold}:   {image.F1Score:F4} (precision {image.Precision:F4}, recall {image.Recall:F4})"));
    }

    private static void Print(PixelMetrics pixel, TextWriter output)
    {
        const string OneClass = "the masks mark no pixel at all, or every one";
        string perImage = double.IsNaN(pixel.AreaUnderRocCurve) ? OneClass : "the good images have too few scores in its narrow range";
        output.WriteLine($"Pixel AUROC: {Number(pixel.AreaUnderRocCurve, OneClass)}");
        output.WriteLine($"AUPRO:       {Number(pixel.AreaUnderPerRegionOverlap, OneClass)}");
        output.WriteLine($"AUPIMO:      {Number(pixel.AreaUnderPerImageOverlap, perImage)}");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"Pixel F1:    {pixel.F1Score:F4} at {pixel.Threshold} (precision {pixel.Precision:F4}, recall {pixel.Recall:F4})"));
    }

    private static string Number(double value, string whyUndefined)
        => double.IsNaN(value) ? $"undefined, as {whyUndefined}." : value.ToString("F4", CultureInfo.InvariantCulture);
}
