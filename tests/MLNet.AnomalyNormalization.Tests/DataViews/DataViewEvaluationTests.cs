using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.DataViews;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Evaluation.State;
using MLNet.AnomalyNormalization.Tests.Evaluation;

namespace MLNet.AnomalyNormalization.Tests.DataViews;

[TestClass]
public sealed class DataViewEvaluationTests
{
    private static readonly PixelEvaluatorOptions FewPixels = new()
    {
        PerImageOverlapLowerBound = 0.05,
        PerImageOverlapUpperBound = 0.5,
        PerImageOverlapThresholds = 2000,
    };

    private readonly MLContext _mlContext = new(seed: 1);

    [TestMethod]
    [DataRow(1, DisplayName = "one cursor")]
    [DataRow(4, DisplayName = "four cursors")]
    public void It_gives_exactly_what_the_evaluators_give_whatever_the_number_of_cursors(int threads)
    {
        MaskedRow[] rows = MaskedRows.Make(300, withUnknown: true);
        var images = new ImageEvaluator();
        var pixels = new PixelEvaluator(FewPixels);
        var imageNormalizer = new ScoreNormalizer(MaskedRows.Thresholds.Image);
        var pixelNormalizer = new ScoreNormalizer(MaskedRows.Thresholds.Pixel);
        var overlapIndices = new List<int>();
        for (int i = 0; i < rows.Length; i++)
        {
            images.Add(imageNormalizer.Normalize(rows[i].Score), rows[i].Known);
            if (rows[i].Mask.Length == 0 && rows[i].Known is null)
                continue;

            overlapIndices.Add(i);
            pixels.Add(Array.ConvertAll(rows[i].AnomalyMap, pixelNormalizer.Normalize), rows[i].Mask.Length == 0 ? new byte[48] : rows[i].Mask, 6, 8);
        }

        AnomalyEvaluation actual = Evaluate(rows, new()
        {
            LabelColumnName = "SingleLabel",
            MaskColumnName = "Mask",
            Pixel = FewPixels,
            Threads = threads,
        });
        Assert.AreEqual(images.Compute(), actual.Image);
        PixelMetrics expected = pixels.Compute();
        Assert.IsFalse(double.IsNaN(expected.AreaUnderPerImageOverlap), "the overlaps must be defined for their order to be compared");
        Assert.HasCount(rows.Length, actual.Pixel!.AreaUnderPerImageOverlaps);
        Metrics.SameBits(expected, actual.Pixel with { AreaUnderPerImageOverlaps = [.. overlapIndices.Select(i => actual.Pixel.AreaUnderPerImageOverlaps[i])] });
    }

    [TestMethod]
    [DataRow("Mask", DisplayName = "a vector of Byte")]
    [DataRow("BooleanMask", DisplayName = "a vector of Boolean")]
    [DataRow("SingleMask", DisplayName = "a vector of Single")]
    [DataRow("ImageMask", DisplayName = "an opaque image")]
    [DataRow("AlphaMask", DisplayName = "an image with transparency")]
    public void Masks_of_every_type_give_the_same_metrics(string mask)
    {
        MaskedRow[] rows = MaskedRows.Make(60);
        Metrics.SameBits(Evaluate(rows, new() { MaskColumnName = "Mask", Pixel = FewPixels }).Pixel!, Evaluate(rows, new() { MaskColumnName = mask, Pixel = FewPixels }).Pixel!);
    }

    [TestMethod]
    public void Masks_of_another_size_than_the_map_are_resized_if_asked_to_and_refused_otherwise()
    {
        MaskedRow[] rows = MaskedRows.Make(40);
        AnomalyEvaluation expected = Evaluate(MaskedRows.Make(40), new() { MaskColumnName = "ImageMask", Pixel = FewPixels });

        Assert.AreEqual(expected, Evaluate(rows, new() { MaskColumnName = "LargeMask", ResizeMasks = true, Pixel = FewPixels }));
        InvalidDataException refused = Assert.ThrowsExactly<InvalidDataException>(
            () => Evaluate(MaskedRows.Make(40), new() { MaskColumnName = "LargeMask", Pixel = FewPixels }));
        StringAssert.Contains(refused.Message,
            "Column 'LargeMask', row 1: the mask has 288 pixels (12 x 24), the map 48. Set ResizeMasks", StringComparison.Ordinal);
    }

    [TestMethod]
    public void Raw_columns_with_the_callback_give_exactly_what_normalized_columns_give()
    {
        MaskedRow[] rows = MaskedRows.Make(101, withUnknown: true);
        foreach (ThresholdType type in Enum.GetValues<ThresholdType>())
        {
            foreach (bool preserve in (bool[])[true, false])
            {
                IDataView data = MaskedRows.View(_mlContext, rows);
                IDataView normalized = _mlContext.Transforms.NormalizeAnomaly(MaskedRows.Thresholds, new()
                {
                    MapColumnName = "AnomalyMap",
                    ThresholdType = type,
                    PreserveDecisions = preserve,
                }).Fit(data).Transform(data);
                AnomalyEvaluation byTransformer = _mlContext.AnomalyDetection.EvaluateNormalized(normalized, new() { LabelColumnName = "SingleLabel", MaskColumnName = "Mask", Pixel = FewPixels });
                AnomalyEvaluation byCallback = _mlContext.AnomalyDetection.EvaluateNormalized(data, new()
                {
                    ScoreColumnName = "Score",
                    MapColumnName = "AnomalyMap",
                    LabelColumnName = "SingleLabel",
                    MaskColumnName = "Mask",
                    Pixel = FewPixels,
                    Callbacks = [new ThresholdNormalizationCallback(MaskedRows.Thresholds, type, preserve)],
                    ImageThreshold = 7,
                    PixelThreshold = 7,
                    BatchSize = 13,
                });
                Assert.AreEqual(byTransformer.Image, byCallback.Image);
                Metrics.SameBits(byTransformer.Pixel!, byCallback.Pixel!);
            }
        }
    }

    [TestMethod]
    public void Callbacks_see_every_row_once_in_order_and_the_result_at_the_end()
    {
        MaskedRow[] rows = MaskedRows.Make(37);
        var recorder = new Recorder();
        AnomalyEvaluation evaluation = Evaluate(rows, new()
        {
            ScoreColumnName = "Score",
            MapColumnName = "AnomalyMap",
            MaskColumnName = "Mask",
            BoxScoresColumnName = "Boxes",
            Pixel = FewPixels,
            BatchSize = 10,
            Callbacks = [recorder],
        });
        CollectionAssert.AreEqual(new[] { "start both", "batch 10", "batch 10", "batch 10", "batch 7", "end" }, recorder.Calls);
        CollectionAssert.AreEqual(rows.Select(row => row.Score).ToArray(), recorder.Scores);
        CollectionAssert.AreEqual(rows.SelectMany(row => row.AnomalyMap).ToArray(), recorder.Pixels);
        CollectionAssert.AreEqual(rows.SelectMany(row => row.Boxes).ToArray(), recorder.Boxes);
        Assert.AreSame(evaluation, recorder.Result);

        recorder = new Recorder();
        Evaluate(rows, new() { Callbacks = [recorder] });
        Assert.AreEqual("start image", recorder.Calls[0]);
    }

    [TestMethod]
    public void Batches_tell_the_number_name_and_label_of_each_row_and_its_map_without_a_mask()
    {
        MaskedRow[] rows = MaskedRows.Make(20, withUnknown: true);
        var recorder = new Recorder();
        Evaluate(rows, new()
        {
            ScoreColumnName = "Score",
            LabelColumnName = "SingleLabel",
            MapColumnName = "AnomalyMap",
            PassMaps = true,
            IdColumnName = "Name",
            BatchSize = 8,
            Callbacks = [recorder],
        });
        CollectionAssert.AreEqual(rows.SelectMany(row => row.AnomalyMap).ToArray(), recorder.Pixels);
        CollectionAssert.AreEqual(
            rows.Select((row, i) => $"{i} {row.Name} {row.Known}").ToArray(),
            recorder.Batches.SelectMany(batch => batch.Scores.Select((_, i) => $"{batch.RowNumbers![i]} {batch.Ids![i]} {batch.Labels![i]}")).ToArray());
    }

    [TestMethod]
    public void Predicting_hands_each_batch_to_the_callbacks_and_then_to_the_caller_without_reading_labels()
    {
        MaskedRow[] rows = MaskedRows.Make(25);
        var normalized = _mlContext.AnomalyDetection.PredictNormalized(MaskedRows.View(_mlContext, rows), new()
        {
            ScoreColumnName = "Score",
            LabelColumnName = "no such column",
            MapColumnName = "AnomalyMap",
            PassMaps = true,
            BatchSize = 10,
            Callbacks = [new ThresholdNormalizationCallback(MaskedRows.Thresholds)],
        }).ToList();
        CollectionAssert.AreEqual(new[] { 10, 10, 5 }, normalized.Select(batch => batch.Scores.Length).ToArray());
        Assert.IsTrue(normalized.All(batch => batch is { IsNormalized: true, Labels: null, Ids: null }));
        var normalizer = new ScoreNormalizer(MaskedRows.Thresholds.Image);
        CollectionAssert.AreEqual(
            rows.Select(row => normalizer.Normalize(row.Score)).ToArray(), normalized.SelectMany(batch => batch.Scores).ToArray());
        CollectionAssert.AreEqual(Enumerable.Range(0, 25).Select(i => (long)i).ToArray(), normalized.SelectMany(batch => batch.RowNumbers!).ToArray());
        Assert.HasCount(25, normalized.SelectMany(batch => batch.Maps!).ToArray());
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => _mlContext.AnomalyDetection.PredictNormalized(MaskedRows.View(_mlContext, rows)), "at once, not when it is read");
    }

    [TestMethod]
    public void A_callback_that_throws_stops_the_evaluation_with_its_own_exception()
    {
        var recorder = new Recorder { FailAtBatch = 2 };
        var e = Assert.ThrowsExactly<NotSupportedException>(() => Evaluate(MaskedRows.Make(100), new() { Callbacks = [recorder], BatchSize = 10 }));
        Assert.AreEqual("enough", e.Message);
        Assert.HasCount(3, recorder.Calls);
    }

    [TestMethod]
    public void Progress_reaches_the_number_of_rows_and_a_cancelled_evaluation_ends()
    {
        IDataView data = Normalized(MaskedRows.Make(90));
        var progress = new Counter();
        _mlContext.AnomalyDetection.EvaluateNormalized(data, progress: progress);
        Assert.AreEqual(90, progress.Most);

        foreach (int threads in (int[])[1, 4])
        {
            using var cancellation = new CancellationTokenSource();
            Assert.ThrowsExactly<OperationCanceledException>(() => _mlContext.AnomalyDetection.EvaluateNormalized(
                data, new() { Threads = threads }, new Counter { At = 5, Action = cancellation.Cancel }, cancellation.Token));
        }

        // The last row stops what is computed after it.
        using var late = new CancellationTokenSource();
        Assert.ThrowsExactly<OperationCanceledException>(() => _mlContext.AnomalyDetection.EvaluateNormalized(
            data, new() { Threads = 1 }, new Counter { At = 90, Action = late.Cancel }, late.Token));
    }

    [TestMethod]
    public void Thresholds_of_the_options_decide_what_is_counted()
    {
        MaskedRow[] rows = MaskedRows.Make(50);
        AnomalyEvaluation evaluation = Evaluate(rows, new() { MaskColumnName = "Mask", Pixel = FewPixels, ImageThreshold = 0, PixelThreshold = 1000.5, FalsePositiveCount = 3 });
        Assert.AreEqual(new ConfusionCounts(25, 25, 0, 0), evaluation.Image!.Counts);
        Assert.AreEqual(0, evaluation.Pixel!.Counts.TruePositives);
        Assert.AreEqual(3, evaluation.Image.FalsePositiveCount);
    }

    [TestMethod]
    public void Parts_that_are_not_named_are_left_out()
    {
        MaskedRow[] rows = MaskedRows.Make(20);
        Assert.IsNull(Evaluate(rows, new()).Pixel);
        AnomalyEvaluation pixelsOnly = Evaluate(rows, new() { ScoreColumnName = null, MaskColumnName = "Mask", Pixel = FewPixels });
        Assert.IsNull(pixelsOnly.Image);
        Assert.IsNotNull(pixelsOnly.Pixel);
        Assert.AreEqual(0, Evaluate(rows, new() { LabelColumnName = null }).Image!.Counts.Total);
    }

    [TestMethod]
    public void The_size_of_a_map_comes_from_its_type_or_its_masks_or_the_options_but_never_from_another_column()
    {
        MaskedRow[] rows = MaskedRows.Make(40);
        PixelMetrics expected = Evaluate(rows, new() { MaskColumnName = "Mask", Pixel = FewPixels }).Pixel!;

        // A stock model flattens the normalised map. Another map beside it has a shape, but nobody knows whether it is the same one.
        IDataView flat = Flattened(rows);
        Metrics.SameBits(expected, Evaluate(flat, new() { MaskColumnName = "Mask", Pixel = FewPixels, MapHeight = 6, MapWidth = 8 }).Pixel!);

        MaskedRow[] defective = [.. rows.Where(row => row.Label)];
        Metrics.SameBits(
            Evaluate(defective, new() { MaskColumnName = "Mask", Pixel = FewPixels }).Pixel!,
            Evaluate(Flattened(defective), new() { MaskColumnName = "ImageMask", Pixel = FewPixels }).Pixel!);

        string message = Assert.ThrowsExactly<InvalidDataException>(() => Evaluate(flat, new() { MaskColumnName = "Mask", Pixel = FewPixels })).Message;
        StringAssert.Contains(message, "Column 'NormalizedMap', row 0: the map has 48 pixels, but neither its own column nor its mask tells its height");
        StringAssert.Contains(message, "Set MapHeight and MapWidth (column 'AnomalyMap' has 6 x 8, 'WideMap' has 6 x 8)");

        IDataView Flattened(MaskedRow[] some)
        {
            IDataView view = MaskedRows.View(_mlContext, some);
            return _mlContext.Transforms.NormalizeAnomaly(MaskedRows.Thresholds, new() { MapColumnName = "AnomalyMap" }).Fit(view).Portable.Transform(view);
        }
    }

    [TestMethod]
    [DataRow(1, DisplayName = "one cursor")]
    [DataRow(4, DisplayName = "four cursors: the row is still the number of the row")]
    public void What_is_wrong_with_a_row_is_said_with_column_and_row(int threads)
    {
        MaskedRow[] rows = MaskedRows.Make(200);
        rows[150].Score = float.NaN;
        rows[170].Score = float.NaN;
        StringAssert.Contains(Refusal(new() { Threads = threads }), "Column 'NormalizedScore', row 150: the score is NaN");

        rows[120].AnomalyMap[7] = float.NaN;
        StringAssert.Contains(Refusal(new() { MaskColumnName = "Mask", Threads = threads }), "Column 'NormalizedMap', row 120: the score at index 7 is NaN");

        rows[101].Mask = new byte[3];
        StringAssert.Contains(Refusal(new() { MaskColumnName = "Mask", Threads = threads }), "Column 'Mask', row 101: the mask has 3 pixels, the map 48. Resize");

        rows[99].SingleLabel = 0.5f;
        StringAssert.Contains(Refusal(new() { LabelColumnName = "SingleLabel", Threads = threads }), "Column 'SingleLabel', row 99: the label is 0.5");

        string Refusal(AnomalyEvaluationOptions options) => Assert.ThrowsExactly<InvalidDataException>(() => Evaluate(Cached(rows), options)).Message;
    }

    [TestMethod]
    public void NaN_counts_as_anomalous_if_asked_to()
    {
        MaskedRow[] rows = MaskedRows.Make(20);
        rows[0].Score = float.NaN;
        rows[2].AnomalyMap[0] = float.NaN;
        AnomalyEvaluation evaluation = Evaluate(rows, new() { MaskColumnName = "Mask", Pixel = FewPixels, CountNaNAsAnomalous = true, ImageThreshold = 999, PixelThreshold = 999 });
        Assert.AreEqual(1, evaluation.Image!.Counts.FalsePositives);
        Assert.AreEqual(1, evaluation.Pixel!.Counts.FalsePositives);
    }

    [TestMethod]
    public void The_grid_certifies_what_exact_precision_gives()
    {
        MaskedRow[] rows = MaskedRows.Make(200);
        PixelMetrics exact = Evaluate(rows, new() { MaskColumnName = "Mask", Pixel = FewPixels }).Pixel!;
        PixelMetrics grid = Evaluate(rows, new() { MaskColumnName = "Mask", Pixel = FewPixels with { Precision = EvaluationPrecision.Grid } }).Pixel!;
        Assert.AreEqual(exact.Counts, grid.Counts);
        Assert.AreEqual(exact.AreaUnderRocCurve, grid.AreaUnderRocCurve, grid.AreaUnderRocCurveError);
        Assert.AreEqual(exact.AreaUnderPerRegionOverlap, grid.AreaUnderPerRegionOverlap, grid.AreaUnderPerRegionOverlapError);
    }

    [TestMethod]
    public void Columns_and_options_are_checked_before_any_row_is_read()
    {
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Evaluate(MaskedRows.View(_mlContext), new())).Message, "Column 'NormalizedScore' is missing");
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Evaluate([], new() { ScoreColumnName = "AnomalyMap" })).Message,
            "Column 'AnomalyMap': expected Single or Double, as a scalar or a vector of one element, got Vector<Single, 1, 1, 6, 8>");
        Assert.ThrowsExactly<ArgumentException>(() => Evaluate([], new() { ScoreColumnName = null }));
        Assert.ThrowsExactly<ArgumentException>(() => Evaluate([], new() { MapHeight = 5 }));
        Assert.ThrowsExactly<ArgumentException>(() => Evaluate([], new() { ScoreColumnName = null, MaskColumnName = "Mask", Callbacks = [new Recorder()] }));
    }

    [TestMethod]
    public void An_option_out_of_its_range_is_refused_by_name_before_any_row_is_read()
    {
        Refused<ArgumentOutOfRangeException>("FalsePositiveCount", () => new AnomalyEvaluationOptions { FalsePositiveCount = -1 });
        Refused<ArgumentOutOfRangeException>("Threads", () => new AnomalyEvaluationOptions { Threads = 0 });
        Refused<ArgumentOutOfRangeException>("BatchSize", () => new AnomalyEvaluationOptions { BatchSize = 0 });
        Refused<ArgumentNullException>("Callbacks", () => new AnomalyEvaluationOptions { Callbacks = null! });
        Refused<ArgumentNullException>("Pixel", () => new AnomalyEvaluationOptions { Pixel = null! });
        Refused<ArgumentOutOfRangeException>("ThresholdType", () => new AnomalyNormalizationOptions { ThresholdType = (ThresholdType)7 });
        Refused<ArgumentOutOfRangeException>("ImageThreshold", () => Evaluate([], new() { ImageThreshold = 1e300 }));
        Refused<ArgumentOutOfRangeException>("PixelThreshold", () => Evaluate([], new() { PixelThreshold = 110.1, Pixel = new() { Precision = EvaluationPrecision.Grid } }));
        Refused<ArgumentOutOfRangeException>("MaskThreshold", () => Evaluate([], new() { MaskThreshold = 0 }));

        static void Refused<T>(string name, Func<object> make)
            where T : ArgumentException
            => Assert.AreEqual(name, Assert.ThrowsExactly<T>(make).ParamName);
    }

    [TestMethod]
    public void Progress_never_goes_beyond_all_rows_also_where_one_of_them_fails()
    {
        MaskedRow[] rows = MaskedRows.Make(400);
        rows[^1].Score = float.NaN;
        var counter = new Counter();
        Assert.ThrowsExactly<InvalidDataException>(
            () => _mlContext.AnomalyDetection.EvaluateNormalized(Cached(rows), new() { Threads = 4 }, counter));
        Assert.IsLessThan(400, counter.Most);
    }

    [TestMethod]
    [DataRow(1, DisplayName = "one cursor")]
    [DataRow(4, DisplayName = "four cursors")]
    public void A_group_has_the_metrics_of_its_rows_alone_and_keeps_them_through_a_state(int threads)
    {
        MaskedRow[] rows = MaskedRows.Make(120);
        for (int i = 0; i < rows.Length; i++)
            rows[i].Camera = i % 3 == 0 ? "left" : "right";
        AnomalyEvaluationOptions options = new() { MaskColumnName = "Mask", Pixel = FewPixels, GroupColumnName = "Camera", Threads = threads, ComputeCurves = true };
        AnomalyEvaluation evaluation = Evaluate(rows, options);
        CollectionAssert.AreEqual(new[] { "left", "right" }, evaluation.Groups.Keys.ToArray());
        foreach (string camera in evaluation.Groups.Keys)
        {
            AnomalyEvaluation alone = Evaluate([.. rows.Where(row => row.Camera == camera)],
                new() { MaskColumnName = "Mask", Pixel = FewPixels, Threads = threads, ComputeCurves = true });
            Assert.AreEqual(alone, evaluation.Groups[camera]);
        }

        AnomalyEvaluation whole = Evaluate(rows, new() { MaskColumnName = "Mask", Pixel = FewPixels, ComputeCurves = true });
        Assert.AreEqual(whole, evaluation with { Groups = whole.Groups });
        Assert.AreEqual(evaluation.Image!.Counts, evaluation.ImageCurve!.CountsAt(100));
        Assert.AreEqual(evaluation, JsonSerializer.Deserialize<AnomalyEvaluation>(JsonSerializer.Serialize(evaluation)));

        using var state = new MemoryStream();
        new DataViewEvaluation(Cached(rows), options, progress: null).Read(threads: 1, CancellationToken.None).WriteTo(state);
        state.Position = 0;
        Assert.AreEqual(evaluation, EvaluationPart.ReadFrom(state).Compute(options));
    }

    [TestMethod]
    [DataRow(1, DisplayName = "one cursor")]
    [DataRow(4, DisplayName = "four cursors")]
    public void A_weighted_row_counts_as_so_many_images_and_its_pixels_once(int threads)
    {
        MaskedRow[] rows = MaskedRows.Make(120);
        for (int i = 0; i < rows.Length; i++)
            rows[i].Weight = i % 3;
        AnomalyEvaluationOptions options = new() { MaskColumnName = "Mask", Pixel = FewPixels, WeightColumnName = "Weight", Threads = threads };
        AnomalyEvaluation weighted = Evaluate(rows, options);
        Assert.AreEqual(Evaluate([.. rows.SelectMany(row => Enumerable.Repeat(row, (int)row.Weight))], new()).Image, weighted.Image);
        Assert.AreEqual(Evaluate(rows, new() { MaskColumnName = "Mask", Pixel = FewPixels }).Pixel, weighted.Pixel);
    }

    [TestMethod]
    public void A_score_that_comes_as_a_vector_of_one_as_from_ONNX_is_evaluated_and_predicted_as_a_scalar_is()
    {
        IDataView rows = MaskedRows.View(_mlContext, MaskedRows.Make(60));
        (AnomalyEvaluation scalar, AnomalyBatch[] scalarBatches) = Through("Score");
        (AnomalyEvaluation vector, AnomalyBatch[] vectorBatches) = Through("ScoreVector");
        Assert.AreEqual(scalar, vector);
        CollectionAssert.AreEqual(scalarBatches.SelectMany(batch => batch.Scores).ToArray(), vectorBatches.SelectMany(batch => batch.Scores).ToArray());

        (AnomalyEvaluation, AnomalyBatch[]) Through(string score)
        {
            AnomalyNormalizationTransformer model = _mlContext.Transforms
                .NormalizeAnomaly(ThresholdStrategy.MaximumF1(), new() { ScoreColumnName = score }).Fit(rows);
            IDataView normalized = model.Transform(rows);
            Assert.AreEqual(score == "Score" ? NumberDataViewType.Single : new VectorDataViewType(NumberDataViewType.Single, 1, 1),
                normalized.Schema["NormalizedScore"].Type);
            return (_mlContext.AnomalyDetection.EvaluateNormalized(normalized), [.. _mlContext.AnomalyDetection.PredictNormalized(normalized)]);
        }
    }

    [TestMethod]
    [DataRow(0.5f, DisplayName = "half a row")]
    [DataRow(-1f, DisplayName = "less than none")]
    [DataRow(float.NaN, DisplayName = "not known")]
    [DataRow(3e9f, DisplayName = "too many")]
    public void A_weight_that_is_no_number_of_rows_is_refused_with_column_and_row(float weight)
    {
        MaskedRow[] rows = MaskedRows.Make(4);
        rows[2].Weight = weight;
        var e = Assert.ThrowsExactly<InvalidDataException>(() => Evaluate(rows, new() { WeightColumnName = "Weight", Threads = 1 }));
        StringAssert.StartsWith(e.Message, "Column 'Weight', row 2: the weight is ");
    }

    [TestMethod]
    public void No_rows_give_undefined_metrics()
        => Assert.IsTrue(double.IsNaN(Evaluate([], new()).Image!.AreaUnderRocCurve));

    private IDataView Normalized(MaskedRow[] rows)
    {
        IDataView data = MaskedRows.View(_mlContext, rows);
        return _mlContext.Transforms.NormalizeAnomaly(MaskedRows.Thresholds, new() { MapColumnName = "AnomalyMap" }).Fit(data).Transform(data);
    }

    // A cache gives as many cursors as are asked for.
    private IDataView Cached(MaskedRow[] rows)
    {
        IDataView data = Normalized(rows);
        return _mlContext.Data.Cache(_mlContext.Transforms.DropColumns("ImageMask", "AlphaMask", "LargeMask").Fit(data).Transform(data));
    }

    private AnomalyEvaluation Evaluate(MaskedRow[] rows, AnomalyEvaluationOptions options)
        => Evaluate(options.MaskColumnName is "ImageMask" or "AlphaMask" or "LargeMask" ? Normalized(rows) : Cached(rows), options);

    private AnomalyEvaluation Evaluate(IDataView data, AnomalyEvaluationOptions options) => _mlContext.AnomalyDetection.EvaluateNormalized(data, options);

    private sealed class Counter : IProgress<long>
    {
        private long _most;

        public long Most => _most;

        public long At { get; init; } = -1;

        public Action? Action { get; init; }

        public void Report(long value)
        {
            if (value == At)
                Action?.Invoke();
            long most;
            while (value > (most = Interlocked.Read(ref _most)))
                Interlocked.CompareExchange(ref _most, value, most);
        }
    }

    private sealed class Recorder : AnomalyEvaluationCallback
    {
        public List<string> Calls { get; } = [];

        public List<AnomalyBatch> Batches { get; } = [];

        public List<float> Scores { get; } = [];

        public List<float> Pixels { get; } = [];

        public List<float> Boxes { get; } = [];

        public AnomalyEvaluation? Result { get; private set; }

        public int FailAtBatch { get; init; }

        public override void OnTestStart(IThresholdMetrics? imageMetrics, IThresholdMetrics? pixelMetrics)
            => Calls.Add(pixelMetrics is null ? "start image" : "start both");

        public override void OnTestBatchEnd(AnomalyBatch outputs)
        {
            Calls.Add($"batch {outputs.Scores.Length}");
            Batches.Add(outputs);
            Scores.AddRange(outputs.Scores);
            Pixels.AddRange(outputs.Maps?.SelectMany(map => map.Values) ?? []);
            Boxes.AddRange(outputs.BoxScores?.SelectMany(boxes => boxes) ?? []);
            if (Calls.Count == FailAtBatch + 1)
                throw new NotSupportedException("enough");
        }

        public override void OnTestEnd(AnomalyEvaluation evaluation)
        {
            Calls.Add("end");
            Result = evaluation;
        }
    }

    [TestMethod]
    [DataRow(false, DisplayName = "without callbacks")]
    [DataRow(true, DisplayName = "with a callback that leaves scores alone")]
    public void Double_scores_that_no_Single_can_tell_apart_are_told_apart(bool withCallback)
    {
        MaskedRow[] rows = [.. Enumerable.Range(0, 60).Select(i => new MaskedRow { WideScore = 246 + (i * 1e-7), Label = i >= 40 })];
        AnomalyEvaluation evaluation = _mlContext.AnomalyDetection.EvaluateNormalized(MaskedRows.View(_mlContext, rows), new AnomalyEvaluationOptions
        {
            ScoreColumnName = "WideScore",
            ImageThreshold = 246 + (50 * 1e-7),
            Callbacks = withCallback ? [new Silent()] : [],
        });
        Assert.AreEqual((1, new ConfusionCounts(10, 0, 40, 10)), (evaluation.Image!.AreaUnderRocCurve, evaluation.Image.Counts));
    }

    private sealed class Silent : AnomalyEvaluationCallback;
}
