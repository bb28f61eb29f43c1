using System.Globalization;
using System.Net;
using System.Text;
using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Notebooks;

/// <summary>Thresholds and metrics as a small table, for a notebook or as text, the same in every culture.</summary>
/// <param name="Caption">What is shown.</param>
/// <param name="Headings">Those of the columns of values, if there are several.</param>
/// <param name="Rows">The rows.</param>
internal sealed record Table(string Caption, string[] Headings, params Table.Row[] Rows)
{
    /// <summary>What a value shows of itself; null if it isn't one that is shown here.</summary>
    public static Table? Of(object value) => value switch
    {
        AnomalyThresholds thresholds => new("Raw thresholds", [],
            new Row("Image", Score(thresholds.Image)),
            new Row("Pixel", Score(thresholds.Pixel))),
        ThresholdFit fit => Fit(fit),
        AnomalyEvaluation { Image: { } image, Pixel: { } pixel } => Metrics("Evaluation", ["Image", "Pixel"], image, pixel),
        AnomalyEvaluation { Image: { } image } => Of(image),
        AnomalyEvaluation { Pixel: { } pixel } => Of(pixel),
        AnomalyEvaluation => new("Evaluation: nothing was evaluated", []),
        ImageMetrics image => Metrics("Image metrics", [], image),
        PixelMetrics pixel => Metrics("Pixel metrics", [], pixel),
        ScoreCurve curve => Curve(curve),
        DecisionCounts counts => new("Decisions", ["Pass", "Review", "Reject"],
            new Row("Normal", Count(counts.NormalPassed), Count(counts.NormalReviewed), Count(counts.NormalRejected)),
            new Row("Anomalous", Count(counts.AnomalousPassed), Count(counts.AnomalousReviewed), Count(counts.AnomalousRejected)),
            new Row("of 1,000", [.. counts.PerThousand.Select(share => new Cell(share.ToString("F1", CultureInfo.InvariantCulture)))])),
        _ => null,
    };

    private static Table Curve(ScoreCurve curve)
    {
        int last = curve.Points.Count - 1, shown = Math.Min(last, 20);
        bool hasRegions = curve.Points.Any(point => !double.IsNaN(point.RegionOverlap));
        string[] headings = ["Recall", "Precision", "FPR", "F1", "TP", "FP", "TN", "FN"];
        return new($"Curve of {last + 1} points, by threshold", hasRegions ? [.. headings, "PRO"] : headings,
            [.. Enumerable.Range(0, shown + 1).Select(i => Of(curve.Points[(int)(shown == 0 ? 0 : (long)i * last / shown)]))]);

        Row Of(ScoreCurvePoint point)
        {
            ConfusionCounts counts = point.Counts;
            Cell[] cells =
            [
                Rounded(counts.Recall), Rounded(counts.Precision), Rounded(counts.FalsePositiveRate), Rounded(counts.F1Score),
                Count(counts.TruePositives), Count(counts.FalsePositives), Count(counts.TrueNegatives), Count(counts.FalseNegatives),
            ];
            return new(Score(point.Threshold).Text, hasRegions ? [.. cells, Rounded(point.RegionOverlap)] : cells);
        }
    }

    private static Table Fit(ThresholdFit fit) => new("Learned threshold", [],
    [
        new Row("Threshold", Score(fit.Threshold)),
        new Row("95 % interval", new Cell($"{Bound(fit.LowerBound).Text} to {Bound(fit.UpperBound).Text}")),
        new Row("Normal rows", Count(fit.NormalCount)),
        new Row("Anomalous rows", Count(fit.AnomalousCount)),
        new Row("F1", Share(fit.F1Score, "needs an anomalous score")),
        new Row("False positive rate", Share(fit.FalsePositiveRate, "needs a normal row")),
        new Row("Recall", Share(fit.Recall, "needs an anomalous score")),
        .. fit.Warning is { } warning ? [new Row("Warning", new Cell(warning))] : (Row[])[],
    ]);

    private static Table Metrics(string caption, string[] headings, params DetectionMetrics[] columns)
    {
        var rows = new List<Row>
        {
            Each("AUROC", of => Area(of, nameof(of.AreaUnderRocCurve), of.AreaUnderRocCurve, (of as PixelMetrics)?.AreaUnderRocCurveError)),
            Each("Average precision", of => Area(of, nameof(of.AreaUnderPrecisionRecallCurve),
                of.AreaUnderPrecisionRecallCurve, (of as PixelMetrics)?.AreaUnderPrecisionRecallCurveError)),
            Each("Maximum F1", of => Area(of, nameof(of.MaximumF1Score), of.MaximumF1Score, (of as PixelMetrics)?.MaximumF1ScoreError)),
            Each("its threshold", of => double.IsNaN(of.MaximumF1Threshold)
                ? Undefined(of.UndefinedReasons[nameof(of.MaximumF1Threshold)])
                : Score(of.MaximumF1Threshold)),
        };
        if (columns.OfType<PixelMetrics>().Any())
        {
            rows.Add(Each("AUPRO", of => of is PixelMetrics pixel
                ? Area(of, nameof(pixel.AreaUnderPerRegionOverlap), pixel.AreaUnderPerRegionOverlap, pixel.AreaUnderPerRegionOverlapError)
                : new("")));
            rows.Add(Each("AUPIMO", of => of is PixelMetrics pixel
                ? Area(of, nameof(pixel.AreaUnderPerImageOverlap), pixel.AreaUnderPerImageOverlap, pixel.AreaUnderPerImageOverlapError)
                : new("")));
        }

        rows.AddRange(
        [
            Each("Decision threshold", of => Score(of.Threshold)),
            Each("F1", of => Area(of, nameof(of.F1Score), of.F1Score)),
            Each("Precision", of => Area(of, nameof(of.Precision), of.Precision)),
            Each("Recall", of => Area(of, nameof(of.Recall), of.Recall)),
            Each("Accuracy", of => Area(of, nameof(of.Accuracy), of.Accuracy)),
            Each("True positives", of => Count(of.Counts.TruePositives)),
            Each("False positives", of => Count(of.Counts.FalsePositives)),
            Each("True negatives", of => Count(of.Counts.TrueNegatives)),
            Each("False negatives", of => Count(of.Counts.FalseNegatives)),
            Each("Detection rate", of => Area(of, nameof(of.DetectionRateAtFalsePositiveCount), of.DetectionRateAtFalsePositiveCount)),
            Each("at false positives up to", of => Count(of.FalsePositiveCount)),
            Each("Overlapping scores", of => Count(of.OverlappingScores)),
        ]);
        return new(caption, headings, [.. rows]);

        Row Each(string name, Func<DetectionMetrics, Cell> value) => new(name, [.. columns.Select(value)]);
    }

    /// <summary>With its certified half-width, if that isn't 0, grown by what rounding the number for the eye takes away.</summary>
    private static Cell Area(DetectionMetrics of, string name, double value, double? halfWidth = null)
    {
        if (double.IsNaN(value))
            return Undefined(of.UndefinedReasons[name]);

        if (!(halfWidth > 0))
            return Rounded(value);

        double shown = Math.Round(value, 6);
        double shownHalfWidth = Math.Ceiling((halfWidth.Value + Math.Abs(shown - value)) * 1e6) / 1e6;
        return new(string.Create(CultureInfo.InvariantCulture, $"{shown:F6} ± {shownHalfWidth:F6}"));
    }

    private static Cell Share(double value, string reason)
        => double.IsNaN(value) ? Undefined(reason) : Rounded(value);

    private static Cell Rounded(double value) => new(value.ToString("F4", CultureInfo.InvariantCulture));

    private static Cell Undefined(string reason) => new("–", reason);

    private static Cell Bound(double value) => double.IsInfinity(value) ? new("unbounded") : Score(value);

    private static Cell Score(double value) => new(value.ToString("G7", CultureInfo.InvariantCulture));

    private static Cell Count(long value) => new(value.ToString("N0", CultureInfo.InvariantCulture));

    /// <summary>The table as HTML.</summary>
    public string ToHtml()
    {
        string head = string.Concat(Headings.Select(heading => $"<th scope=\"col\" style=\"text-align:right\">{heading}</th>"));
        return $"<table><caption>{Caption}</caption>{(Headings.Length > 0 ? $"<thead><tr><td></td>{head}</tr></thead>" : "")}"
            + $"<tbody>{string.Concat(Rows.Select(row => row.ToHtml()))}</tbody></table>";
    }

    /// <summary>The table as lines of text; what is undefined says why.</summary>
    public override string ToString()
    {
        int names = Rows.Length == 0 ? 0 : Rows.Max(row => row.Name.Length);
        int columns = Rows.Length == 0 ? 0 : Rows.Max(row => row.Cells.Length);
        int[] widths = [.. Enumerable.Range(0, columns).Select(i
            => Headings.Skip(i).Take(1).Concat(Rows.Select(row => row.Cells[i].Text)).Max(text => text.Length))];
        var text = new StringBuilder(Caption);
        if (Headings.Length > 0)
            text.Append('\n').Append(Line("", Headings));
        foreach (Row row in Rows)
        {
            text.Append('\n').Append(Line(row.Name, row.Cells.Select(cell => cell.Text)));
            foreach (string reason in row.Cells.Select(cell => cell.Reason).OfType<string>().Distinct())
                text.Append(CultureInfo.InvariantCulture, $"  (not defined: {reason})");
        }

        return text.ToString();

        string Line(string name, IEnumerable<string> values)
            => name.PadRight(names) + string.Concat(values.Select((value, i) => $"  {(columns == 1 ? value : value.PadLeft(widths[i]))}"));
    }

    internal sealed record Row(string Name, params Cell[] Cells)
    {
        public string ToHtml() => $"<tr><th scope=\"row\" style=\"text-align:left\">{Name}</th>"
            + string.Concat(Cells.Select(cell => $"<td style=\"text-align:right;padding-left:1em\">{cell.ToHtml()}</td>")) + "</tr>";
    }

    /// <param name="Text">The value.</param>
    /// <param name="Reason">Why it is undefined; null if it isn't.</param>
    internal readonly record struct Cell(string Text, string? Reason = null)
    {
        public string ToHtml()
            => Reason is null ? WebUtility.HtmlEncode(Text) : $"<span title=\"not defined: {WebUtility.HtmlEncode(Reason)}\">{Text}</span>";
    }
}
