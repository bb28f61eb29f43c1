using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.Tests.DataViews;

[TestClass]
public sealed class CrossFittingTests
{
    private static readonly AnomalyNormalizationOptions AllNormal = new() { LabelColumnName = null };

    private readonly MLContext _mlContext = new(seed: 1);

    [TestMethod]
    [DataRow("RandomizedPca", 40, 60, DisplayName = "RandomizedPca, few rows")]
    [DataRow("RandomizedPca", 200, 20, DisplayName = "RandomizedPca, more rows")]
    [DataRow("NearestNeighbor", 40, 60, DisplayName = "nearest neighbour, few rows")]
    [DataRow("NearestNeighbor", 200, 20, DisplayName = "nearest neighbour, more rows")]
    public void Fresh_normal_rows_are_called_anomalous_at_most_as_often_as_promised(string detector, int rows, int repetitions)
        => AssertRate(detector, rows, repetitions);

    [TestMethod]
    [TestCategory("Long")]
    [DataRow("RandomizedPca", 25, 1000)]
    [DataRow("RandomizedPca", 100, 500)]
    [DataRow("NearestNeighbor", 25, 1000)]
    [DataRow("NearestNeighbor", 100, 500)]
    public void Fresh_normal_rows_are_called_anomalous_at_most_as_often_as_promised_long(string detector, int rows, int repetitions)
        => AssertRate(detector, rows, repetitions);

    [TestMethod]
    public void Learning_from_the_rows_that_the_model_was_trained_on_breaks_the_promise()
    {
        IDataView train = View(FeatureRow.Draw(200, new Random(1)));
        var model = new NearestNeighbor(_mlContext).Append(_mlContext.Transforms.NormalizeAnomaly(ThresholdStrategy.FalsePositiveRate(0.05), AllNormal)).Fit(train);
        Assert.IsGreaterThan(0.9, AlarmRate(model, FeatureRow.Draw(200, new Random(2))));
    }

    [TestMethod]
    public void Cross_fitting_that_was_told_to_stop_trains_no_further_model()
    {
        var detector = new NearestNeighbor(_mlContext);
        AnomalyNormalizationOptions options = AllNormal with { CancellationToken = new(canceled: true) };
        Assert.ThrowsExactly<OperationCanceledException>(() => _mlContext.AnomalyDetection.CalibrateThresholds(
            detector, View(FeatureRow.Draw(23, new Random(3))), ThresholdStrategy.Quantile(0.01), options: options));
        Assert.IsEmpty(detector.Fits);
    }

    [TestMethod]
    public void Every_row_is_scored_by_a_model_that_has_not_seen_it_and_the_model_is_trained_on_all()
    {
        FeatureRow[] rows = FeatureRow.Draw(23, new Random(3));
        var detector = new NearestNeighbor(_mlContext);
        var model = _mlContext.AnomalyDetection.CalibrateThresholds(detector, View(rows), ThresholdStrategy.Quantile(0.01), folds: 4, options: AllNormal);

        // The lowest held-out score: the detector gives 0 to a row that it has seen.
        Assert.IsGreaterThan(0, model.LastTransformer.ImageFit!.Threshold);
        Assert.AreEqual(23, model.LastTransformer.ImageFit.NormalCount);
        Assert.AreEqual(model.LastTransformer.Thresholds.Image, model.LastTransformer.ImageFit.Threshold);
        CollectionAssert.AreEquivalent((int[])[17, 17, 17, 18, 23], detector.Fits);
        Assert.AreEqual(23, detector.Fits[^1]);
        Assert.IsTrue(model.Transform(View(rows)).GetColumn<float>("Score").All(score => score == 0));
    }

    [TestMethod]
    public void Rows_of_a_group_are_never_scored_by_a_model_that_knows_another_one_of_the_group()
    {
        FeatureRow[] rows = [.. FeatureRow.Draw(30, new Random(4)).SelectMany(row => Enumerable.Repeat(row, 3))];
        for (int i = 0; i < rows.Length; i++)
            rows[i] = new() { Features = rows[i].Features, Part = $"part {i / 3}" };
        Assert.AreEqual(0, LowestHeldOut(null));
        Assert.IsGreaterThan(0, LowestHeldOut("Part"));

        double LowestHeldOut(string? group) => _mlContext.AnomalyDetection.CalibrateThresholds(
            new NearestNeighbor(_mlContext), View(rows), ThresholdStrategy.Quantile(0.01), 5, group, AllNormal).LastTransformer.Thresholds.Image;
    }

    [TestMethod]
    public void Rows_of_a_group_count_as_one_for_a_promise_about_new_groups()
    {
        // Ten parts in three photos each: a rate of 0.05 takes 19 parts.
        FeatureRow[] rows = FeatureRow.Draw(30, new Random(8));
        StringAssert.Contains(
            Assert.ThrowsExactly<InvalidOperationException>(() => Calibrate("Part", 0.05)).Message, "19 independent normal rows, but found 10");
        Assert.IsGreaterThan(Calibrate(null, 0.1), Calibrate("Part", 0.1));

        double Calibrate(string? group, double rate) => _mlContext.AnomalyDetection.CalibrateThresholds(
            new NearestNeighbor(_mlContext), View(rows), ThresholdStrategy.FalsePositiveRate(rate), 5, group, AllNormal).LastTransformer.Thresholds.Image;
    }

    [TestMethod]
    public void The_best_rows_of_RandomizedPca_are_NaN_until_they_are_replaced()
    {
        // Rows in a plane that is within what it learns: it reconstructs them better than rounding can tell.
        var random = new Random(9);
        FeatureRow[] rows = [.. Enumerable.Range(0, 200).Select(_ => (U: FeatureRow.Normal(random), V: FeatureRow.Normal(random))).Select(p => new FeatureRow
        {
            Features = [.. Enumerable.Range(0, FeatureRow.Size).Select(f => (float)((p.U * Math.Cos(f)) + (p.V * Math.Sin(2 * f))))],
        })];
        StringAssert.Contains(
            Assert.ThrowsExactly<InvalidDataException>(() => Calibrate(_mlContext.AnomalyDetection.Trainers.RandomizedPca(rank: 4))).Message,
            "put ReplaceMissingValues(\"Score\") before");
        Assert.AreEqual(200, Calibrate(Pca(_mlContext, rank: 4)).LastTransformer.ImageFit!.NormalCount);

        TransformerChain<AnomalyNormalizationTransformer> Calibrate(IEstimator<ITransformer> detector)
            => _mlContext.AnomalyDetection.CalibrateThresholds(detector, View(rows), ThresholdStrategy.FalsePositiveRate(0.05), options: AllNormal);
    }

    [TestMethod]
    public void The_calibrated_model_saves_and_loads_and_the_same_seed_gives_the_same_bits()
    {
        using var folder = new TemporaryFolder();
        IDataView train = View(FeatureRow.Draw(60, new Random(5)));
        var model = Calibrate(1);
        _mlContext.Model.Save(model, train.Schema, folder["model.zip"]);
        IDataView fresh = View(FeatureRow.Draw(20, new Random(6)));
        Rows.AssertSame(model.Transform(fresh), _mlContext.Model.Load(folder["model.zip"], out _).Transform(fresh), "NormalizedScore");
        Assert.AreEqual(model.LastTransformer.ImageFit, Calibrate(1).LastTransformer.ImageFit);
        Assert.AreNotEqual(model.LastTransformer.ImageFit, Calibrate(2).LastTransformer.ImageFit);

        TransformerChain<AnomalyNormalizationTransformer> Calibrate(int seed)
            => new MLContext(seed: 1) is var context ? context.AnomalyDetection.CalibrateThresholds(
                Pca(context), train, ThresholdStrategy.FalsePositiveRate(0.05), options: AllNormal, seed: seed) : null!;
    }

    [TestMethod]
    public void Bad_arguments_are_refused_by_name_and_a_bad_score_by_its_row_in_the_data()
    {
        FeatureRow[] rows = FeatureRow.Draw(20, new Random(7));
        IDataView data = View(rows);
        var detector = new NearestNeighbor(_mlContext);
        Assert.AreEqual("folds", Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Calibrate(folds: 1)).ParamName);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => Calibrate(folds: 21)).Message, "21 folds need at least 21 rows");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Calibrate(group: "Nowhere")).Message, "Column 'Nowhere' is missing");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Calibrate(group: "Features")).Message, "Column 'Features': expected text");

        rows[13].Features[2] = float.NaN;
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => Calibrate()).Message, "Column 'Score', row 13: the score is NaN");

        void Calibrate(int folds = 5, string? group = null) => _mlContext.AnomalyDetection.CalibrateThresholds(
            detector, data, ThresholdStrategy.Quantile(0.5), folds, group, AllNormal);
    }

    private static IEstimator<ITransformer> Pca(MLContext context, int rank = 2)
        => context.AnomalyDetection.Trainers.RandomizedPca(rank: rank).Append(context.Transforms.ReplaceMissingValues("Score"));

    private static void AssertRate(string detector, int rows, int repetitions)
    {
        const double Rate = 0.05;
        double[] rates = [.. Enumerable.Range(0, repetitions).Select(i =>
        {
            var context = new MLContext(seed: i);
            var random = new Random(1000 + i);
            IEstimator<ITransformer> estimator = detector == "RandomizedPca" ? Pca(context) : new NearestNeighbor(context);
            IDataView train = context.Data.LoadFromEnumerable(FeatureRow.Draw(rows, random));
            var model = context.AnomalyDetection.CalibrateThresholds(
                estimator, train, ThresholdStrategy.FalsePositiveRate(Rate), options: AllNormal, seed: i);
            return AlarmRate(model, FeatureRow.Draw(500, random));
        })];
        double mean = rates.Average();
        double error = Math.Sqrt(rates.Sum(rate => (rate - mean) * (rate - mean)) / (repetitions - 1.0) / repetitions);
        Console.WriteLine($"{detector}, {rows} rows: {mean:P2} ± {error:P2}, promised {Rate:P0}");
        Assert.IsLessThanOrEqualTo(Rate + (3 * error), mean);
        Assert.IsGreaterThan(Rate / 3, mean);
    }

    private static double AlarmRate(ITransformer model, FeatureRow[] rows)
        => model.Transform(View(rows)).GetColumn<bool>("PredictedLabel").Average(isAnomalous => isAnomalous ? 1.0 : 0);

    private static IDataView View(FeatureRow[] rows) => new MLContext().Data.LoadFromEnumerable(rows);
}
