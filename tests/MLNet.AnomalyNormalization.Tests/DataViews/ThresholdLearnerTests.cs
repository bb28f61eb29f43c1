using System.Numerics;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Thresholds;

namespace MLNet.AnomalyNormalization.Tests.DataViews;

[TestClass]
public sealed class ThresholdLearnerTests
{
    private readonly MLContext _mlContext = new(seed: 1);

    [TestMethod]
    public void Thresholds_of_a_group_are_those_of_its_rows_alone_and_errors_name_the_group_and_the_row_of_the_data()
    {
        var mlContext = new MLContext(seed: 1);
        MaskedRow[] rows = MaskedRows.Make(90);
        for (int i = 0; i < rows.Length; i++)
            (rows[i].Camera, rows[i].Int32Label, rows[i].Score) = (i % 5 == 0 ? "right" : "left", i % 5 == 0 ? 4 : -7, rows[i].Score + (i % 5));
        AnomalyNormalizationOptions options = new() { MapColumnName = "AnomalyMap", MaskColumnName = "Mask" };
        foreach (string column in (string[])["Camera", "Int32Label"])
        {
            IReadOnlyDictionary<string, LearnedThresholds> learned = mlContext.AnomalyDetection.LearnThresholdsByGroup(
                MaskedRows.View(mlContext, rows), ThresholdStrategy.MaximumF1(), column, options);
            CollectionAssert.AreEqual(column == "Camera" ? new[] { "left", "right" } : ["-7", "4"], learned.Keys.ToArray());
            foreach ((string name, LearnedThresholds thresholds) in learned)
            {
                AnomalyNormalizationTransformer alone = mlContext.Transforms.NormalizeAnomaly(ThresholdStrategy.MaximumF1(), options)
                    .Fit(MaskedRows.View(mlContext, [.. rows.Where(row => row.Camera == (name is "right" or "4" ? "right" : "left"))]));
                Assert.AreEqual(new(alone.Thresholds, alone.ImageFit, alone.PixelFit), thresholds);
            }
        }

        var refusal = Assert.ThrowsExactly<InvalidOperationException>(() => mlContext.AnomalyDetection.LearnThresholdsByGroup(
            MaskedRows.View(mlContext, rows), ThresholdStrategy.FalsePositiveRate(0.05), "Camera", new()));
        StringAssert.StartsWith(refusal.Message, "Group 'right': ");
        rows[11].Score = float.NaN;
        var invalid = Assert.ThrowsExactly<InvalidDataException>(() => mlContext.AnomalyDetection.LearnThresholdsByGroup(
            MaskedRows.View(mlContext, rows), ThresholdStrategy.MaximumF1(), "Camera", new()));
        StringAssert.StartsWith(invalid.Message, "Column 'Score', row 11: ");
    }

    [TestMethod]
    public void Learning_can_be_stopped_within_a_row()
    {
        const int Most = 1_000_000;
        using var stop = new CancellationTokenSource();
        int read = 0;
        IDataView rows = _mlContext.Data.LoadFromEnumerable(Rows());
        var estimator = _mlContext.Transforms.NormalizeAnomaly(ThresholdStrategy.Quantile(0.9), new() { LabelColumnName = null, CancellationToken = stop.Token });
        Assert.ThrowsExactly<OperationCanceledException>(() => estimator.Fit(rows));
        Assert.IsLessThan(Most, read);

        IEnumerable<ScoredRow> Rows()
        {
            for (read = 0; read < Most; read++)
            {
                if (read == 100)
                    stop.Cancel();
                yield return new ScoredRow { Score = read };
            }
        }
    }

    private sealed class ScoredRow
    {
        public float Score { get; set; }
    }

    [TestMethod]
    [DataRow("Label", false, DisplayName = "Boolean")]
    [DataRow("SingleLabel", true, DisplayName = "Single with -1 and NaN for unknown")]
    [DataRow("DoubleLabel", true, DisplayName = "Double with -1 and NaN for unknown")]
    [DataRow("Int32Label", true, DisplayName = "Int32 with -1 for unknown")]
    public void The_image_threshold_is_what_the_strategy_makes_of_the_rows_with_a_known_label(string label, bool withUnknown)
    {
        MaskedRow[] rows = MaskedRows.Make(200, withUnknown);
        MaskedRow[] known = [.. rows.Where(row => !withUnknown || row.Known is not null)];
        foreach (ThresholdStrategy strategy in Strategies())
        {
            bool[] isAnomalous = [.. known.Select(row => row.Label)];
            ThresholdFit single = strategy.Fit((float[])[.. known.Select(row => row.Score)], isAnomalous);
            ThresholdFit wide = strategy.Fit((double[])[.. known.Select(row => row.WideScore)], isAnomalous);
            foreach (string score in (string[])["Score", "WideScore", "ScoreVector"])
            {
                var learned = Fit(rows, strategy, new() { ScoreColumnName = score, LabelColumnName = label });
                ThresholdFit expected = score == "WideScore" ? wide : single;
                Assert.AreEqual(expected, learned.ImageFit);
                Assert.AreEqual(new AnomalyThresholds(expected.Threshold, expected.Threshold), learned.Thresholds);
                Assert.IsNull(learned.PixelFit);
            }
        }
    }

    [TestMethod]
    public void Several_cursors_learn_what_one_does()
    {
        IDataView rows = MaskedRows.View(_mlContext, MaskedRows.Make(1000)), cached = _mlContext.Data.Cache(rows);
        Assert.IsGreaterThan(1, cached.GetRowCursorSet([cached.Schema["Score"]], 4).Length);
        foreach (ThresholdStrategy strategy in Strategies())
        {
            var estimator = _mlContext.Transforms.NormalizeAnomaly(strategy, new() { MapColumnName = "AnomalyMap", MaskColumnName = "Mask" });
            (AnomalyNormalizationTransformer one, AnomalyNormalizationTransformer several) = (estimator.Fit(rows), estimator.Fit(cached));
            Assert.AreEqual((one.ImageFit, one.PixelFit), (several.ImageFit, several.PixelFit));
        }
    }

    [TestMethod]
    public void Several_cursors_tell_the_number_of_a_bad_row()
    {
        MaskedRow[] rows = MaskedRows.Make(1000);
        rows[700].Score = float.NaN;
        var estimator = _mlContext.Transforms.NormalizeAnomaly(ThresholdStrategy.Quantile(0.9));
        var e = Assert.ThrowsExactly<InvalidDataException>(() => estimator.Fit(_mlContext.Data.Cache(MaskedRows.View(_mlContext, rows))));
        StringAssert.Contains(e.Message, "Column 'Score', row 700: the score is NaN");
    }

    [TestMethod]
    [DataRow("Mask", DisplayName = "a vector of Byte")]
    [DataRow("BooleanMask", DisplayName = "a vector of Boolean")]
    [DataRow("SingleMask", DisplayName = "a vector of Single")]
    [DataRow("ImageMask", DisplayName = "an opaque image: white is a defect")]
    [DataRow("AlphaMask", DisplayName = "an image with transparency: opaque is a defect")]
    public void The_pixel_threshold_is_what_the_strategy_makes_of_all_pixels(string mask)
    {
        MaskedRow[] rows = MaskedRows.Make(40);
        foreach (ThresholdStrategy strategy in Strategies())
        {
            foreach (string map in (string[])["AnomalyMap", "WideMap", "FlatMap"])
            {
                var learned = Fit(rows, strategy, new() { MapColumnName = map, MaskColumnName = mask });
                ThresholdFit expected = map == "WideMap" ? FitImages(strategy, ScoreType.Double, row => row.WideMap, rows)
                    : FitImages(strategy, ScoreType.Single, row => row.AnomalyMap, rows);
                Assert.AreEqual(expected, learned.PixelFit);
                Assert.AreEqual(expected.Threshold, learned.Thresholds.Pixel);
                Assert.AreEqual(learned.ImageFit!.Threshold, learned.Thresholds.Image);
            }
        }
    }

    [TestMethod]
    public void Without_a_score_column_the_pixel_threshold_stands_for_both()
    {
        var learned = Fit(MaskedRows.Make(40), ThresholdStrategy.MaximumF1(), new()
        {
            ScoreColumnName = null,
            MapColumnName = "AnomalyMap",
            MaskColumnName = "Mask",
        });
        Assert.IsNull(learned.ImageFit);
        Assert.AreEqual(learned.Thresholds.Pixel, learned.Thresholds.Image);
    }

    [TestMethod]
    public void Pixels_of_a_row_with_neither_label_nor_mask_are_left_out()
    {
        MaskedRow[] rows = MaskedRows.Make(60, withUnknown: true);
        MaskedRow[] known = [.. rows.Where(row => row.Mask.Length > 0 || row.Known == false)];
        Assert.IsLessThan(rows.Length, known.Length);
        AnomalyNormalizationOptions options = new() { MapColumnName = "AnomalyMap", MaskColumnName = "Mask", LabelColumnName = "SingleLabel" };
        Assert.AreEqual(
            FitImages(ThresholdStrategy.MaximumF1(), ScoreType.Single, row => row.AnomalyMap, known),
            Fit(rows, ThresholdStrategy.MaximumF1(), options).PixelFit);
    }

    [TestMethod]
    public void The_data_is_read_twice_for_images_and_pixels_together()
    {
        int reads = 0;
        IEnumerable<MaskedRow> Counted()
        {
            reads++;
            return MaskedRows.Make(40);
        }

        // Enumerated anew for each cursor.
        IDataView data = _mlContext.Data.LoadFromEnumerable(Counted().Concat(Enumerable.Range(0, 1).SelectMany(_ => Counted())));
        reads = 0;
        _mlContext.Transforms.NormalizeAnomaly(ThresholdStrategy.Quantile(0.9), new() { MapColumnName = "AnomalyMap", MaskColumnName = "Mask" }).Fit(data);
        Assert.AreEqual(2, reads);
    }

    [TestMethod]
    public void A_score_that_set_the_threshold_of_a_Double_column_is_anomalous_itself()
    {
        // 0.1 as Double is less than 0.1 as Single, and 0.3 more: whatever way a Single would be rounded, one of them would lose.
        foreach (double lowest in (double[])[0.1, 0.3, 1.24, 1 + Math.Pow(2, -50)])
        {
            MaskedRow[] rows = [.. Enumerable.Range(0, 10).Select(i => new MaskedRow { WideScore = i < 5 ? lowest : -1 - i, Label = i < 5 })];
            IDataView data = MaskedRows.View(_mlContext, rows);
            foreach (ThresholdStrategy strategy in (ThresholdStrategy[])[ThresholdStrategy.Recall(1), ThresholdStrategy.MaximumF1()])
            {
                IDataView output = _mlContext.Transforms.NormalizeAnomaly(strategy, new() { ScoreColumnName = "WideScore" }).Fit(data).Transform(data);
                CollectionAssert.AreEqual(rows.Select(row => row.Label).ToArray(), output.GetColumn<bool>("PredictedLabel").ToArray());
            }
        }
    }

    [TestMethod]
    public void The_learned_model_normalizes_saves_and_loads_like_any_other()
    {
        using var folder = new TemporaryFolder();
        IDataView data = MaskedRows.View(_mlContext, MaskedRows.Make(100));
        var model = _mlContext.Transforms.NormalizeAnomaly(ThresholdStrategy.MaximumF1(), new() { MapColumnName = "AnomalyMap", MaskColumnName = "ImageMask" })
            .Append(_mlContext.Transforms.CopyColumns("Copy", "NormalizedMap"))
            .Fit(data);
        _mlContext.Model.Save(model, null, folder["model.zip"]);
        ITransformer loaded = _mlContext.Model.LoadAnomalyModel(folder["model.zip"], out _);
        foreach (string name in (string[])["NormalizedScore", "PredictedLabel", "Copy"])
            Rows.AssertSame(model.Transform(data), loaded.Transform(data), name);
    }

    [TestMethod]
    public void A_missing_class_and_too_few_rows_are_refused_with_what_was_found()
    {
        MaskedRow[] good = [.. MaskedRows.Make(40).Where(row => !row.Label)];
        string noAnomalies = Assert.ThrowsExactly<InvalidOperationException>(() => Fit(good, ThresholdStrategy.MaximumF1(), new())).Message;
        StringAssert.Contains(noAnomalies, "anomalous");
        StringAssert.Contains(noAnomalies, "20 normal");
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => Fit(good, ThresholdStrategy.FalsePositiveRate(0.01), new())).Message, "99");
        Assert.IsNotNull(Fit(good, ThresholdStrategy.FalsePositiveRate(0.1), new()));
    }

    [TestMethod]
    public void NaN_is_refused_with_column_and_row_or_counted_as_anomalous()
    {
        MaskedRow[] rows = MaskedRows.Make(30);
        rows[17].Score = float.NaN;
        string ofScore = Assert.ThrowsExactly<InvalidDataException>(() => Fit(rows, ThresholdStrategy.MaximumF1(), new())).Message;
        StringAssert.Contains(ofScore, "Column 'Score', row 17");

        rows[17].Score = 1;
        rows[20].AnomalyMap[5] = float.NaN;
        AnomalyNormalizationOptions options = new() { MapColumnName = "AnomalyMap", MaskColumnName = "Mask" };
        string ofMap = Assert.ThrowsExactly<InvalidDataException>(() => Fit(rows, ThresholdStrategy.MaximumF1(), options)).Message;
        StringAssert.Contains(ofMap, "Column 'AnomalyMap', row 20: the score at index 5 is NaN");

        options = new() { MapColumnName = "AnomalyMap", MaskColumnName = "Mask", CountNaNAsAnomalous = true };
        Assert.AreEqual(
            FitImages(ThresholdStrategy.Quantile(0.9), ScoreType.Single,
                row => Array.ConvertAll(row.AnomalyMap, score => float.IsNaN(score) ? float.PositiveInfinity : score), rows),
            Fit(rows, ThresholdStrategy.Quantile(0.9), options).PixelFit);
    }

    [TestMethod]
    public void Labels_and_masks_that_make_no_sense_are_refused_with_column_and_row()
    {
        MaskedRow[] rows = MaskedRows.Make(30);
        rows[4].Int32Label = 2;
        StringAssert.Contains(
            Assert.ThrowsExactly<InvalidDataException>(() => Fit(rows, ThresholdStrategy.MaximumF1(), new() { LabelColumnName = "Int32Label" })).Message,
            "Column 'Int32Label', row 4: the label is 2");

        AnomalyNormalizationOptions options = new() { MapColumnName = "AnomalyMap", MaskColumnName = "Mask" };
        rows[7].Mask = new byte[20];
        StringAssert.Contains(
            Assert.ThrowsExactly<InvalidDataException>(() => Fit(rows, ThresholdStrategy.MaximumF1(), options)).Message,
            "Column 'Mask', row 7: the mask has 20 pixels, the map 48. Resize");
        rows[7].Mask = [];
        StringAssert.Contains(
            Assert.ThrowsExactly<InvalidDataException>(() => Fit(rows, ThresholdStrategy.MaximumF1(), options)).Message,
            "Column 'Mask', row 7: the row is anomalous but has no mask");
    }

    [TestMethod]
    [DataRow("Nowhere", "Label", "Column 'Nowhere' is missing", DisplayName = "a mask that is missing")]
    [DataRow("Label", "Label", "Column 'Label': expected a vector of Byte, Boolean or Single, or an image, got Boolean", DisplayName = "a mask of another type")]
    [DataRow("Mask", "Nowhere", "Column 'Nowhere' is missing", DisplayName = "a label that is missing")]
    [DataRow("Mask", "Boxes", "Column 'Boxes': expected Boolean, a number (0, 1 and", DisplayName = "a label of another type")]
    public void Columns_are_checked_before_any_row_is_read(string mask, string label, string message)
    {
        AnomalyNormalizationOptions options = new() { MapColumnName = "AnomalyMap", MaskColumnName = mask, LabelColumnName = label };
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Fit([], ThresholdStrategy.MaximumF1(), options)).Message, message);
    }

    [TestMethod]
    public void Options_with_nothing_to_learn_from_are_refused_where_the_pipeline_is_written()
    {
        StringAssert.Contains(Refusal(new() { ScoreColumnName = null, MapColumnName = "AnomalyMap" }), "nothing to learn");
        StringAssert.Contains(Refusal(new() { MaskColumnName = "Mask" }), "MapColumnName");

        string Refusal(AnomalyNormalizationOptions options)
            => Assert.ThrowsExactly<ArgumentException>(() => _mlContext.Transforms.NormalizeAnomaly(ThresholdStrategy.MaximumF1(), options)).Message;
    }

    [TestMethod]
    public void Without_a_label_column_all_rows_are_normal()
    {
        MaskedRow[] rows = MaskedRows.Make(40);
        ThresholdFit? learned = Fit(rows, ThresholdStrategy.FalsePositiveRate(0.1), new() { LabelColumnName = null }).ImageFit;
        Assert.AreEqual(ThresholdStrategy.FalsePositiveRate(0.1).Fit((float[])[.. rows.Select(row => row.Score)]), learned);
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Fit(rows, ThresholdStrategy.Quantile(0.9), new() { LabelColumnName = "None" })).Message,
            "Column 'None' is missing");
    }

    [TestMethod]
    [DataRow("AnomalyMap", DisplayName = "Single")]
    [DataRow("WideMap", DisplayName = "Double")]
    public void Without_a_mask_column_the_pixel_threshold_is_learned_from_the_maps_of_normal_rows(string map)
    {
        MaskedRow[] rows = MaskedRows.Make(60, withUnknown: true);
        MaskedRow[] good = [.. rows.Where(row => row.Known == false)];
        ThresholdStrategy strategy = ThresholdStrategy.FalsePositiveRate(0.1);
        var learned = Fit(rows, strategy, new() { MapColumnName = map, LabelColumnName = "SingleLabel" });
        Assert.AreEqual(map == "WideMap" ? FitImages(strategy, ScoreType.Double, row => row.WideMap, good)
            : FitImages(strategy, ScoreType.Single, row => row.AnomalyMap, good), learned.PixelFit);
        Assert.AreEqual(learned.PixelFit!.Threshold, learned.Thresholds.Pixel);

        var fallback = Fit(rows, ThresholdStrategy.MaximumF1(), new() { MapColumnName = map, LabelColumnName = "SingleLabel" });
        Assert.IsNull(fallback.PixelFit);
        Assert.AreEqual(fallback.Thresholds.Image, fallback.Thresholds.Pixel);
    }

    [TestMethod]
    public void Pixels_can_have_a_strategy_of_their_own()
    {
        MaskedRow[] rows = MaskedRows.Make(60);
        var learned = Fit(rows, ThresholdStrategy.MaximumF1(), new() { MapColumnName = "AnomalyMap", PixelStrategy = ThresholdStrategy.Quantile(0.99) });
        Assert.AreEqual(FitImages(ThresholdStrategy.Quantile(0.99), ScoreType.Single, row => row.AnomalyMap, [.. rows.Where(row => !row.Label)]), learned.PixelFit);
        Assert.AreEqual(30, learned.ImageFit!.AnomalousCount);

        StringAssert.Contains(Refusal(new() { PixelStrategy = ThresholdStrategy.Quantile(0.9) }), "a PixelStrategy, but no map");
        StringAssert.Contains(
            Refusal(new() { MapColumnName = "AnomalyMap", PixelStrategy = ThresholdStrategy.Recall(0.9) }), "The PixelStrategy Recall(0.9) needs anomalous pixels");

        string Refusal(AnomalyNormalizationOptions options)
            => Assert.ThrowsExactly<ArgumentException>(() => _mlContext.Transforms.NormalizeAnomaly(ThresholdStrategy.MaximumF1(), options)).Message;
    }

    [TestMethod]
    public void A_place_of_the_scale_that_is_learned_can_be_the_decision()
    {
        MaskedRow[] rows = MaskedRows.Make(60);
        IDataView data = MaskedRows.View(_mlContext, rows);
        var learned = Fit(rows, ThresholdStrategy.Quantile(0.9), new() { ImageEvaluation = EvaluationThreshold.At(110) });
        double threshold = learned.Thresholds.Image;
        var given = _mlContext.Transforms.NormalizeAnomaly(learned.Thresholds, new() { ImageEvaluation = EvaluationThreshold.At(110, threshold) }).Fit(data);
        foreach (string name in (string[])["NormalizedScore", "PredictedLabel"])
            Rows.AssertSame(given.Transform(data), learned.Transform(data), name);
        CollectionAssert.AreEqual(
            learned.Transform(data).GetColumn<float>("NormalizedScore").Select(score => score >= 110).ToArray(),
            learned.Transform(data).GetColumn<bool>("PredictedLabel").ToArray());
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => EvaluationThreshold.At(1001));
    }

    [TestMethod]
    public void Learning_in_the_pipeline_and_a_scale_that_says_little_are_told_to_the_log()
    {
        var warnings = new List<string>();
        _mlContext.Log += (_, e) =>
        {
            if (e.Kind == Microsoft.ML.Runtime.ChannelMessageKind.Warning)
                warnings.Add(e.Message);
        };
        MaskedRow[] rows = [.. Enumerable.Range(0, 10).Select(_ => new MaskedRow { Score = 5 })];
        Fit(rows, ThresholdStrategy.MeanPlusDeviations(3), new() { Log = _mlContext });
        Assert.HasCount(2, warnings);
        StringAssert.Contains(warnings[0], "CalibrateThresholds");
        StringAssert.Contains(warnings[1], "All 10 normal scores are 5");
    }

    private static ThresholdStrategy[] Strategies()
        =>
        [
            ThresholdStrategy.MaximumF1(), ThresholdStrategy.Quantile(0.95), ThresholdStrategy.MeanPlusDeviations(2),
            ThresholdStrategy.MedianPlusDeviations(2), ThresholdStrategy.FalsePositiveRate(0.1), ThresholdStrategy.FalseAlarms(3),
            ThresholdStrategy.Recall(0.9), ThresholdStrategy.Precision(0.7),
        ];

    private static ThresholdFit FitImages<T>(ThresholdStrategy strategy, ScoreType type, Func<MaskedRow, T[]> map, MaskedRow[] rows)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        NarrowingCounts counts = strategy.StartFit(type);
        ThresholdFit? fit;
        do
        {
            CountingPart part = counts.StartPart();
            for (int i = 0; i < rows.Length; i++)
                part.Add<T>(map(rows[i]), rows[i].Mask.Length == 0 ? new bool[48] : rows[i].BooleanMask, i);
        }
        while (!strategy.TryFinish(counts, out fit));
        return fit;
    }

    private AnomalyNormalizationTransformer Fit(MaskedRow[] rows, ThresholdStrategy strategy, AnomalyNormalizationOptions options)
        => _mlContext.Transforms.NormalizeAnomaly(strategy, options).Fit(MaskedRows.View(_mlContext, rows));
}
