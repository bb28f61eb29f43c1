using Microsoft.ML;
using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Tests.DataViews;

/// <summary>Pixels that are ignored bear on nothing, in whatever form the masks come.</summary>
[TestClass]
public sealed class ValidAreaTests
{
    private const int Pixels = MaskedRow.Height * MaskedRow.Width;

    private static readonly byte[] s_valid = [.. Enumerable.Range(0, Pixels).Select(i => (byte)(i % 8 < 5 && i >= 8 ? i + 1 : 0))];

    private readonly MLContext _mlContext = new(seed: 1);

    [TestMethod]
    [DataRow("Mask", EvaluationPrecision.Exact, DisplayName = "bytes, in which 255 is a defect")]
    [DataRow("BooleanMask", EvaluationPrecision.Exact)]
    [DataRow("SingleMask", EvaluationPrecision.Grid)]
    [DataRow("ImageMask", EvaluationPrecision.Exact)]
    public void An_evaluation_is_that_of_the_pixels_that_count(string mask, EvaluationPrecision precision)
    {
        AnomalyEvaluation evaluation = Evaluate(MaskedRows.Make(40), new()
        {
            MaskColumnName = mask,
            ValidArea = s_valid,
            Pixel = new() { Precision = precision },
            ComputeCurves = true,
        });

        var expected = new PixelEvaluator(new() { Precision = precision, IgnoredMaskValue = 7 });
        var normalizer = new ScoreNormalizer(MaskedRows.Thresholds.Pixel);
        foreach (MaskedRow row in MaskedRows.Make(40))
        {
            byte[] left = [.. Enumerable.Range(0, Pixels).Select(i => (byte)(s_valid[i] == 0 ? 7 : row.Mask.Length > 0 && row.Mask[i] != 0 ? 1 : 0))];
            expected.Add(normalizer.Normalize(new AnomalyMap(row.AnomalyMap, MaskedRow.Height, MaskedRow.Width)), left);
        }

        Assert.AreEqual(expected.Compute(), evaluation.Pixel);
        Assert.AreEqual(expected.ComputeCurve(), evaluation.PixelCurve);
        Assert.AreEqual(Evaluate(MaskedRows.Make(40), new()).Image, evaluation.Image);
    }

    [TestMethod]
    public void A_value_that_is_unknown_in_masks_stays_unknown_beside_a_valid_area()
    {
        MaskedRow[] rows = MaskedRows.Make(20), marked = MaskedRows.Make(20);
        byte[] all = [.. Enumerable.Repeat((byte)1, Pixels)];
        foreach (MaskedRow row in marked.Where(row => row.Mask.Length > 0))
            row.Mask = [.. row.Mask.Select((value, i) => s_valid[i] == 0 ? (byte)100 : value)];
        foreach (MaskedRow row in rows.Concat(marked).Where(row => row.Mask.Length == 0))
            (row.Label, row.SingleLabel) = (true, -1);
        AnomalyEvaluationOptions options = new() { MaskColumnName = "Mask", LabelColumnName = "SingleLabel" };
        PixelMetrics expected = Evaluate(rows, With(s_valid)).Pixel!;
        Assert.AreEqual(expected, Evaluate(marked, With(all, ofColumn: 100)).Pixel);
        Assert.AreEqual(expected, Evaluate(marked, With(all, ofPixels: 100)).Pixel);
        Assert.AreNotEqual(expected, Evaluate(marked, With(all)).Pixel);

        AnomalyEvaluationOptions With(byte[] valid, double? ofColumn = null, byte? ofPixels = null) => new()
        {
            MaskColumnName = options.MaskColumnName,
            LabelColumnName = options.LabelColumnName,
            ValidArea = valid,
            IgnoredMaskValue = ofColumn,
            Pixel = new() { IgnoredMaskValue = ofPixels },
        };
    }

    [TestMethod]
    [DataRow("Mask", "AnomalyMap", DisplayName = "from masks")]
    [DataRow("ImageMask", "WideMap", DisplayName = "from images of masks, with maps of Double")]
    [DataRow(null, "AnomalyMap", DisplayName = "from good maps alone")]
    public void Pixel_thresholds_are_learned_from_the_pixels_that_count(string? mask, string map)
    {
        ThresholdStrategy strategy = mask is null ? ThresholdStrategy.Quantile(0.9) : ThresholdStrategy.MaximumF1();
        MaskedRow[] rows = MaskedRows.Make(40), blinded = MaskedRows.Make(40);
        foreach (MaskedRow row in blinded)
        {
            for (int i = 0; i < Pixels; i++)
            {
                row.AnomalyMap[i] = s_valid[i] == 0 ? 50 + i : row.AnomalyMap[i];
                row.WideMap[i] = s_valid[i] == 0 ? 50 + i : row.WideMap[i];
            }
        }

        ThresholdFit fit = Fit(rows, s_valid);
        Assert.AreEqual(fit, Fit(blinded, s_valid));
        Assert.AreNotEqual(fit, Fit(rows, null));
        Assert.AreEqual(rows.Count(row => mask is not null || !row.Label) * s_valid.Count(value => value != 0), fit.NormalCount + fit.AnomalousCount);

        ThresholdFit Fit(MaskedRow[] of, byte[]? valid) => _mlContext.Transforms.NormalizeAnomaly(strategy, new()
        {
            MapColumnName = map,
            MaskColumnName = mask,
            ValidArea = valid,
        }).Fit(MaskedRows.View(_mlContext, of)).PixelFit!;
    }

    [TestMethod]
    public void A_valid_area_of_another_size_is_refused_with_both()
    {
        MaskedRow[] rows = MaskedRows.Make(4);
        var ofEvaluation = Assert.ThrowsExactly<InvalidDataException>(
            () => Evaluate(rows, new() { MaskColumnName = "Mask", ValidArea = new byte[5], Threads = 1 }));
        var ofLearning = Assert.ThrowsExactly<InvalidDataException>(() => _mlContext.Transforms.NormalizeAnomaly(
            ThresholdStrategy.Quantile(0.5), new() { MapColumnName = "AnomalyMap", ValidArea = new byte[5] }).Fit(MaskedRows.View(_mlContext, rows)));
        StringAssert.Contains(ofEvaluation.Message, "Column 'NormalizedMap', row 0: the map has 48 pixels, the valid area 5.");
        StringAssert.Contains(ofLearning.Message, "Column 'AnomalyMap', row 0: the map has 48 pixels, the valid area 5.");
    }

    private AnomalyEvaluation Evaluate(MaskedRow[] rows, AnomalyEvaluationOptions options)
    {
        IDataView data = MaskedRows.View(_mlContext, rows);
        IDataView normalized = _mlContext.Transforms.NormalizeAnomaly(MaskedRows.Thresholds, new() { MapColumnName = "AnomalyMap" })
            .Fit(data).Transform(data);
        return _mlContext.AnomalyDetection.EvaluateNormalized(normalized, options);
    }
}
