using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.DataViews;
using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Tests.DataViews;

[TestClass]
public sealed class ColumnAnnotationsTests : IDisposable
{
    private static readonly AnomalyNormalizationOptions s_at120 = new()
    {
        MapColumnName = "AnomalyMap",
        ImageEvaluation = EvaluationThreshold.At(120, MaskedRows.Thresholds.Image),
    };

    private readonly MLContext _mlContext = new(seed: 1);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void A_normalised_column_says_where_it_is_decided_and_its_label_says_nothing()
    {
        DataViewSchema schema = Transform(MaskedRows.Make(4)).Schema;
        ScoreNormalizer score = schema["NormalizedScore"].GetScoreNormalizer()!, map = schema["NormalizedMap"].GetScoreNormalizer()!;
        Assert.AreEqual((1.24, s_at120.ImageEvaluation, true), (score.Threshold, score.Evaluation, score.PreserveDecisions));
        Assert.AreEqual((0.8, null, true), (map.Threshold, map.Evaluation, map.PreserveDecisions));
        Assert.IsNull(schema["Score"].GetScoreNormalizer());
        Assert.IsNull(schema["PredictedLabel"].GetScoreNormalizer());
    }

    [TestMethod]
    public void An_evaluation_decides_where_the_transformer_did_and_says_so()
    {
        MaskedRow[] rows = MaskedRows.Make(200);
        IDataView data = Transform(rows);
        AnomalyEvaluation evaluation = _mlContext.AnomalyDetection.EvaluateNormalized(data, new() { MaskColumnName = "Mask" });
        Assert.AreEqual((ThresholdOrigin.Column, 120d), (evaluation.ImageThresholdOrigin, evaluation.Image!.Threshold));
        Assert.AreEqual(100, evaluation.Pixel!.Threshold);
        Assert.AreEqual(data.GetColumn<bool>("PredictedLabel").Count(label => label), Predicted(evaluation));

        AnomalyEvaluation told = _mlContext.AnomalyDetection.EvaluateNormalized(data, new() { ImageThreshold = 100 });
        Assert.AreEqual((ThresholdOrigin.Options, 100d), (told.ImageThresholdOrigin, told.Image!.Threshold));
        Assert.IsGreaterThan(Predicted(evaluation), Predicted(told));

        static long Predicted(AnomalyEvaluation evaluation) => evaluation.Image!.Counts.TruePositives + evaluation.Image.Counts.FalsePositives;
    }

    [TestMethod]
    public void A_model_that_was_loaded_with_the_package_says_the_same_and_a_stock_model_says_nothing()
    {
        IDataView data = MaskedRows.View(_mlContext, MaskedRows.Make(50));
        string path = _folder["model.zip"];
        _mlContext.Model.Save(Estimator.Fit(data), data.Schema, path);
        Assert.AreEqual(s_at120.ImageEvaluation,
            _mlContext.Model.LoadAnomalyModel(path, out _).Transform(data).Schema["NormalizedScore"].GetScoreNormalizer()!.Evaluation);

        IDataView stock = _mlContext.Model.Load(path, out _).Transform(data);
        AnomalyEvaluation evaluation = _mlContext.AnomalyDetection.EvaluateNormalized(stock);
        Assert.AreEqual((ThresholdOrigin.Scale, 100d), (evaluation.ImageThresholdOrigin, evaluation.Image!.Threshold));
    }

    [TestMethod]
    public void Scores_and_decisions_carry_their_band_which_an_evaluation_counts_by_unless_told_otherwise()
    {
        MaskedRow[] rows = MaskedRows.Make(200);
        IDataView data = MaskedRows.View(_mlContext, rows);
        var band = new ReviewBand(80.1, 130.3);
        ITransformer model = _mlContext.Transforms.NormalizeAnomaly(MaskedRows.Thresholds, new() { ReviewBand = band }).Fit(data);
        _mlContext.Model.Save(model, data.Schema, _folder["model.zip"]);
        foreach (ITransformer transformer in (ITransformer[])[model, _mlContext.Model.LoadAnomalyModel(_folder["model.zip"], out _)])
        {
            IDataView decided = transformer.Transform(data);
            Assert.AreEqual(band, decided.Schema["Decision"].GetReviewBand());
            Assert.AreEqual(band, decided.Schema["NormalizedScore"].GetReviewBand());
            Assert.IsNull(decided.Schema["PredictedLabel"].GetReviewBand());
            DecisionCounts counts = _mlContext.AnomalyDetection.EvaluateNormalized(decided).Decisions!.Value;
            (bool Label, int Decision)[] made = [.. rows.Select(row => row.Label).Zip(decided.GetColumn<int>("Decision"))];
            Assert.AreEqual(new(Made(false, 0), Made(false, 1), Made(false, 2), Made(true, 0), Made(true, 1), Made(true, 2)), counts);
            Assert.AreNotEqual(counts, _mlContext.AnomalyDetection.EvaluateNormalized(decided, new() { ReviewBand = new(1, 1000) }).Decisions);

            long Made(bool label, int decision) => made.Count(row => row == (label, decision));
        }

        IDataView stock = _mlContext.Model.Load(_folder["model.zip"], out _).Transform(data);
        Assert.IsNull(stock.Schema["Decision"].GetReviewBand());
        Assert.IsNull(_mlContext.AnomalyDetection.EvaluateNormalized(stock).Decisions);
        Assert.IsNull(Transform(rows).Schema["NormalizedScore"].GetReviewBand());
    }

    [TestMethod]
    public void The_inspected_area_of_a_map_is_handed_on_to_the_normalised_map_and_through_stock_transforms()
    {
        var area = new PictureArea(0.0625, 0.1, 0.875, 0.8);
        var annotations = new DataViewSchema.Annotations.Builder();
        ColumnAnnotations.Add(annotations, area);
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("AnomalyMap", new VectorDataViewType(NumberDataViewType.Single, 2, 3), annotations.ToAnnotations());
        IDataView empty = new EmptyView(builder.ToSchema());
        IDataView output = _mlContext.Transforms
            .NormalizeAnomaly(MaskedRows.Thresholds, new() { ScoreColumnName = null, MapColumnName = "AnomalyMap" })
            .Append(_mlContext.Transforms.CopyColumns("Copy", "NormalizedMap"))
            .Fit(empty).Transform(empty);
        Assert.AreEqual(area, output.Schema["NormalizedMap"].GetInspectedArea());
        Assert.AreEqual(area, output.Schema["Copy"].GetInspectedArea());
        Assert.AreEqual(0.8, output.Schema["Copy"].GetScoreNormalizer()!.Threshold);
    }

    private AnomalyNormalizationEstimator Estimator => _mlContext.Transforms.NormalizeAnomaly(MaskedRows.Thresholds, s_at120);

    private IDataView Transform(MaskedRow[] rows)
    {
        IDataView data = MaskedRows.View(_mlContext, rows);
        return Estimator.Fit(data).Transform(data);
    }

    private sealed class EmptyView(DataViewSchema schema) : IDataView
    {
        public bool CanShuffle => false;

        public DataViewSchema Schema => schema;

        public long? GetRowCount() => 0;

        public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) => throw new NotSupportedException();

        public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
            => throw new NotSupportedException();
    }
}
