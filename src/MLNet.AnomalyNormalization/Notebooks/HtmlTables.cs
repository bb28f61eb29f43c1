using System.Net;
using System.Globalization;
using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Notebooks;

/// <summary>Thresholds and metrics as small tables.</summary>
internal sealed class HtmlTables : HtmlFormatter
{
    private const string NeedsBothClasses = "needs anomalous and normal scores";
    private const string NeedsAnomalies = "needs an anomalous score";
    private const string NeedsScores = "needs a score";

    protected override string? Html(object value) => value switch
    {
        AnomalyThresholds thresholds => Table("Raw thresholds", [],
            Row("Image", Score(thresholds.Image)),
            Row("Pixel", Score(thresholds.Pixel))),
        ThresholdFit fit => Fit(fit),
        AnomalyEvaluation { Image: { } image, Pixel: { } pixel } => Metrics("Evaluation", ["Image", "Pixel"], image, pixel),
        AnomalyEvaluation { Image: { } image } => Html(image),
        AnomalyEvaluation { Pixel: { } pixel } => Html(pixel),
        AnomalyEvaluation => Table("Evaluation: nothing was evaluated", []),
        ImageMetrics image => Metrics("Image metrics", [], image),
        PixelMetrics pixel => Metrics("Pixel metrics", [], pixel),
        _ => null,
    };

    private static string Fit(ThresholdFit fit) => Table("Learned threshold", [],
        Row("Threshold", Score(fit.Threshold)),
        Row("95 % interval", $"{Bound(fit.LowerBound)} to {Bound(fit.UpperBound)}"),
        Row("Normal rows", Count(fit.NormalCount)),
        Row("Anomalous rows", Count(fit.AnomalousCount)),
        Row("F1", Share(fit.F1Score, NeedsAnomalies)),
        Row("False positive rate", Share(fit.FalsePositiveRate, "needs a normal row")),
        Row("Recall", Share(fit.Recall, NeedsAnomalies)),
        fit.Warning is { } warning ? Row("Warning", WebUtility.HtmlEncode(warning)) : "");

    private static string Metrics(string caption, string[] headings, params DetectionMetrics[] columns)
    {
        var rows = new List<string>
        {
            Each("AUROC", of => Area(of.AreaUnderRocCurve, (of as PixelMetrics)?.AreaUnderRocCurveError, NeedsBothClasses)),
            Each("Average precision", of => Area(
                of.AreaUnderPrecisionRecallCurve, (of as PixelMetrics)?.AreaUnderPrecisionRecallCurveError, NeedsAnomalies)),
            Each("Maximum F1", of => Area(of.MaximumF1Score, (of as PixelMetrics)?.MaximumF1ScoreError, NeedsAnomalies)),
            Each("its threshold", of => double.IsNaN(of.MaximumF1Threshold) ? Undefined(NeedsAnomalies) : Score(of.MaximumF1Threshold)),
        };
        if (columns.OfType<PixelMetrics>().Any())
        {
            rows.Add(Each("AUPRO", of => of is PixelMetrics pixel
                ? Area(pixel.AreaUnderPerRegionOverlap, pixel.AreaUnderPerRegionOverlapError, "needs a region and a normal pixel")
                : ""));
            rows.Add(Each("AUPIMO", of => of is PixelMetrics pixel
                ? Area(pixel.AreaUnderPerImageOverlap, pixel.AreaUnderPerImageOverlapError,
                    "left out, or the normal pixels are too few to resolve its false positive rates")
                : ""));
        }

        rows.AddRange(
        [
            Each("Decision threshold", of => Score(of.Threshold)),
            Each("F1", of => Share(of.F1Score, NeedsScores)),
            Each("Precision", of => Share(of.Precision, NeedsScores)),
            Each("Recall", of => Share(of.Recall, NeedsScores)),
            Each("Accuracy", of => Share(of.Accuracy, NeedsScores)),
            Each("True positives", of => Count(of.Counts.TruePositives)),
            Each("False positives", of => Count(of.Counts.FalsePositives)),
            Each("True negatives", of => Count(of.Counts.TrueNegatives)),
            Each("False negatives", of => Count(of.Counts.FalseNegatives)),
            Each("Detection rate", of => Share(of.DetectionRateAtFalsePositiveCount, NeedsAnomalies)),
            Each("at false positives up to", of => Count(of.FalsePositiveCount)),
            Each("Overlapping scores", of => Count(of.OverlappingScores)),
        ]);
        return Table(caption, headings, [.. rows]);

        string Each(string name, Func<DetectionMetrics, string> value) => Row(name, [.. columns.Select(value)]);
    }

    private static string Table(string caption, string[] headings, params string[] rows)
    {
        string head = string.Concat(headings.Select(heading => $"<th scope=\"col\" style=\"text-align:right\">{heading}</th>"));
        return $"<table><caption>{caption}</caption>{(headings.Length > 0 ? $"<thead><tr><td></td>{head}</tr></thead>" : "")}"
            + $"<tbody>{string.Concat(rows)}</tbody></table>";
    }

    private static string Row(string name, params string[] values)
        => $"<tr><th scope=\"row\" style=\"text-align:left\">{name}</th>"
            + string.Concat(values.Select(value => $"<td style=\"text-align:right;padding-left:1em\">{value}</td>")) + "</tr>";

    /// <summary>With its certified half-width, if that isn't 0, grown by what rounding the number for the eye takes away.</summary>
    private static string Area(double value, double? halfWidth, string reason)
    {
        if (!(halfWidth > 0))
            return Share(value, reason);

        double shown = Math.Round(value, 6);
        double shownHalfWidth = Math.Ceiling((halfWidth.Value + Math.Abs(shown - value)) * 1e6) / 1e6;
        return string.Create(CultureInfo.InvariantCulture, $"{shown:F6} ± {shownHalfWidth:F6}");
    }

    private static string Share(double value, string reason)
        => double.IsNaN(value) ? Undefined(reason) : value.ToString("F4", CultureInfo.InvariantCulture);

    private static string Undefined(string reason) => $"<span title=\"not defined: {reason}\">–</span>";

    private static string Bound(double value) => double.IsInfinity(value) ? "unbounded" : Score(value);

    private static string Score(double value) => value.ToString("G7", CultureInfo.InvariantCulture);

    private static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
