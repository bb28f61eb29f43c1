using MLNet.AnomalyNormalization.DataViews;
using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Imaging.Reports;

/// <summary>Finds the decision threshold of a report and applies it to every row.</summary>
internal sealed class Assessment
{
    private readonly ScoreNormalizer _mapNormalizer;
    private readonly AnomalyRegionOptions? _regions;

    // Maps are of one size, as a rule.
    private ((int Height, int Width) Size, byte[] Pixels) _looked = ((-1, -1), []);

    public Assessment(
        IReadOnlyList<AnomalyReportRow> rows, AnomalyThresholds thresholds, double? normalizedThreshold, AnomalyRegionOptions? regions = null)
    {
        (Thresholds, _regions) = (thresholds, regions);
        (float raw, float? f1) = FindThreshold(rows, thresholds.Image, normalizedThreshold);
        float normalized = new ScoreNormalizer(thresholds.Image).Normalize(raw);
        if (!(normalized > 0))
        {
            throw new InvalidOperationException(
                $"The best F1 is reached at the raw score {raw}, which lies at {normalized} on the normalised scale, where nothing "
                + "can be told apart. Set a threshold greater than 0.");
        }

        Decision = new(raw, normalized);
        var normalizer = new ScoreNormalizer(thresholds.Image, Decision);
        _mapNormalizer = thresholds.Pixel == thresholds.Image
            ? normalizer
            : new(thresholds.Pixel, EvaluationThreshold.At(normalized, thresholds.Pixel));

        var names = new PictureNames();
        var images = new ImageEvaluator();
        var assessed = new AssessedRow[rows.Count];
        for (int i = 0; i < assessed.Length; i++)
        {
            float score = normalizer.Normalize(rows[i].Score);
            assessed[i] = new(rows[i], score, normalizer.IsAnomalous(rows[i].Score), names.Take(rows[i].ImagePath));
            images.Add(score, rows[i].IsAnomalous);
        }

        Rows = assessed;
        Metrics = images.Compute(normalized);
        Curve = images.ComputeCurve();
        F1Score = f1 ?? (Metrics.Counts.Total == 0 ? 0 : Metrics.F1Score);
    }

    public IReadOnlyList<AssessedRow> Rows { get; }

    /// <summary>The raw thresholds that 100 stands for.</summary>
    public AnomalyThresholds Thresholds { get; }

    /// <summary>Where images are decided, on both scales.</summary>
    public EvaluationThreshold Decision { get; }

    public ImageMetrics Metrics { get; }

    public ScoreCurve Curve { get; }

    /// <summary>F1 at the threshold; 0 where no label is known.</summary>
    public double F1Score { get; }

    public float[] NormalizedMap(AssessedRow row)
    {
        var map = new float[row.Row.Map.Values.Length];
        _mapNormalizer.Normalize<float>(row.Row.Map.Values, map);
        return map;
    }

    /// <summary>
    /// The pixels that are looked at in all rows whose defects are known: those with a mask, and normal ones. Null if there is no defect
    /// among them.
    /// </summary>
    public (PixelMetrics Metrics, ScoreCurve Curve)? EvaluatePixels()
    {
        if (!Rows.Any(row => row.Row.Mask is not null))
            return null;

        bool hasDefects = false;
        var evaluator = new PixelEvaluator(new()
        {
            Precision = EvaluationPrecision.Grid,
            CountNaNAsAnomalous = true,
            PerImageOverlapThresholds = 0,
            IgnoredMaskValue = MaskRules.Unknown,
        });
        foreach (AssessedRow row in Rows)
        {
            if (TrueDefects(row.Row) is not { } mask)
                continue;
            hasDefects |= mask.AsSpan().Contains((byte)1);
            evaluator.Add(NormalizedMap(row), mask, row.Row.Map.Height, row.Row.Map.Width);
        }

        return hasDefects ? (evaluator.Compute(), evaluator.ComputeCurve()) : null;
    }

    // 1 for a defect, 0 for none, and otherwise for what isn't looked at; null where nobody knows.
    private byte[]? TrueDefects(AnomalyReportRow row)
    {
        if (row.Mask is null && row.IsAnomalous is not false)
            return null;

        AnomalyMap map = row.Map;
        byte[] defects = row.Mask is { } mask
            ? Array.ConvertAll(mask, pixel => pixel == 0 ? (byte)0 : (byte)1)
            : new byte[map.Values.Length];
        if (_regions is null)
            return defects;

        if (_looked.Size != (map.Height, map.Width))
            _looked = ((map.Height, map.Width), AnomalyRegions.ValidArea(defects.Length, map.Height, map.Width, _regions));
        for (int i = 0; i < defects.Length; i++)
            defects[i] = _looked.Pixels[i] == 0 ? MaskRules.Unknown : defects[i];
        return defects;
    }

    private static (float Raw, float? F1) FindThreshold(
        IReadOnlyList<AnomalyReportRow> rows, double trainingThreshold, double? normalizedThreshold)
    {
        if (normalizedThreshold is { } normalized)
            return ((float)new ScoreNormalizer(trainingThreshold).Denormalize(normalized), null);

        (float Score, bool IsAnomalous)[] known =
            [.. rows.Where(row => row.IsAnomalous is not null).Select(row => (row.Score, row.IsAnomalous is true))];
        if (known.Length == 0)
            return ((float)trainingThreshold, null);

        (float threshold, float f1) = OptimalF1(known);
        return (threshold, f1);
    }

    /// <summary>
    /// The lowest score that gives the best F1 = 2PR / (P + R + 1e-10), computed in Single as OptimalF1 of anomalib 0.7, which quadra
    /// reports.
    /// </summary>
    private static (float Threshold, float F1) OptimalF1((float Score, bool IsAnomalous)[] rows)
    {
        int positives = rows.Count(row => row.IsAnomalous);
        if (positives == 0)
        {
            throw new InvalidOperationException(
                $"The best F1 needs rows labelled anomalous; all {rows.Length} labelled rows are normal. Set "
                + $"{nameof(AnomalyReportOptions)}.{nameof(AnomalyReportOptions.NormalizedThreshold)} instead, for instance to 100.");
        }

        (float Threshold, float F1) best = (0, float.NegativeInfinity);
        int found = 0, taken = 0;
        foreach (var ties in rows.GroupBy(row => row.Score).OrderByDescending(ties => ties.Key))
        {
            // Below the lowest anomalous score precision can only fall.
            if (found == positives)
                break;

            found += ties.Count(row => row.IsAnomalous);
            taken += ties.Count();
            float precision = (float)found / taken, recall = (float)found / positives;
            float f1 = 2 * precision * recall / (precision + recall + 1e-10f);
            if (f1 >= best.F1)
                best = (ties.Key, f1);
        }

        return best;
    }
}
