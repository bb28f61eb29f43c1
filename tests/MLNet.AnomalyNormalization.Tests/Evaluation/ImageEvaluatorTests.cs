using System.Globalization;
using System.Text.Json;
using CsCheck;
using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Tests.Evaluation;

[TestClass]
public class ImageEvaluatorTests
{
    [TestMethod]
    public void Many_rows_at_once_are_the_same_as_one_by_one_and_all_or_none_of_them_are_added()
    {
        float[] scores = [3, 1, 2, 2, 5, 1];
        bool[] isAnomalous = [true, false, false, true, true, false];
        ImageEvaluator atOnce = new(), wide = new();
        atOnce.Add(scores, isAnomalous);
        wide.Add(Array.ConvertAll(scores, score => (double)score), isAnomalous);
        Assert.AreEqual(Evaluator(scores.Zip(isAnomalous)).Compute(2), atOnce.Compute(2));
        Assert.AreEqual(atOnce.Compute(2).Counts, wide.Compute(2).Counts);

        Assert.ThrowsExactly<ArgumentException>(() => atOnce.Add([1f, float.NaN], [true, true]));
        Assert.ThrowsExactly<ArgumentException>(() => atOnce.Add([1f, 2], [true]));
        Assert.ThrowsExactly<ArgumentException>(() => atOnce.Add([1d, 2], [true, true]));
        Assert.AreEqual(6, atOnce.Count);
        var counting = new ImageEvaluator(countNaNAsAnomalous: true);
        counting.Add([1f, float.NaN], [true, true]);
        Assert.AreEqual(2, counting.Count);
    }

    [TestMethod]
    public void Metrics_that_were_stopped_can_be_computed_afterwards()
    {
        var evaluator = new ImageEvaluator();
        evaluator.Add(1f, true);
        evaluator.Add(2f, false);
        var stopped = new CancellationToken(canceled: true);
        Assert.ThrowsExactly<OperationCanceledException>(() => evaluator.Compute(cancellationToken: stopped));
        Assert.ThrowsExactly<OperationCanceledException>(() => evaluator.ComputeCurve(stopped));
        Assert.AreEqual(2, evaluator.Compute().Counts.Total);
    }

    [TestMethod]
    public void Every_golden_case_is_reproduced()
    {
        // The last two hold NaN and infinities, which the reference refuses.
        JsonElement[] cases =
        [
            .. GoldenData.Load("metrics.json").GetProperty("cases").EnumerateArray().Where(c => c.TryGetProperty("max_f1_exact", out _)),
        ];
        Assert.HasCount(29, cases);
        foreach (JsonElement golden in cases)
        {
            string id = golden.GetProperty("id").GetString()!;
            bool[] labels = [.. golden.GetProperty("labels").EnumerateArray().Select(label => label.GetInt32() == 1)];
            ImageEvaluator evaluator = Evaluator(golden.GetProperty("scores").Floats().Zip(labels));

            // Without an anomalous row the reference has 0 for what is undefined here.
            bool defined = labels.Contains(true);
            double Defined(JsonElement value) => defined ? value.ValueOrNaN() : double.NaN;

            ImageMetrics metrics = evaluator.Compute();
            Metrics.Near(golden.GetProperty("roc_auc_score").ValueOrNaN(), metrics.AreaUnderRocCurve, 1e-12, id);
            Metrics.Near(Defined(golden.GetProperty("average_precision_score")), metrics.AreaUnderPrecisionRecallCurve, 1e-12, id);

            JsonElement exact = golden.GetProperty("max_f1_exact");
            Metrics.Near(Defined(exact.GetProperty("f1")), metrics.MaximumF1Score, 1e-12, id);
            Metrics.Near(Defined(golden.GetProperty("max_f1_sklearn").GetProperty("f1")), metrics.MaximumF1Score, 1e-9, id);
            float threshold = BitConverter.UInt32BitsToSingle(exact.GetProperty("lowest_threshold_bits").GetUInt32());
            Metrics.Near(defined ? threshold : double.NaN, metrics.MaximumF1Threshold, 0, id);

            JsonElement at100 = golden.GetProperty("at_100");
            Metrics.Near(at100.GetProperty("f1").ValueOrNaN(), metrics.F1Score, 1e-12, id);
            Metrics.Near(at100.GetProperty("precision").ValueOrNaN(), metrics.Precision, 1e-12, id);
            Metrics.Near(at100.GetProperty("recall").ValueOrNaN(), metrics.Recall, 1e-12, id);
            Metrics.Near(at100.GetProperty("accuracy").ValueOrNaN(), metrics.Accuracy, 1e-12, id);
            Assert.AreEqual(at100.Counts(), metrics.Counts, id);

            foreach (JsonElement rate in golden.GetProperty("detection_rate_at_k_false_positives").EnumerateArray())
            {
                double actual = evaluator.Compute(falsePositiveCount: rate.Integer("k")).DetectionRateAtFalsePositiveCount;
                Metrics.Near(rate.GetProperty("rate").ValueOrNaN(), actual, 1e-12, id);
            }
        }
    }

    [TestMethod]
    public void Every_metric_is_its_definition_on_rows_with_ties_one_class_or_equal_scores()
        => Gen.Select(Draw.Rows, Draw.AnyScore.Where(float.IsFinite), Gen.Int[0, 4]).Check(20_000, drawn =>
        {
            var (rows, threshold, falsePositives) = drawn;
            ImageMetrics metrics = Evaluator(rows).Compute(threshold, falsePositives);
            Metrics.Near(Twins.AreaUnderRocCurve(rows), metrics.AreaUnderRocCurve, 1e-14, "AUROC");
            Metrics.Near(Twins.AveragePrecision(rows), metrics.AreaUnderPrecisionRecallCurve, 1e-14, "average precision");
            (double score, double best) = Twins.MaximumF1(rows);
            Metrics.Near(score, metrics.MaximumF1Score, 0, "maximum F1");
            Metrics.Near(best, metrics.MaximumF1Threshold, 0, "its threshold");
            Metrics.Near(Twins.DetectionRate(rows, falsePositives), metrics.DetectionRateAtFalsePositiveCount, 0, "detection rate");
            Assert.AreEqual(Twins.OverlappingScores(rows), metrics.OverlappingScores);
            Assert.AreEqual(rows.Count(row => row.IsAnomalous && row.Score >= threshold), metrics.Counts.TruePositives);
            Assert.AreEqual(rows.Count(row => !row.IsAnomalous && row.Score >= threshold), metrics.Counts.FalsePositives);
            Assert.AreEqual(rows.Count(row => !row.IsAnomalous && row.Score < threshold), metrics.Counts.TrueNegatives);
            Assert.AreEqual(rows.Count(row => row.IsAnomalous && row.Score < threshold), metrics.Counts.FalseNegatives);
        });

    [TestMethod]
    public void Order_parts_merging_and_streams_change_no_bit()
        => Gen.Select(Draw.Rows, Gen.Int, Gen.Int[0, 60]).Check(3_000, drawn =>
        {
            var (rows, shuffle, cut) = drawn;
            ImageMetrics whole = Evaluator(rows).Compute();
            (float, bool)[] shuffled = [.. rows];
            new Random(shuffle).Shuffle(shuffled);
            ImageEvaluator left = Evaluator(shuffled.Take(cut)), right = Evaluator(shuffled.Skip(cut));
            left.Merge(Reread(right));
            Assert.AreEqual(whole, Reread(left).Compute());
            Assert.AreEqual(rows.Length, left.Count);
        });

    [TestMethod]
    public void An_unknown_label_counts_among_the_overlapping_scores_alone()
        => Gen.Select(Draw.TiedScore, Gen.Bool.Nullable(0.3)).Array[0, 30].Check(3_000, rows =>
        {
            var evaluator = new ImageEvaluator();
            foreach ((float score, bool? isAnomalous) in rows)
                evaluator.Add(score, isAnomalous);
            ImageMetrics known = Evaluator(rows.Where(row => row.Item2 != null).Select(row => (row.Item1, row.Item2!.Value))).Compute();
            Assert.AreEqual(known with { OverlappingScores = Twins.OverlappingScores(rows) }, evaluator.Compute());
        });

    [TestMethod]
    public void Over_no_rows_everything_is_undefined()
    {
        ImageMetrics metrics = new ImageEvaluator().Compute();
        double[] all =
        [
            metrics.AreaUnderRocCurve, metrics.AreaUnderPrecisionRecallCurve, metrics.F1Score, metrics.Precision, metrics.Recall,
            metrics.Accuracy, metrics.MaximumF1Score, metrics.MaximumF1Threshold, metrics.DetectionRateAtFalsePositiveCount,
        ];
        Assert.IsTrue(all.All(double.IsNaN));
        Assert.AreEqual(default, metrics.Counts);
        Assert.AreEqual(0, metrics.OverlappingScores);
    }

    [TestMethod]
    public void A_threshold_is_compared_in_the_type_of_the_scores()
    {
        // The Single nearest to 100.1 lies below it; in double precision the score would be normal.
        ImageMetrics metrics = Evaluator([(100.1f, true), (MathF.BitDecrement(100.1f), true)]).Compute(100.1);
        Assert.AreEqual(new ConfusionCounts(1, 0, 0, 1), metrics.Counts);
        Assert.AreEqual(100.1, metrics.Threshold);
    }

    [TestMethod]
    [DataRow(double.NaN, DisplayName = "NaN")]
    [DataRow(double.NegativeInfinity, DisplayName = "infinite")]
    [DataRow(1e39, DisplayName = "beyond the range of Single")]
    [DataRow(1e-46, DisplayName = "rounded to zero in Single")]
    public void A_threshold_that_a_score_cannot_be_compared_with_is_refused(double threshold)
    {
        var e = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new ImageEvaluator().Compute(threshold));
        Assert.AreEqual(threshold, e.ActualValue);
    }

    [TestMethod]
    public void NaN_is_refused_with_its_row_or_counts_above_every_score()
    {
        ImageEvaluator evaluator = Evaluator([(1, true), (2, false)]);
        var e = Assert.ThrowsExactly<ArgumentException>(() => evaluator.Add(float.NaN, true));
        StringAssert.Contains(e.Message, "row 2 is NaN");
        Assert.AreEqual(2, evaluator.Count);

        var counting = new ImageEvaluator(countNaNAsAnomalous: true);
        foreach ((float score, bool isAnomalous) in new[] { (float.NaN, true), (float.MaxValue, false), (1f, false) })
            counting.Add(score, isAnomalous);
        foreach (ImageMetrics metrics in new[] { counting.Compute(float.MaxValue), Reread(counting).Compute(float.MaxValue) })
        {
            Assert.AreEqual(1, metrics.AreaUnderRocCurve);
            Assert.AreEqual(new ConfusionCounts(1, 1, 1, 0), metrics.Counts);
        }
    }

    [TestMethod]
    public void Evaluators_that_treat_NaN_differently_are_not_merged()
        => Assert.ThrowsExactly<ArgumentException>(() => new ImageEvaluator().Merge(new ImageEvaluator(countNaNAsAnomalous: true)));

    [TestMethod]
    public void Merging_an_evaluator_with_itself_doubles_its_rows()
    {
        ImageEvaluator evaluator = Evaluator([(1, true), (2, false)]);
        evaluator.Merge(evaluator);
        Assert.AreEqual(new ConfusionCounts(2, 2, 0, 0), evaluator.Compute(1).Counts);
    }

    [TestMethod]
    public void The_areas_that_MLPerf_Tiny_recorded_are_reproduced()
    {
        string folder = SharedData("mlperf_tiny_ad01");
        int checkedAreas = 0;
        foreach (string prefix in new[] { "", "tflite_" })
        {
            foreach (string line in File.ReadLines(Path.Combine(folder, prefix + "result.csv")))
            {
                string[] columns = line.Split(',');
                if (columns.Length != 3 || !int.TryParse(columns[0], out _))
                    continue;
                string scores = Path.Combine(folder, $"{prefix}anomaly_score_ToyCar_id_{columns[0]}.csv");
                ImageEvaluator evaluator = Evaluator(File.ReadLines(scores).Select(row => row.Split(','))
                    .Select(row => ((float)Number(row[1]), row[0].StartsWith("anomaly_", StringComparison.Ordinal))));
                Assert.AreEqual(Number(columns[1]), evaluator.Compute().AreaUnderRocCurve, 1e-5, scores);
                checkedAreas++;
            }
        }

        Assert.AreEqual(8, checkedAreas);
    }

    [TestMethod]
    public void The_area_and_detection_rate_that_MLNet_reports_are_reproduced()
    {
        string file = Path.Combine(SharedData("mlnet_pca"), "Default-TrainTest-mnistOneClass.txt");
        ImageMetrics metrics = Evaluator(File.ReadLines(file).Skip(1).Select(row => row.Split('\t'))
            .Select(row => ((float)Number(row[2]), Number(row[1]) > 0))).Compute();
        Assert.AreEqual(0.95619, metrics.AreaUnderRocCurve, 5e-6);
        Assert.AreEqual(0.9, metrics.DetectionRateAtFalsePositiveCount, 1e-12);
    }

    private static ImageEvaluator Evaluator(IEnumerable<(float Score, bool IsAnomalous)> rows)
    {
        var evaluator = new ImageEvaluator();
        foreach ((float score, bool isAnomalous) in rows)
            evaluator.Add(score, isAnomalous);
        return evaluator;
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private static ImageEvaluator Reread(ImageEvaluator evaluator)
    {
        using var stream = new MemoryStream();
        evaluator.WriteTo(stream);
        stream.Position = 0;
        return ImageEvaluator.ReadFrom(stream);
    }

    /// <summary>Recorded scores that are kept beside the repository, and never in it.</summary>
    private static string SharedData(string name)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder != null && !folder.EnumerateFiles("*.sln").Any())
            folder = folder.Parent;
        string path = Path.Combine(folder?.Parent?.FullName ?? "", "shared", "data", "scores", name);
        if (!Directory.Exists(path))
            Assert.Inconclusive($"There is no folder {path} with recorded scores.");
        return path;
    }

    [TestMethod]
    public void Double_scores_that_no_Single_can_tell_apart_are_told_apart()
    {
        var evaluator = new ImageEvaluator();
        var merged = new ImageEvaluator();
        for (int i = 0; i < 100; i++)
            (i % 2 == 0 ? evaluator : merged).Add(246 + (i * 1e-7), i >= 60);
        merged.Merge(evaluator);
        using var state = new MemoryStream();
        merged.WriteTo(state);
        state.Position = 0;
        foreach (ImageEvaluator same in (ImageEvaluator[])[merged, ImageEvaluator.ReadFrom(state)])
        {
            ImageMetrics metrics = same.Compute(246 + (70 * 1e-7));
            Assert.AreEqual((1, 1, 246 + (60 * 1e-7)), (metrics.AreaUnderRocCurve, metrics.MaximumF1Score, metrics.MaximumF1Threshold));
            Assert.AreEqual(new ConfusionCounts(30, 0, 60, 10), metrics.Counts);
        }
    }

    [TestMethod]
    public void Single_scores_as_Double_give_the_same_metrics()
        => Gen.Select(Gen.OneOf(Gen.Int[-3, 3].Select(i => i / 2f), Gen.Float[-2, 2]), Gen.Bool).Array[1, 40].Check(rows =>
        {
            (ImageEvaluator single, ImageEvaluator wide) = (new(), new());
            foreach ((float score, bool isAnomalous) in rows)
            {
                single.Add(score, isAnomalous);
                wide.Add((double)score, isAnomalous);
            }

            Assert.AreEqual(single.Compute(0.5), wide.Compute(0.5));
        }, seed: "0000KDXOm2k3", iter: 100);

    [TestMethod]
    public void Scores_of_two_types_in_one_evaluator_are_refused()
    {
        (ImageEvaluator single, ImageEvaluator wide) = (new(), new());
        single.Add(1f, true);
        wide.Add(1d, true);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => single.Add(1d, false)).Message, "holds Single scores, but Double ones came");
        Assert.ThrowsExactly<ArgumentException>(() => wide.Merge(single));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => wide.Compute(double.NaN));
    }

    [TestMethod]
    public void A_row_with_a_weight_is_so_many_rows()
        => Gen.Select(Gen.Int[0, 12].Select(i => i * 25f), Gen.Bool.Nullable(0.1), Gen.Int[0, 4]).Array[0, 20].Check(rows =>
        {
            (ImageEvaluator weighted, ImageEvaluator repeated, ImageEvaluator wide) = (new(), new(), new());
            foreach ((float score, bool? isAnomalous, int weight) in rows)
            {
                weighted.Add(score, isAnomalous, weight);
                wide.Add((double)score, isAnomalous, weight);
                for (int i = 0; i < weight; i++)
                    repeated.Add(score, isAnomalous);
            }

            Assert.AreEqual(rows.Count(row => row.Item3 > 0), weighted.Count);
            Assert.AreEqual(repeated.ComputeCurve(), weighted.ComputeCurve());
            foreach (ImageEvaluator same in (ImageEvaluator[])[weighted, Reread(weighted), wide, Reread(wide)])
                Assert.AreEqual(repeated.Compute(150, 2), same.Compute(150, 2));
            weighted.Merge(Reread(weighted));
            repeated.Merge(repeated);
            Assert.AreEqual(repeated.Compute(), weighted.Compute());
        }, seed: "0000KDXOm2k3", iter: 1_000);

    [TestMethod]
    public void Precision_follows_the_proportions_that_weights_say()
    {
        ImageEvaluator balanced = Evaluator([(150, true), (150, true), (110, false), (50, false)]), asInTheLine = new();
        foreach ((float score, bool isAnomalous) in new[] { (150f, true), (150f, true), (110f, false), (50f, false) })
            asInTheLine.Add(score, isAnomalous, isAnomalous ? 1 : 1000);
        Assert.AreEqual((2 / 3.0, 2 / 1002.0), (balanced.Compute().Precision, asInTheLine.Compute().Precision));
        Assert.AreEqual(balanced.Compute().AreaUnderRocCurve, asInTheLine.Compute().AreaUnderRocCurve);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => balanced.Add(1f, true, -1));
    }
}
