using System.Text.Json;
using CsCheck;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Tests.DataViews;

namespace MLNet.AnomalyNormalization.Tests.Scale;

[TestClass]
public sealed class ReviewBandTests : IDisposable
{
    private static readonly float[] s_scores =
        [float.NaN, float.NegativeInfinity, -1, 0, 0.9f, 1.116f, MathF.BitDecrement(1.24f), 1.24f, 1.3f, 1.364f, 1.4f, 50, float.PositiveInfinity];

    private readonly MLContext _mlContext = new(seed: 1);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow(89.99f, Decision.Pass, DisplayName = "below the band: pass")]
    [DataRow(90f, Decision.Review, DisplayName = "where it begins: review")]
    [DataRow(109.99f, Decision.Review, DisplayName = "below its end: review")]
    [DataRow(110f, Decision.Reject, DisplayName = "where it ends: reject")]
    [DataRow(float.NaN, Decision.Reject, DisplayName = "NaN is never normal")]
    public void A_score_passes_is_reviewed_or_rejected(float score, Decision expected)
    {
        Assert.AreEqual(expected, new ReviewBand(90, 110).Decide(score));
        Assert.AreEqual(expected, new ReviewBand(90, 110).Decide((double)score));
    }

    [TestMethod]
    [DataRow(1.1f, Decision.Pass, Decision.Pass, DisplayName = "below the band and the threshold")]
    [DataRow(1.2f, Decision.Review, Decision.Pass, DisplayName = "in the band, below the threshold")]
    [DataRow(1.24f, Decision.Review, Decision.Reject, DisplayName = "in the band, at the threshold")]
    [DataRow(1.4f, Decision.Reject, Decision.Reject, DisplayName = "above the band and the threshold")]
    [DataRow(float.NaN, Decision.Reject, Decision.Reject, DisplayName = "NaN is never normal")]
    public void A_band_decides_by_the_normalised_score_and_without_one_the_threshold_by_the_raw_one(
        float score, Decision withBand, Decision withoutBand)
    {
        var normalizer = new ScoreNormalizer(1.24);
        Assert.AreEqual(withBand, normalizer.Decide(score, new ReviewBand(90, 110)));
        Assert.AreEqual(withoutBand, normalizer.Decide(score, null));
        Assert.AreEqual(withBand, normalizer.Decide((double)score, new ReviewBand(90, 110)));
    }

    [TestMethod]
    [DataRow(90, 110, DisplayName = "around the threshold")]
    [DataRow(100, 100, DisplayName = "of no width")]
    [DataRow(300, 1000, DisplayName = "beside the threshold")]
    public void The_transformer_a_saved_model_and_one_that_was_put_back_decide_alike(double from, double to)
    {
        var band = new ReviewBand(from, to);
        IDataView data = _mlContext.Data.LoadFromEnumerable(s_scores.Select(score => new Row { Score = score }));
        AnomalyNormalizationTransformer model = _mlContext.Transforms
            .NormalizeAnomaly(new AnomalyThresholds(1.24, 1), new AnomalyNormalizationOptions { ReviewBand = band }).Fit(data);
        var normalizer = new ScoreNormalizer(1.24);
        int[] expected = [.. s_scores.Select(score => (int)band.Decide(normalizer.Normalize(score)))];
        CollectionAssert.AreEqual(expected, Decisions(model));

        _mlContext.Model.Save(model, data.Schema, _folder["model.zip"]);
        CollectionAssert.AreEqual(expected, Decisions(_mlContext.Model.Load(_folder["model.zip"], out _)));
        ITransformer restored = _mlContext.Model.LoadAnomalyModel(_folder["model.zip"], out _);
        CollectionAssert.AreEqual(expected, Decisions(restored));
        Assert.AreEqual(band, restored.FindAnomalyNormalization()!.Options.ReviewBand);

        int[] Decisions(ITransformer transformer) => [.. transformer.Transform(data).GetColumn<int>("Decision")];
    }

    [TestMethod]
    public void Without_a_band_there_is_no_decision_column()
    {
        IDataView data = _mlContext.Data.LoadFromEnumerable([new Row { Score = 1 }]);
        Assert.IsNull(_mlContext.Transforms.NormalizeAnomaly(new AnomalyThresholds(1, 1)).Fit(data).Transform(data).Schema.GetColumnOrNull("Decision"));
    }

    [TestMethod]
    public void A_vector_of_scores_gets_a_vector_of_decisions()
    {
        IDataView data = _mlContext.Data.LoadFromEnumerable([new VectorRow { Score = [1, 95, 120] }]);
        IDataView decided = _mlContext.Transforms.NormalizeAnomaly(new AnomalyThresholds(100, 1), new() { ReviewBand = new(90, 110) })
            .Fit(data).Transform(data);
        CollectionAssert.AreEqual(new[] { 0, 1, 2 }, decided.GetColumn<int[]>("Decision").Single());
    }

    [TestMethod]
    public void A_curve_tells_what_a_band_does_and_a_wider_band_never_decides_more()
        => Gen.Select(Gen.Select(Gen.Int[0, 40].Select(i => i * 5f), Gen.Bool).Array[1, 50], Gen.Int[1, 200], Gen.Int[0, 50], Gen.Int[0, 30])
            .Check((rows, from, width, wider) =>
        {
            var evaluator = new ImageEvaluator();
            foreach ((float score, bool isAnomalous) in rows)
                evaluator.Add(score, isAnomalous);
            ScoreCurve curve = evaluator.ComputeCurve();
            var band = new ReviewBand(from, from + width);
            DecisionCounts counts = curve.DecisionsAt(band);
            DecisionCounts expected = new(
                Count(false, Decision.Pass), Count(false, Decision.Review), Count(false, Decision.Reject),
                Count(true, Decision.Pass), Count(true, Decision.Review), Count(true, Decision.Reject));
            DecisionCounts less = curve.DecisionsAt(new(Math.Max(1, from - wider), from + width + wider));
            return counts == expected
                && less.NormalReviewed >= counts.NormalReviewed && less.AnomalousReviewed >= counts.AnomalousReviewed
                && less.AnomalousPassed <= counts.AnomalousPassed && less.NormalRejected <= counts.NormalRejected;

            long Count(bool isAnomalous, Decision decision)
                => rows.Count(row => row.Item2 == isAnomalous && band.Decide(row.Item1) == decision);
        }, seed: "0000BANd0001", iter: 200);

    [TestMethod]
    [DataRow(90.1f, DisplayName = "Single: 90.1 is rounded down to it, and to what the transformer compares")]
    [DataRow(90.1, DisplayName = "Double")]
    public void A_curve_compares_scores_and_limits_in_the_type_of_the_scores(object score)
    {
        var band = new ReviewBand(90.1, 109.9);
        var evaluator = new ImageEvaluator();
        if (score is float single)
            evaluator.Add([single, MathF.BitDecrement(single)], [true, true]);
        else
            evaluator.Add([(double)score, Math.BitDecrement((double)score)], [true, true]);
        ScoreCurve curve = evaluator.ComputeCurve();
        Assert.AreEqual((1, 1), (curve.DecisionsAt(band).AnomalousReviewed, curve.DecisionsAt(band).AnomalousPassed));
        Assert.AreEqual(evaluator.Compute(90.1).Counts, curve.CountsAt(90.1));
        Assert.AreEqual(curve, JsonSerializer.Deserialize<ScoreCurve>(JsonSerializer.Serialize(curve)));
    }

    [TestMethod]
    public void An_evaluation_counts_what_passes_is_reviewed_and_is_rejected_of_all_and_of_each_group()
    {
        MaskedRow[] rows = MaskedRows.Make(60, withUnknown: true);
        for (int i = 0; i < rows.Length; i++)
            rows[i].Camera = i % 3 == 0 ? "left" : "right";
        IDataView data = MaskedRows.View(_mlContext, rows);
        var band = new ReviewBand(60.1, 120.3);
        IDataView decided = _mlContext.Transforms.NormalizeAnomaly(MaskedRows.Thresholds, new() { ReviewBand = band }).Fit(data).Transform(data);
        AnomalyEvaluation evaluation = _mlContext.AnomalyDetection.EvaluateNormalized(decided, new()
        {
            LabelColumnName = "SingleLabel",
            GroupColumnName = "Camera",
        });
        int[] decisions = [.. decided.GetColumn<int>("Decision")];
        Assert.AreEqual(Count(_ => true), evaluation.Decisions);
        Assert.AreEqual(Count(row => row.Camera == "left"), evaluation.Groups["left"].Decisions);
        Assert.IsNull(evaluation.ImageCurve);
        Assert.AreEqual(evaluation, JsonSerializer.Deserialize<AnomalyEvaluation>(JsonSerializer.Serialize(evaluation)));
        StringAssert.Contains(evaluation.ToString(), "\nDecisions\n");

        DecisionCounts Count(Func<MaskedRow, bool> counts)
        {
            long Of(bool isAnomalous, Decision decision) => rows.Where((row, i)
                => counts(row) && row.Known == isAnomalous && decisions[i] == (int)decision).Count();
            return new(
                Of(false, Decision.Pass), Of(false, Decision.Review), Of(false, Decision.Reject),
                Of(true, Decision.Pass), Of(true, Decision.Review), Of(true, Decision.Reject));
        }
    }

    [TestMethod]
    public void The_load_of_reviews_is_that_of_the_rows_here_or_of_another_share_of_defects()
    {
        var counts = new DecisionCounts(70, 20, 10, 5, 10, 35);
        Assert.AreEqual(200, counts.ReviewsPerThousand);
        Assert.AreEqual(200, counts.ReviewsPerThousandAt(0.5), 1e-12);
        Assert.AreEqual(1000 * ((0.75 * 0.2) + (0.25 * 10 / 50)), new DecisionCounts(70, 20, 10, 5, 10, 35).ReviewsPerThousandAt(0.25), 1e-12);
        Assert.IsTrue(double.IsNaN(new DecisionCounts(70, 20, 10, 0, 0, 0).ReviewsPerThousandAt(0.1)));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => counts.ReviewsPerThousandAt(-0.1));
        Assert.AreEqual(
            "Decisions\n            Pass  Review  Reject\nNormal        70      20      10\nAnomalous      5      10      35\n"
            + "of 1,000   500.0   200.0   300.0", counts.ToString());
    }

    [TestMethod]
    public void A_learned_band_keeps_its_rates_and_is_no_wider_than_it_must_be()
    {
        var random = new Random(4);
        bool[] isAnomalous = [.. Enumerable.Range(0, 600).Select(i => i % 6 == 0)];
        float[] scores = [.. isAnomalous.Select(anomalous => Math.Clamp((anomalous ? 120 : 60) + (80 * (random.NextSingle() - 0.5f)), 0, 1000))];
        ReviewBand band = ReviewBand.Learn(scores, isAnomalous, escapeRate: 0.02, falseRejectRate: 0.05);
        var evaluator = new ImageEvaluator();
        for (int i = 0; i < scores.Length; i++)
            evaluator.Add(scores[i], isAnomalous[i]);
        DecisionCounts counts = evaluator.ComputeCurve().DecisionsAt(band);
        Assert.IsLessThanOrEqualTo(0.02, counts.EscapeRate);
        Assert.IsLessThanOrEqualTo(0.05, counts.FalseRejectRate);
        Assert.IsGreaterThan(0, counts.ReviewsPerThousand);
        DecisionCounts narrower = evaluator.ComputeCurve().DecisionsAt(new(band.From + 2, band.To - 2));
        Assert.IsTrue(narrower.EscapeRate > 0.02 && narrower.FalseRejectRate > 0.04);

        // Separable: one threshold does, and the nearest to 100 is taken.
        Assert.AreEqual(new ReviewBand(100, 100), ReviewBand.Learn([1, 2, 3, 200, 210], [false, false, false, true, true], 0, 0.25));
        double only = MathF.BitIncrement(120);
        Assert.AreEqual(new ReviewBand(only, only), ReviewBand.Learn([1, 2, 120, 150, 210], [false, false, false, true, true], 0, 0.25));
        Assert.ThrowsExactly<ArgumentException>(() => ReviewBand.Learn([1, 1001], [false, true], 0, 0.5));
        Assert.ThrowsExactly<InvalidOperationException>(() => ReviewBand.Learn([1, 100], [false, true], 0, 0.01));
    }

    [TestMethod]
    [DataRow(60, 40, 0.1, 0.1, DisplayName = "few rows")]
    [DataRow(300, 50, 0.02, 0.01, DisplayName = "no escape among fifty defects")]
    [DataRow(400, 200, 0.05, 0.2, DisplayName = "classes that one threshold keeps apart well enough")]
    public void Promises_and_intervals_hold_for_new_rows(int normal, int anomalous, double escapeRate, double falseRejectRate)
    {
        // Uniform scores, whose rates at a limit are known.
        const int Samples = 800;
        var random = new Random(11);
        bool[] isAnomalous = [.. Enumerable.Range(0, normal + anomalous).Select(i => i >= normal)];
        double rejected = 0;
        int escapesWithin = 0, rejectsWithin = 0, normalReviewsWithin = 0, anomalousReviewsWithin = 0;
        for (int i = 0; i < Samples; i++)
        {
            float[] scores = [.. isAnomalous.Select(anomaly => (float)((anomaly ? 60 : 0) + (120 * random.NextDouble())))];
            ReviewBandFit fit = ReviewBand.Fit(scores, isAnomalous, escapeRate, falseRejectRate);
            (double normalBelow, double normalRejected) = (Math.Clamp(fit.Band.From / 120, 0, 1), 1 - Math.Clamp(fit.Band.To / 120, 0, 1));
            (double escaped, double anomalousRejected) = (Math.Clamp((fit.Band.From - 60) / 120, 0, 1), 1 - Math.Clamp((fit.Band.To - 60) / 120, 0, 1));
            rejected += normalRejected / Samples;
            escapesWithin += IsWithin(escaped, fit.Counts.GetEscapeRateInterval());
            rejectsWithin += IsWithin(normalRejected, fit.Counts.GetFalseRejectRateInterval());
            normalReviewsWithin += IsWithin(1 - normalBelow - normalRejected, fit.Counts.GetReviewRateInterval(isAnomalous: false));
            anomalousReviewsWithin += IsWithin(1 - escaped - anomalousRejected, fit.Counts.GetReviewRateInterval(isAnomalous: true));
            Assert.IsTrue(fit.Counts.EscapeRate <= escapeRate && fit.Counts.FalseRejectRate <= falseRejectRate, "the rows that it was learned from");
        }

        // Three deviations of what so many samples show of 95 %.
        double least = (0.95 * Samples) - (3 * Math.Sqrt(0.95 * 0.05 * Samples));
        string found = $"{rejected}, {escapesWithin}, {rejectsWithin}, {normalReviewsWithin}, {anomalousReviewsWithin}";
        Assert.IsLessThanOrEqualTo(falseRejectRate, rejected, found);
        foreach (int within in (int[])[escapesWithin, rejectsWithin, normalReviewsWithin, anomalousReviewsWithin])
            Assert.IsGreaterThanOrEqualTo(least, within, found);

        static int IsWithin(double rate, (double Lower, double Upper) interval) => rate >= interval.Lower - 1e-6 && rate <= interval.Upper + 1e-6 ? 1 : 0;
    }

    [TestMethod]
    [DataRow(0, 100, "from", DisplayName = "from 0 on nothing passes")]
    [DataRow(1001, 1001, "from", DisplayName = "above the cap")]
    [DataRow(double.NaN, 100, "from", DisplayName = "NaN")]
    [DataRow(100, 99, "to", DisplayName = "ends before it begins")]
    [DataRow(100, double.NaN, "to", DisplayName = "ends nowhere")]
    public void A_band_that_cannot_be_is_refused(double from, double to, string parameter)
        => Assert.AreEqual(parameter, Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new ReviewBand(from, to)).ParamName);

    private sealed class Row
    {
        public float Score { get; set; }
    }

    private sealed class VectorRow
    {
        [VectorType(3)]
        public float[] Score { get; set; } = [];
    }
}
