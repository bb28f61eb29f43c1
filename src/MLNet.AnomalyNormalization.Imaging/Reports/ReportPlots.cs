using System.Globalization;
using MLNet.AnomalyNormalization.Evaluation;
using OxyPlot;
using OxyPlot.Annotations;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;

namespace MLNet.AnomalyNormalization.Imaging.Reports;

/// <summary>The diagrams of a report, as SVG texts. Where a curve needs a class that isn't there, its diagram is left out.</summary>
internal static class ReportPlots
{
    private const double Width = 640, Height = 420, TitleDistance = 8;

    private static readonly OxyColor s_good = OxyColor.FromRgb(0x1f, 0x77, 0xb4);
    private static readonly OxyColor s_defect = OxyColor.FromRgb(0xc2, 0x41, 0x0c);
    private static readonly OxyColor s_third = OxyColor.FromRgb(0x4d, 0x4d, 0x4d);

    /// <summary>All names that <see cref="Draw"/> may give.</summary>
    public static IReadOnlyList<string> FileNames { get; } =
        ["cumulative_histogram.svg", "confusion_matrix.svg", "roc.svg", "pro.svg", "precision_recall.svg"];

    /// <summary>Draws what the rows allow.</summary>
    /// <param name="assessment">The rows and their decision.</param>
    /// <param name="pixels">The evaluation of the true defects; null if they aren't known.</param>
    /// <returns>File names and the SVG text of each.</returns>
    public static IEnumerable<(string FileName, string Svg)> Draw(Assessment assessment, (PixelMetrics Metrics, ScoreCurve Curve)? pixels)
    {
        ConfusionCounts none = assessment.Curve.Points[0].Counts;
        double threshold = assessment.Decision.Normalized;
        yield return (FileNames[0], Svg(CumulativeHistogram(assessment.Rows, threshold)));
        if (none.Total > 0)
            yield return (FileNames[1], Svg(ConfusionMatrix(assessment.Metrics.Counts)));
        if (none.FalseNegatives > 0 && none.TrueNegatives > 0)
            yield return (FileNames[2], Svg(Roc(assessment.Curve, assessment.Metrics)));
        if (pixels is var (metrics, ofPixels))
            yield return (FileNames[3], Svg(Pro(ofPixels, metrics)));
        if (none.FalseNegatives > 0)
            yield return (FileNames[4], Svg(PrecisionAndRecall(assessment.Curve, threshold)));
    }

    private static PlotModel CumulativeHistogram(IReadOnlyList<AssessedRow> rows, double threshold)
    {
        PlotModel model = Model("Scores of good and defective images", "Normalised score", "Share of the images of the class");
        model.Series.Add(Cumulative("good, at or above", s_good, isAnomalous: false, atOrAbove: true));
        model.Series.Add(Cumulative("defective, below", s_defect, isAnomalous: true, atOrAbove: false));
        model.Axes[0].Maximum = Math.Max(1.2 * threshold, 1.05 * rows.Max(row => row.Score));
        AddThreshold(model, threshold);
        return model;

        LineSeries Cumulative(string title, OxyColor color, bool isAnomalous, bool atOrAbove)
        {
            float[] scores = [.. rows.Where(row => row.Row.IsAnomalous == isAnomalous).Select(row => row.Score).Order()];
            LineSeries line = Line($"{title} ({scores.Length})", color);
            if (scores.Length == 0)
                return line;

            line.Points.Add(new(0, atOrAbove ? 1 : 0));
            for (int i = 0; i < scores.Length; i++)
            {
                line.Points.Add(new(scores[i], Share(i)));
                line.Points.Add(new(scores[i], Share(i + 1)));
            }

            line.Points.Add(new(ScoreNormalizer.MaximumScore, Share(scores.Length)));
            return line;

            double Share(int below) => atOrAbove ? 1 - ((double)below / scores.Length) : (double)below / scores.Length;
        }
    }

    private static PlotModel ConfusionMatrix(ConfusionCounts counts)
    {
        var model = new PlotModel { Title = "Confusion matrix", PlotAreaBorderThickness = new(0) };
        model.Axes.Add(Labels(AxisPosition.Bottom, "Decision", "good", "anomalous"));
        model.Axes.Add(Labels(AxisPosition.Left, "Truth", "defective", "good"));
        Cell(0, 1, counts.TrueNegatives, "passed rightly", s_good);
        Cell(1, 1, counts.FalsePositives, "overkill", s_defect);
        Cell(0, 0, counts.FalseNegatives, "escape", s_defect);
        Cell(1, 0, counts.TruePositives, "found", s_good);
        return model;

        static CategoryAxis Labels(AxisPosition position, string title, params string[] labels)
        {
            var axis = new CategoryAxis
            {
                Position = position,
                Title = title,
                TickStyle = TickStyle.None,
                AxisTitleDistance = TitleDistance,
            };
            axis.Labels.AddRange(labels);
            return axis;
        }

        void Cell(int x, int y, long count, string meaning, OxyColor color)
        {
            double share = counts.Total == 0 ? 0 : (double)count / counts.Total;
            model.Annotations.Add(new RectangleAnnotation
            {
                MinimumX = x - 0.5,
                MaximumX = x + 0.5,
                MinimumY = y - 0.5,
                MaximumY = y + 0.5,
                Fill = OxyColor.FromAColor((byte)(40 + (120 * share)), color),
                Stroke = OxyColors.White,
                StrokeThickness = 2,
                Text = string.Create(CultureInfo.InvariantCulture, $"{count}\n{meaning}"),
                FontSize = 16,
            });
        }
    }

    private static PlotModel Roc(ScoreCurve curve, ImageMetrics metrics)
    {
        PlotModel model = Model(
            string.Create(CultureInfo.InvariantCulture, $"ROC, area {metrics.AreaUnderRocCurve:F4}"),
            "Good images rejected",
            "Defective images found");
        LineSeries line = Line(null, s_good);
        line.Points.AddRange(curve.Points.Select(point => new DataPoint(point.Counts.FalsePositiveRate, point.Counts.Recall)));
        model.Series.Add(line);
        model.Series.Add(Here(metrics.Counts.FalsePositiveRate, metrics.Recall));
        return model;

        static ScatterSeries Here(double x, double y)
        {
            var mark = new ScatterSeries
            {
                Title = "at the threshold",
                MarkerType = MarkerType.Circle,
                MarkerSize = 5,
                MarkerFill = s_defect,
            };
            mark.Points.Add(new(x, y));
            return mark;
        }
    }

    private static PlotModel Pro(ScoreCurve curve, PixelMetrics metrics)
    {
        PlotModel model = Model(
            string.Create(CultureInfo.InvariantCulture, $"PRO, area up to 0.3: {metrics.AreaUnderPerRegionOverlap:F4}"),
            "Good pixels above the threshold", "Mean overlap of the defects");
        LineSeries line = Line(null, s_good);
        (double X, double Y) drawn = (-1, -1);
        foreach (ScoreCurvePoint point in curve.Points)
        {
            (double x, double y) = (point.Counts.FalsePositiveRate, point.RegionOverlap);

            // Less than half a pixel of the diagram.
            const double visible = 1e-3;
            if (x < 1 && y < 1 && x - drawn.X < visible && y - drawn.Y < visible)
                continue;
            line.Points.Add(new(x, y));
            drawn = (x, y);
        }

        model.Series.Add(line);
        model.Annotations.Add(new LineAnnotation { Type = LineAnnotationType.Vertical, X = 0.3, Color = s_third, Text = "0.3" });
        return model;
    }

    private static PlotModel PrecisionAndRecall(ScoreCurve curve, double threshold)
    {
        PlotModel model = Model("Precision and recall over the threshold", "Threshold on the normalised scale", "");
        LineSeries precision = Line("precision", s_good), recall = Line("recall", s_defect), f1 = Line("F1", s_third);
        foreach (ScoreCurvePoint point in curve.Points.Skip(1))
        {
            precision.Points.Add(new(point.Threshold, point.Counts.Precision));
            recall.Points.Add(new(point.Threshold, point.Counts.Recall));
            f1.Points.Add(new(point.Threshold, point.Counts.F1Score));
        }

        foreach (LineSeries line in new[] { precision, recall, f1 })
            model.Series.Add(line);
        model.Axes[0].Maximum = Math.Max(1.2 * threshold, 1.05 * curve.Points[1].Threshold);
        AddThreshold(model, threshold);
        return model;
    }

    private static PlotModel Model(string title, string xTitle, string yTitle)
    {
        var model = new PlotModel { Title = title };
        model.Axes.Add(Axis(AxisPosition.Bottom, xTitle));
        model.Axes.Add(Axis(AxisPosition.Left, yTitle));
        model.Axes[1].Maximum = 1.02;
        model.Legends.Add(new Legend
        {
            LegendPlacement = LegendPlacement.Outside,
            LegendPosition = LegendPosition.BottomCenter,
            LegendOrientation = LegendOrientation.Horizontal,
        });
        return model;

        static LinearAxis Axis(AxisPosition position, string title) => new()
        {
            Position = position,
            Title = title,
            Minimum = 0,
            MajorGridlineStyle = LineStyle.Dot,
            AxisTitleDistance = TitleDistance,
        };
    }

    private static LineSeries Line(string? title, OxyColor color) => new() { Title = title, Color = color, StrokeThickness = 2 };

    private static void AddThreshold(PlotModel model, double threshold) => model.Annotations.Add(new LineAnnotation
    {
        Type = LineAnnotationType.Vertical,
        X = threshold,
        Color = s_third,
        Text = string.Create(CultureInfo.InvariantCulture, $"threshold {threshold:0.###}"),
    });

    private static string Svg(PlotModel model)
    {
        // The exporter knows the widths of Arial's letters without having the font; a viewer may have to take another one.
        model.DefaultFont = "Arial";
        model.Background = OxyColors.White; // The colours are made for it.
        model.Culture = CultureInfo.InvariantCulture;
        var exporter = new SvgExporter { Width = Width, Height = Height, UseVerticalTextAlignmentWorkaround = true, IsDocument = false };
        exporter.TextMeasurer = new TextMeasurer();
        return exporter.ExportToString(model)
            .Replace("font-family=\"Arial\"", "font-family=\"Arial,sans-serif\"", StringComparison.Ordinal);
    }

    /// <summary>
    /// Sizes of text in pixels; OxyPlot's own are in points. A seventh is added, because the viewer's font may be wider than Arial, and
    /// legends are cut off where their text was expected to end.
    /// </summary>
    private sealed class TextMeasurer() : PdfRenderContext(Width, Height, OxyColors.White)
    {
        private const double PixelsPerPoint = 96.0 / 72, Reserve = 8.0 / 7;

        public override OxySize MeasureText(string text, string fontFamily, double fontSize, double fontWeight)
        {
            OxySize size = base.MeasureText(text, fontFamily, fontSize, fontWeight);
            return new(size.Width * PixelsPerPoint * Reserve, size.Height * PixelsPerPoint);
        }
    }
}
