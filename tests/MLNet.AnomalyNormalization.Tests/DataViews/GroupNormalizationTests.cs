using CsCheck;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.Tests.DataViews;

[TestClass]
public sealed class GroupNormalizationTests : IDisposable
{
    private static readonly string[] s_groups = ["left", "right", "", "links, oben"];

    private static readonly double[] s_thresholds = [1.24, 0, -2.1, 0.1, -1e-20, 37.25, 1];

    private static readonly AnomalyNormalizationOptions s_options = new() { MapColumnName = "AnomalyMap", ReviewBand = new(80.1, 120.3) };

    private readonly MLContext _mlContext = new(seed: 1);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow(true, DisplayName = "the formula that preserves decisions")]
    [DataRow(false, DisplayName = "the classic one")]
    public void Every_row_gets_the_bits_of_its_groups_own_transformer_also_from_a_saved_model(bool preserveDecisions)
        => Gen.Select(Gen.Int[0, s_thresholds.Length - 1].Select(i => s_thresholds[i]).Array[2 * s_groups.Length], Gen.Int[1, 1_000_000]).Check((thresholds, seed) =>
        {
            AnomalyNormalizationOptions options = new()
            {
                MapColumnName = "AnomalyMap",
                BoxScoresColumnName = "Boxes",
                ReviewBand = s_options.ReviewBand,
                PreserveDecisions = preserveDecisions,
            };
            Dictionary<string, AnomalyThresholds> byGroup = s_groups.Select((group, i) => (group, new AnomalyThresholds(thresholds[2 * i], thresholds[(2 * i) + 1])))
                .ToDictionary(group => group.group, group => group.Item2);
            Row[] rows = Rows(byGroup, new Random(seed));
            IDataView data = _mlContext.Data.LoadFromEnumerable(rows);
            ITransformer model = _mlContext.Transforms.NormalizeAnomaly(byGroup, "Camera", options).Fit(data);
            string path = _folder[$"{seed}.zip"];
            _mlContext.Model.Save(model, data.Schema, path);
            Dictionary<string, Added[]> expected = byGroup.ToDictionary(group => group.Key, group => Read(
                _mlContext.Transforms.NormalizeAnomaly(group.Value, options).Fit(data).Transform(data)));
            foreach (ITransformer transformer in (ITransformer[])
                [model, _mlContext.Model.Load(path, out _), _mlContext.Model.LoadAnomalyModel(path, out _)])
            {
                Added[] actual = Read(transformer.Transform(data));
                for (int i = 0; i < rows.Length; i++)
                    AssertSame(expected[rows[i].Camera][i], actual[i], $"row {i} of '{rows[i].Camera}'");
            }
        }, seed: "0000KDXOm2k3", iter: 12);

    [TestMethod]
    public void One_by_one_rows_get_the_same_and_the_schema_is_what_was_foretold()
    {
        var byGroup = s_groups.ToDictionary(group => group, group => new AnomalyThresholds(group.Length + 0.5, 1));
        Row[] rows = Rows(byGroup, new Random(3));
        IDataView data = _mlContext.Data.LoadFromEnumerable(rows);
        IEstimator<ITransformer> estimator = _mlContext.Transforms.NormalizeAnomaly(byGroup, "Camera", s_options);
        ITransformer model = estimator.Fit(data);
        Added[] expected = Read(model.Transform(data));
        using PredictionEngine<Row, Added> engine = _mlContext.Model.CreatePredictionEngine<Row, Added>(model);
        for (int i = 0; i < rows.Length; i++)
            AssertSame(expected[i], engine.Predict(rows[i]), $"row {i}");

        DataViewSchema schema = model.GetOutputSchema(data.Schema);
        Assert.AreEqual(s_options.ReviewBand, schema["Decision"].GetReviewBand());
        Assert.IsNull(schema["NormalizedScore"].GetScoreNormalizer(), "there are several");
        string[] foretold = [.. estimator.GetOutputSchema(AnomalyNormalizationEstimatorTests.ShapeOf(data)).Select(column => $"{column.Name} {column.ItemType}")];
        CollectionAssert.AreEqual(
            schema.Select(column => $"{column.Name} {(column.Type as VectorDataViewType)?.ItemType ?? column.Type}").ToArray(), foretold);

        // A map that nobody asks for is not read, and neither are groups for a column that has none.
        Assert.HasCount(2, model.GetRowToRowMapper(data.Schema).GetDependencies([schema["NormalizedScore"]]).ToArray());
    }

    [TestMethod]
    public void A_group_without_thresholds_is_refused_by_row_and_is_anomalous_where_no_component_can_refuse()
    {
        Row[] rows = [new() { Camera = "left", Score = 0.5f }, new() { Camera = "top", Score = 0.5f }];
        IDataView data = _mlContext.Data.LoadFromEnumerable(rows);
        ITransformer model = _mlContext.Transforms.NormalizeAnomaly(
            new Dictionary<string, AnomalyThresholds> { ["left"] = new(1, 1) }, "Camera", s_options).Fit(data);
        Exception refusal = Assert.Throws<Exception>(() => Read(model.Transform(data)));
        string message = (refusal as InvalidDataException ?? refusal.InnerException as InvalidDataException)!.Message;
        StringAssert.Contains(message, "Column 'Camera', row 1: there are no thresholds for the group 'top', only for 'left'");

        _mlContext.Model.Save(model, data.Schema, _folder["model.zip"]);
        Added[] stock = Read(_mlContext.Model.Load(_folder["model.zip"], out _).Transform(data));
        Assert.AreEqual((50f, false, (int)Decision.Pass), (stock[0].NormalizedScore, stock[0].PredictedLabel, stock[0].Decision));
        Assert.IsTrue(float.IsNaN(stock[1].NormalizedScore) && stock[1].NormalizedMap.All(float.IsNaN));
        Assert.AreEqual((true, (int)Decision.Reject), (stock[1].PredictedLabel, stock[1].Decision));
    }

    [TestMethod]
    public void Thresholds_that_are_learned_by_group_decide_by_group()
    {
        MaskedRow[] rows = MaskedRows.Make(200);
        IDataView data = MaskedRows.View(_mlContext, rows);
        IReadOnlyDictionary<string, LearnedThresholds> learned = _mlContext.AnomalyDetection.LearnThresholdsByGroup(
            data, ThresholdStrategy.MaximumF1(), "Camera");
        Dictionary<string, AnomalyThresholds> thresholds = learned.ToDictionary(group => group.Key, group => group.Value.Thresholds);
        bool[] labels = [.. _mlContext.Transforms.NormalizeAnomaly(thresholds, "Camera").Fit(data).Transform(data).GetColumn<bool>("PredictedLabel")];
        CollectionAssert.AreEqual(rows.Select(row => row.Score >= (float)learned[row.Camera].Image!.Threshold).ToArray(), labels);
    }

    [TestMethod]
    public void What_cannot_be_is_refused_by_name()
    {
        IDataView data = _mlContext.Data.LoadFromEnumerable(new Row[1] { new() });
        var one = new Dictionary<string, AnomalyThresholds> { ["left"] = new(1, 1) };
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(
            () => _mlContext.Transforms.NormalizeAnomaly(new Dictionary<string, AnomalyThresholds>(), "Camera")).Message, "no group");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(
            () => _mlContext.Transforms.NormalizeAnomaly(one, "Camera", new() { ImageEvaluation = EvaluationThreshold.At(110) })).Message, "ImageEvaluation");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(
            () => _mlContext.Transforms.NormalizeAnomaly(one, "PredictedLabel")).Message, "would hide the groups");
        foreach ((string column, string named) in ((string, string)[])[("Kamera", "'Kamera' is missing"), ("Score", "'Score': expected text")])
        {
            IEstimator<ITransformer> estimator = _mlContext.Transforms.NormalizeAnomaly(one, column);
            StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => estimator.Fit(data)).Message, named);
            StringAssert.Contains(
                Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => estimator.GetOutputSchema(AnomalyNormalizationEstimatorTests.ShapeOf(data))).Message, $"'{column}'");
        }

        // One group's threshold is enough.
        one.Add("right", new(1e39, 1));
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => _mlContext.Transforms.NormalizeAnomaly(one, "Camera").Fit(data)).Message, "can't hold this threshold");
    }

    // On both sides of every threshold, and all over.
    private static Row[] Rows(Dictionary<string, AnomalyThresholds> thresholds, Random random)
        => [.. Enumerable.Range(0, 60).Select(i =>
        {
            string group = s_groups[random.Next(s_groups.Length)];
            (double image, double pixel) = (thresholds[group].Image, thresholds[group].Pixel);
            float[] edges = [(float)image, MathF.BitDecrement((float)image), MathF.BitIncrement((float)image), float.NaN, float.NegativeInfinity, float.PositiveInfinity, 0, -0f];
            return new Row
            {
                Camera = group,
                Score = i % 3 == 0 ? edges[random.Next(edges.Length)] : (float)(image * 3 * random.NextDouble()) - 0.1f,
                AnomalyMap = [(float)pixel, MathF.BitDecrement((float)pixel), random.NextSingle() * 5, -random.NextSingle()],
                Boxes = [pixel, Math.BitDecrement(pixel), .. Enumerable.Range(0, i % 3).Select(_ => random.NextDouble() - 0.5)],
            };
        })];

    private Added[] Read(IDataView data) => [.. _mlContext.Data.CreateEnumerable<Added>(data, reuseRowObject: false, ignoreMissingColumns: true)];

    private static void AssertSame(Added expected, Added actual, string where)
    {
        Same.Bits<float>([expected.NormalizedScore, .. expected.NormalizedMap], [actual.NormalizedScore, .. actual.NormalizedMap], where);
        Same.Bits<double>(expected.NormalizedBoxScores, actual.NormalizedBoxScores, where);
        Assert.AreEqual((expected.PredictedLabel, expected.Decision), (actual.PredictedLabel, actual.Decision), where);
    }

    private sealed class Row
    {
        public string Camera { get; set; } = "left";

        public float Score { get; set; }

        [VectorType(4)]
        public float[] AnomalyMap { get; set; } = new float[4];

        public double[] Boxes { get; set; } = [];
    }

    private sealed class Added
    {
        public float NormalizedScore { get; set; }

        public bool PredictedLabel { get; set; }

        public int Decision { get; set; }

        public float[] NormalizedMap { get; set; } = [];

        public double[] NormalizedBoxScores { get; set; } = [];
    }
}
