using System.Buffers;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Imaging.Reports;

/// <summary>
/// report.html: one page with everything inside it. What it says at the report's threshold is written here, so that it can be read without
/// JavaScript; the script repeats it for other thresholds.
/// </summary>
internal sealed partial class HtmlPage
{
    /// <summary>How many images have pictures on the page, so that it stays small enough to mail.</summary>
    public const int PicturedImages = 200;

    private const int Bins = 60;

    private readonly Assessment _assessment;
    private readonly AnomalyThresholds _modelThresholds;
    private readonly ScoreNormalizer _ownScale;
    private readonly AssessedRow[] _ordered;
    private readonly HashSet<AssessedRow> _pictured;
    private readonly Dictionary<AssessedRow, string> _pictures = [];

    /// <param name="assessment">The rows and their decisions.</param>
    /// <param name="modelThresholds">The model's own thresholds; null for those of the report.</param>
    public HtmlPage(Assessment assessment, AnomalyThresholds? modelThresholds = null)
    {
        _modelThresholds = modelThresholds ?? assessment.Thresholds;
        _assessment = assessment;
        _ownScale = new(assessment.Thresholds.Image);
        double threshold = assessment.Decision.Normalized;
        _ordered =
        [
            .. assessment.Rows.OrderByDescending(row => row.IsCorrect is false)
                .ThenBy(row => row.IsCorrect is false ? -Math.Abs(row.Score - threshold) : Math.Abs(row.Score - threshold)),
        ];
        _pictured = [.. _ordered.Take(PicturedImages)];
    }

    /// <summary>Takes the pictures of a row, if the page is to show them.</summary>
    public void AddPictures(AssessedRow row, RowPictures pictures)
    {
        if (_pictured.Contains(row))
            _pictures.Add(row, string.Concat(pictures.Thumbnails().Select(picture => Figure(picture.Caption, picture.DataUri))));
    }

    public string Write(PixelMetrics? pixels, IEnumerable<(string FileName, string Svg)> plots)
    {
        double threshold = _assessment.Decision.Normalized, maximum = Maximum();
        ConfusionCounts counts = _assessment.Metrics.Counts;
        var parts = new Dictionary<string, string>
        {
            ["style"] = Resource("report.css"),
            ["script"] = Resource("report.js"),
            ["script-hash"] = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes($"\n{Resource("report.js")}\n"))),
            ["mood"] = counts.Total == 0 ? "" : counts.FalsePositives + counts.FalseNegatives > 0 ? "wrong" : "right",
            ["verdict"] = Verdict(counts),
            ["figures"] = Figures(pixels),
            ["maximum"] = Number(maximum),
            ["threshold"] = Shown(threshold),
            ["position"] = Number(100 * threshold / maximum),
            ["histogram"] = Histogram(maximum),
            ["ticks"] = Ticks(maximum),
            ["passed"] = Number(counts.TrueNegatives),
            ["overkill"] = Number(counts.FalsePositives),
            ["escape"] = Number(counts.FalseNegatives),
            ["found"] = Number(counts.TruePositives),
            ["diagrams"] = Diagrams(plots),
            ["order"] = "Wrong decisions come first, the furthest from the threshold at the top; then the right ones, the closest first."
                + (_ordered.Length > PicturedImages
                    ? $" The first {PicturedImages} have pictures here; those of all are in the folders heatmaps and predictions."
                    : ""),
            ["classes"] = string.Concat(_ordered.Select(row => row.Class).Distinct().Order(StringComparer.Ordinal)
                .Select(name => $"<option value=\"{Encoded(name)}\">{Encoded(name.Length == 0 ? "(none)" : name)}</option>")),
            ["cards"] = string.Join('\n', _ordered.Select(Card)),
            ["data"] = Data(),
        };

        var page = new StringBuilder();
        string[] pieces = Resource("report.html").Split("{{");
        page.Append(pieces[0]);
        foreach (string piece in pieces.Skip(1))
        {
            int end = piece.IndexOf("}}", StringComparison.Ordinal);
            page.Append(parts[piece[..end]]).Append(piece, end + 2, piece.Length - end - 2);
        }

        return page.ToString();
    }

    private string Verdict(ConfusionCounts counts)
    {
        string threshold = Shown(_assessment.Decision.Normalized);
        if (counts.Total == 0)
        {
            int above = _assessment.Rows.Count(row => row.IsPredictedAnomalous);
            return $"{above} of {_assessment.Rows.Count} images lie at or above the threshold of {threshold}; no label is known.";
        }

        (long good, long defective) = (counts.TrueNegatives + counts.FalsePositives, counts.TruePositives + counts.FalseNegatives);
        var parts = new List<string>();
        if (defective > 0)
            parts.Add($"{counts.TruePositives} of {defective} defective images are found");
        if (good > 0)
            parts.Add($"{counts.FalsePositives} of {good} good images are rejected");
        return $"At the threshold of {threshold}, {string.Join(" and ", parts)}.";
    }

    private string Figures(PixelMetrics? pixels)
    {
        ImageMetrics metrics = _assessment.Metrics;
        ConfusionCounts counts = metrics.Counts;
        var figures = new List<string> { Figure("images", "Images", Number(_assessment.Rows.Count)) };
        if (counts.Total > 0)
        {
            figures.Add(Figure("precision", "Precision", Fixed(metrics.Precision)));
            figures.Add(Figure("recall", "Recall", Fixed(metrics.Recall)));
            figures.Add(Figure("f1", "F1", Fixed(metrics.F1Score)));
            figures.Add(Figure("overkill", "Overkill (good, rejected)", Percent(counts.FalsePositives, counts.TrueNegatives)));
            figures.Add(Figure("escape", "Escape (defective, passed)", Percent(counts.FalseNegatives, counts.TruePositives)));
            figures.Add(Figure("auroc", "AUROC", Fixed(metrics.AreaUnderRocCurve)));
            figures.Add(Figure("overlap", "Overlapping scores", Number(metrics.OverlappingScores)));
        }

        if (pixels is not null)
        {
            figures.Add(Figure("pixel-auroc", "Pixel AUROC", Fixed(pixels.AreaUnderRocCurve)));
            figures.Add(Figure("aupro", "AUPRO", Fixed(pixels.AreaUnderPerRegionOverlap)));
        }

        return string.Join('\n', figures);

        static string Figure(string id, string name, string value) => $"<div><dt>{name}</dt><dd id=\"figure-{id}\">{value}</dd></div>";

        static string Fixed(double value) => double.IsNaN(value) ? "–" : value.ToString("F3", CultureInfo.InvariantCulture);

        static string Percent(long part, long rest)
            => string.Create(CultureInfo.InvariantCulture, $"{(part + rest == 0 ? 0 : 100.0 * part / (part + rest)):F1} %");
    }

    private double Maximum()
    {
        double needed = Math.Max(1.5 * _assessment.Decision.Normalized, 1.02 * _assessment.Rows.Max(row => row.Score));
        return Math.Min(ScoreNormalizer.MaximumScore, Math.Ceiling(needed / 50) * 50);
    }

    /// <summary>Bars of good images upwards, of defective ones downwards, each class as shares of its largest bar.</summary>
    private string Histogram(double maximum)
    {
        var svg = new StringBuilder(
            $"<svg viewBox=\"0 0 {Bins} 200\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"Histogram of the scores\">");
        foreach (bool isAnomalous in new[] { false, true })
        {
            int[] counts = new int[Bins];
            foreach (AssessedRow row in _assessment.Rows.Where(row => row.Row.IsAnomalous == isAnomalous))
                counts[Math.Min(Bins - 1, (int)(row.Score / maximum * Bins))]++;

            double largest = Math.Max(1, counts.Max());
            for (int i = 0; i < Bins; i++)
            {
                if (counts[i] == 0)
                    continue;
                double height = 95 * counts[i] / largest;
                (string bar, double top) = isAnomalous ? ("defect", 100) : ("good", 100 - height);
                svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"{bar}\" x=\"{i + 0.05:0.##}\" width=\"0.9\" ")
                    .Append(CultureInfo.InvariantCulture, $"y=\"{top:0.##}\" height=\"{height:0.##}\"/>");
            }
        }

        return svg
            .Append(CultureInfo.InvariantCulture, $"<line class=\"axis\" x1=\"0\" x2=\"{Bins}\" y1=\"100\" y2=\"100\"/></svg>")
            .ToString();
    }

    private static string Ticks(double maximum)
    {
        double step = maximum <= 300 ? 50 : maximum <= 600 ? 100 : 200;
        return string.Concat(Enumerable.Range(0, (int)(maximum / step) + 1)
            .Select(i => $"<span style=\"left:{Number(100 * i * step / maximum)}%\">{Number(i * step)}</span>"));
    }

    private static string Diagrams(IEnumerable<(string FileName, string Svg)> plots)
        => "<section><details><summary>Diagrams</summary><div class=\"diagrams\">"
            + string.Concat(plots.Select(plot => $"<img alt=\"{Path.GetFileNameWithoutExtension(plot.FileName).Replace('_', ' ')}\" "
                + $"src=\"data:image/svg+xml;base64,{Convert.ToBase64String(Encoding.UTF8.GetBytes(plot.Svg))}\">"))
            + "</div></details></section>";

    private string Card(AssessedRow row)
    {
        (string kind, string words) = (row.Row.IsAnomalous, row.IsPredictedAnomalous) switch
        {
            (null, _) => ("unknown", "no label"),
            (false, false) => ("passed", "passed rightly"),
            (false, true) => ("overkill", "overkill: a good part rejected"),
            (true, false) => ("escape", "escape: a defect passed"),
            (true, true) => ("found", "found"),
        };
        string label = row.Row.IsAnomalous switch { null => "", true => "1", false => "0" };
        string pictures = _pictures.TryGetValue(row, out string? figures) ? $"<div class=\"pictures\">{figures}</div>" : "";
        string score = row.Score.ToString("F3", CultureInfo.InvariantCulture);

        // A report that decides elsewhere than at 100 keeps other decisions where scores are rounded than a pipeline does.
        float own = _ownScale.Normalize(row.Row.Score);
        string ownScore = own == row.Score ? "" : $" data-own=\"{Number(own)}\"";
        return $"<article class=\"card {kind}\" "
            + $"data-score=\"{Number(row.Score)}\" data-raw=\"{Number(row.Row.Score)}\"{ownScore} data-label=\"{label}\" data-class=\"{Encoded(row.Class)}\">"
            + $"<h3>{Encoded(row.Class.Length == 0 ? row.FileName : $"{row.Class}/{row.FileName}")}</h3>"
            + $"<p>score <b>{score}</b>, <span class=\"outcome\">{words}</span></p>{pictures}</article>";
    }

    private string Data()
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WriteNumber("threshold", _assessment.Decision.Normalized);
            writer.WriteNumber("image", _assessment.Thresholds.Image);
            writer.WriteNumber("pixel", _assessment.Thresholds.Pixel);
            writer.WriteNumber("modelImage", _modelThresholds.Image);
            writer.WriteNumber("modelPixel", _modelThresholds.Pixel);
            WriteScores("good", false);
            WriteScores("defective", true);
            WriteScores("unknown", null);
            writer.WriteEndObject();

            void WriteScores(string name, bool? isAnomalous)
            {
                writer.WriteStartArray(name);

                // As doubles, the type that JavaScript compares.
                foreach (AssessedRow row in _assessment.Rows.Where(row => row.Row.IsAnomalous == isAnomalous))
                    writer.WriteNumberValue((double)row.Score);
                writer.WriteEndArray();
            }
        }

        return Encoding.UTF8.GetString(json.WrittenSpan);
    }

    private static string Figure(string caption, string dataUri)
        => $"<figure><img alt=\"{caption}\" src=\"{dataUri}\"><figcaption>{caption}</figcaption></figure>";

    // What would turn the direction of the text around it is shown by its number: a name can pretend to be another one.
    private static string Encoded(string text)
        => WebUtility.HtmlEncode(DirectionControl().Replace(text, control => $"[U+{(int)control.Value[0]:X4}]"));

    [GeneratedRegex(@"[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]")]
    private static partial Regex DirectionControl();

    private static string Number(double value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Shown(double value) => Math.Round(value, 3).ToString(CultureInfo.InvariantCulture);

    private static string Resource(string name)
    {
        using var reader = new StreamReader(typeof(HtmlPage).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
