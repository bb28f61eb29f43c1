using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.Tests.DataViews;

[TestClass]
public sealed class AnomalyNormalizationEstimatorTests
{
    private static readonly AnomalyThresholds Thresholds = new(Image: 1.24, Pixel: 0.7);

    private readonly MLContext _mlContext = new(seed: 1);

    [TestMethod]
    public void Scores_use_the_image_threshold_and_maps_and_boxes_the_pixel_threshold()
    {
        Row[] rows = Rows.Make(200);
        IDataView output = Apply(rows, Rows.AllColumns);
        var image = new ScoreNormalizer(1.24);
        var pixel = new ScoreNormalizer(0.7);
        Same.Bits<float>([.. rows.Select(row => image.Normalize(row.Score))], [.. output.GetColumn<float>("NormalizedScore")]);
        CollectionAssert.AreEqual(rows.Select(row => !(row.Score < 1.24f)).ToArray(), output.GetColumn<bool>("PredictedLabel").ToArray());
        Same.Bits<float>([.. rows.SelectMany(row => row.AnomalyMap.Select(pixel.Normalize))], [.. output.GetColumn<float[]>("NormalizedMap").SelectMany(map => map)]);
        float[][] boxes = [.. output.GetColumn<float[]>("NormalizedBoxScores")];
        for (int i = 0; i < rows.Length; i++)
            Same.Bits<float>(Array.ConvertAll(rows[i].Boxes, pixel.Normalize), boxes[i]);
    }

    [TestMethod]
    public void With_the_image_threshold_type_everything_uses_the_image_threshold_and_its_evaluation()
    {
        Row[] rows = Rows.Make(200);
        EvaluationThreshold evaluation = EvaluationThreshold.At(110, 1.24);
        IDataView output = Apply(rows, new()
        {
            MapColumnName = "AnomalyMap",
            BoxScoresColumnName = "Boxes",
            ThresholdType = ThresholdType.Image,
            ImageEvaluation = evaluation,
        });
        var image = new ScoreNormalizer(1.24, evaluation);
        Same.Bits<float>([.. rows.SelectMany(row => row.AnomalyMap.Select(image.Normalize))], [.. output.GetColumn<float[]>("NormalizedMap").SelectMany(map => map)]);
        Same.Bits<float>([.. rows.SelectMany(row => row.Boxes.Select(image.Normalize))], [.. output.GetColumn<float[]>("NormalizedBoxScores").SelectMany(box => box)]);
        CollectionAssert.AreEqual(rows.Select(row => image.IsAnomalous(row.Score)).ToArray(), output.GetColumn<bool>("PredictedLabel").ToArray());
    }

    [TestMethod]
    public void The_classic_formula_is_used_where_decisions_need_not_be_preserved()
    {
        Row[] rows = Rows.Make(200);
        var classic = new ScoreNormalizer(1.24, preserveDecisions: false);
        IDataView output = Apply(rows, new() { PreserveDecisions = false });
        Same.Bits<float>([.. rows.Select(row => classic.Normalize(row.Score))], [.. output.GetColumn<float>("NormalizedScore")]);
    }

    [TestMethod]
    public void Null_switches_columns_off()
    {
        string[] Added(AnomalyNormalizationOptions options) => [.. Apply(Rows.Make(1), options).Schema.Select(column => column.Name).Skip(5)];

        CollectionAssert.AreEqual(new[] { "PredictedLabel", "NormalizedScore" }, Added(new()));
        CollectionAssert.AreEqual(new[] { "NormalizedScore" }, Added(new() { PredictedLabelColumnName = null }));
        CollectionAssert.AreEqual(new[] { "NormalizedMap" }, Added(new() { ScoreColumnName = null, MapColumnName = "AnomalyMap" }));
        CollectionAssert.AreEqual(
            new[] { "PredictedLabel", "NormalizedScore", "NormalizedMap", "NormalizedBoxScores" }, Added(Rows.AllColumns));
    }

    [TestMethod]
    public void NormalizeAnomalyScore_adds_one_column_and_no_label()
    {
        Row[] rows = Rows.Make(100);
        IDataView data = _mlContext.Data.LoadFromEnumerable(rows);
        IDataView output = _mlContext.Transforms.NormalizeAnomalyScore("Wide", "WideScore", -0.5).Fit(data).Transform(data);
        var normalizer = new ScoreNormalizer(-0.5);
        Same.Bits<double>([.. rows.Select(row => normalizer.Normalize(row.WideScore))], [.. output.GetColumn<double>("Wide")]);
        Assert.IsNull(output.Schema.GetColumnOrNull("PredictedLabel"));

        IDataView inPlace = _mlContext.Transforms.NormalizeAnomalyScore("AnomalyMap", null, 0).Fit(data).Transform(data);
        var zero = new ScoreNormalizer(0);
        Same.Bits<float>([.. rows.SelectMany(row => row.AnomalyMap.Select(zero.Normalize))], [.. inPlace.GetColumn<float[]>("AnomalyMap").SelectMany(map => map)]);
    }

    [TestMethod]
    public void Fit_reads_no_row()
    {
        IEnumerable<Row> Unreadable()
        {
            Assert.Fail("A row was read.");
            yield break;
        }

        Assert.IsNotNull(_mlContext.Transforms.NormalizeAnomaly(Thresholds, Rows.AllColumns).Fit(_mlContext.Data.LoadFromEnumerable(Unreadable())));
    }

    [TestMethod]
    public void The_schema_shape_promises_what_the_transformer_delivers()
    {
        IDataView data = Rows.View(_mlContext, 3);
        AnomalyNormalizationEstimator estimator = _mlContext.Transforms.NormalizeAnomaly(Thresholds, Rows.AllColumns);
        SchemaShape promised = estimator.GetOutputSchema(ShapeOf(data));
        DataViewSchema delivered = estimator.Fit(data).GetOutputSchema(data.Schema);
        CollectionAssert.AreEquivalent(delivered.Select(Describe).ToArray(), promised.Select(column => $"{column.Name} {column.Kind} {column.ItemType}").ToArray());

        static string Describe(DataViewSchema.Column column) => column.Type switch
        {
            VectorDataViewType { IsKnownSize: true } vector => $"{column.Name} Vector {vector.ItemType}",
            VectorDataViewType vector => $"{column.Name} VariableVector {vector.ItemType}",
            DataViewType type => $"{column.Name} Scalar {type}",
        };
    }

    [TestMethod]
    [DataRow("Nothing", "Column 'Nothing' is missing", "Score", DisplayName = "missing: the message lists what is there")]
    [DataRow("Label", "Column 'Label': expected Single or Double", "Boolean", DisplayName = "Boolean scalar")]
    [DataRow("Name", "Column 'Name': expected Single or Double", "String", DisplayName = "text")]
    [DataRow("Counts", "Column 'Counts': expected Single or Double", "Vector<Int32", DisplayName = "vector of integers")]
    [DataRow("Key", "Column 'Key': expected Single or Double", "Key<UInt32", DisplayName = "key")]
    public void A_column_that_is_missing_or_of_another_type_is_refused_before_any_row(string column, string expected, string actual)
    {
        IDataView data = _mlContext.Data.LoadFromEnumerable<OddRow>([]);
        foreach (AnomalyNormalizationOptions options in (AnomalyNormalizationOptions[])
            [new() { ScoreColumnName = column }, new() { MapColumnName = column }, new() { ScoreColumnName = null, BoxScoresColumnName = column }])
        {
            AnomalyNormalizationEstimator estimator = _mlContext.Transforms.NormalizeAnomaly(Thresholds, options);
            string atFit = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => estimator.Fit(data)).Message;
            StringAssert.Contains(atFit, expected);
            StringAssert.Contains(atFit, actual);
            string atShape = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => estimator.GetOutputSchema(ShapeOf(data))).Message;
            StringAssert.Contains(atShape, expected);
        }
    }

    [TestMethod]
    public void A_schema_without_columns_is_called_so_with_what_may_have_taken_them_away()
    {
        IDataView data = _mlContext.Data.LoadFromEnumerable<Trimmed>([]);
        string message = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _mlContext.Transforms.NormalizeAnomalyScore("N", "Score", 1).Fit(data)).Message;
        StringAssert.Contains(message, "got a schema without columns. Has the class of its rows public members, and were they not trimmed?");
    }

    private sealed class Trimmed;

    [TestMethod]
    [DataRow(1e39, DisplayName = "would become infinite")]
    [DataRow(1e-46, DisplayName = "would become zero")]
    [DataRow(-1e-46, DisplayName = "would become minus zero")]
    public void A_threshold_that_the_element_type_cannot_hold_is_refused_at_Fit(double threshold)
    {
        IDataView data = Rows.View(_mlContext, 3);
        var e = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _mlContext.Transforms.NormalizeAnomalyScore("N", "Score", threshold).Fit(data));
        Assert.AreEqual(threshold, e.ActualValue);
        StringAssert.Contains(e.Message, "Column 'Score': its element type Single can't hold this threshold");
        Assert.IsNotNull(_mlContext.Transforms.NormalizeAnomalyScore("N", "WideScore", threshold).Fit(data));
    }

    [TestMethod]
    public void An_evaluation_threshold_that_the_element_type_cannot_hold_is_refused_at_Fit()
    {
        IDataView data = Rows.View(_mlContext, 3);
        foreach (EvaluationThreshold evaluation in (EvaluationThreshold[])[new(1e-50, 100), new(1, 1e-50)])
        {
            AnomalyNormalizationEstimator estimator = _mlContext.Transforms.NormalizeAnomaly(Thresholds, new() { ImageEvaluation = evaluation });
            Assert.AreEqual(1e-50, Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => estimator.Fit(data)).ActualValue);
        }
    }

    [TestMethod]
    public void Names_in_each_others_way_are_refused()
    {
        StringAssert.Contains(Refusal(new() { PredictedLabelColumnName = "Score" }), "would hide");
        StringAssert.Contains(Refusal(new() { NormalizedScoreColumnName = "AnomalyMap", MapColumnName = "AnomalyMap" }), "would hide");
        StringAssert.Contains(Refusal(new() { NormalizedScoreColumnName = "X", PredictedLabelColumnName = "X" }), "'X'");
        StringAssert.Contains(Refusal(new() { ScoreColumnName = null }), "name no column");
        StringAssert.Contains(Refusal(new() { NormalizedScoreColumnName = " " }), "Give it a name");

        string Refusal(AnomalyNormalizationOptions options)
            => Assert.ThrowsExactly<ArgumentException>(() => _mlContext.Transforms.NormalizeAnomaly(Thresholds, options)).Message;
    }

    [TestMethod]
    public void Thresholds_out_of_range_are_refused_where_the_pipeline_is_written()
    {
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _mlContext.Transforms.NormalizeAnomalyScore("N", "Score", double.NaN));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => _mlContext.Transforms.NormalizeAnomaly(Thresholds, new() { PixelEvaluation = new(1, 0) }));
        Assert.ThrowsExactly<ArgumentNullException>(() => _mlContext.Transforms.NormalizeAnomaly((AnomalyThresholds)null!));
    }

    private IDataView Apply(Row[] rows, AnomalyNormalizationOptions options)
    {
        IDataView data = _mlContext.Data.LoadFromEnumerable(rows);
        return _mlContext.Transforms.NormalizeAnomaly(Thresholds, options).Fit(data).Transform(data);
    }

    // A SchemaShape can't be made from a schema with the public API, but an estimator chain hands one to its parts.
    internal static SchemaShape ShapeOf(IDataView data)
    {
        var recorder = new ShapeRecorder();
        new EstimatorChain<ITransformer>().Append(recorder).Fit(data);
        return recorder.Shape!;
    }

    private sealed class OddRow
    {
        public float Score { get; set; }

        public bool Label { get; set; }

        public string Name { get; set; } = "";

        [VectorType(3)]
        public int[] Counts { get; set; } = [];

        [KeyType(10)]
        public uint Key { get; set; }
    }

    private sealed class ShapeRecorder : IEstimator<ITransformer>
    {
        public SchemaShape? Shape { get; private set; }

        public ITransformer Fit(IDataView input) => new TransformerChain<ITransformer>();

        public SchemaShape GetOutputSchema(SchemaShape inputSchema) => Shape = inputSchema;
    }
}
