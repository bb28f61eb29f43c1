using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.Tests.DataViews;

/// <summary>With real trainers, whose score columns are what they are.</summary>
[TestClass]
public sealed class ClassScoreEstimatorTests : IDisposable
{
    private static readonly string[] s_kinds = ["worn", "good", "blocked"];

    private readonly MLContext _mlContext = new(seed: 1);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow(nameof(Part.Kind), "good", "good", DisplayName = "text")]
    [DataRow(nameof(Part.Kind), "GOOD", "good", DisplayName = "text in other letters")]
    [DataRow(nameof(Part.IsFaulty), "False", "False", DisplayName = "Boolean")]
    [DataRow(nameof(Part.Code), "0", "0", DisplayName = "numbers")]
    public void It_is_one_less_the_score_of_the_normal_class(string label, string asked, string normal)
    {
        IDataView data = _mlContext.Data.LoadFromEnumerable(Part.Draw(60));
        IEstimator<ITransformer> pipeline = Classifier(label).Append(_mlContext.Transforms.MapClassScoresToAnomalyScore("AnomalyScore", asked));
        IDataView scored = pipeline.Fit(data).Transform(data);
        int slot = Array.IndexOf(Classes(scored), normal);
        Assert.IsGreaterThanOrEqualTo(0, slot);

        float[][] scores = [.. scored.GetColumn<float[]>("Score")];
        float[][] anomaly = [.. scored.GetColumn<float[]>("AnomalyScore")];
        Assert.HasCount(60, anomaly);
        for (int i = 0; i < anomaly.Length; i++)
            CollectionAssert.AreEqual(new[] { 1 - scores[i][slot] }, anomaly[i]);
    }

    [TestMethod]
    public void A_model_that_stock_ML_NET_has_saved_and_loaded_gives_the_same_bits_and_the_label_of_its_threshold()
    {
        IDataView data = _mlContext.Data.LoadFromEnumerable(Part.Draw(200));
        TransformerChain<AnomalyNormalizationTransformer> model = _mlContext.AnomalyDetection.CalibrateThresholds(
            Classifier(nameof(Part.Kind)).Append(_mlContext.Transforms.MapClassScoresToAnomalyScore("AnomalyScore", "good")),
            data, ThresholdStrategy.FalsePositiveRate(0.1),
            options: new() { ScoreColumnName = "AnomalyScore", LabelColumnName = nameof(Part.Kind), PredictedLabelColumnName = "IsAnomalous" });
        _mlContext.Model.Save(model, data.Schema, _folder["model.zip"]);

        IDataView expected = model.Transform(data);
        IDataView actual = new MLContext().Model.Load(_folder["model.zip"], out _).Transform(data);
        float[] raw = [.. expected.GetColumn<float[]>("AnomalyScore").Select(score => score.Single())];
        bool[] labels = [.. expected.GetColumn<bool[]>("IsAnomalous").Select(label => label.Single())];
        CollectionAssert.AreEqual(raw.Select(score => score >= model.LastTransformer.Thresholds.Image).ToArray(), labels);
        Assert.IsTrue(labels.Contains(true) && labels.Contains(false));
        foreach (string column in (string[])["AnomalyScore", "NormalizedScore"])
            CollectionAssert.AreEqual(Bits(expected, column), Bits(actual, column));
        CollectionAssert.AreEqual(labels, actual.GetColumn<bool[]>("IsAnomalous").Select(label => label.Single()).ToArray());

        static int[] Bits(IDataView data, string column)
            => [.. data.GetColumn<float[]>(column).Select(score => BitConverter.SingleToInt32Bits(score.Single()))];
    }

    [TestMethod]
    public void Models_that_met_the_classes_in_another_order_are_read_by_the_name_of_the_class()
    {
        Part[] parts = Part.Draw(90);
        IEstimator<ITransformer> pipeline = Classifier(nameof(Part.Kind))
            .Append(_mlContext.Transforms.MapClassScoresToAnomalyScore("AnomalyScore", "good"));
        IDataView there = _mlContext.Data.LoadFromEnumerable(parts), back = _mlContext.Data.LoadFromEnumerable(parts.Reverse());
        ITransformer first = pipeline.Fit(there), second = pipeline.Fit(back);
        CollectionAssert.AreNotEqual(Classes(first.Transform(there)), Classes(second.Transform(there)));
        foreach (ITransformer model in (ITransformer[])[first, second])
        {
            double[] scores = [.. model.Transform(there).GetColumn<float[]>("AnomalyScore").Select(score => (double)score.Single())];
            double ofGood = scores.Zip(parts).Where(pair => pair.Second.Kind == "good").Average(pair => pair.First);
            double ofFaulty = scores.Zip(parts).Where(pair => pair.Second.Kind != "good").Average(pair => pair.First);
            Assert.IsLessThan(ofFaulty - 0.3, ofGood);
        }
    }

    [TestMethod]
    public void The_schema_is_foretold()
    {
        IDataView data = _mlContext.Data.LoadFromEnumerable(Part.Draw(30));
        IEstimator<ITransformer> pipeline = Classifier(nameof(Part.Kind))
            .Append(_mlContext.Transforms.MapClassScoresToAnomalyScore("AnomalyScore", "good"))
            .Append(_mlContext.Transforms.NormalizeAnomaly(new AnomalyThresholds(0.5, 0.5), new() { ScoreColumnName = "AnomalyScore" }));
        IDataView scored = pipeline.Fit(data).Transform(data);
        Assert.AreEqual(new VectorDataViewType(NumberDataViewType.Single, 1), scored.Schema["NormalizedScore"].Type);
    }

    [TestMethod]
    public void A_class_that_the_model_has_not_is_told_with_those_that_it_has()
    {
        IDataView data = _mlContext.Data.LoadFromEnumerable(Part.Draw(30));
        IDataView scored = Classifier(nameof(Part.Kind)).Fit(data).Transform(data);
        ArgumentOutOfRangeException error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => _mlContext.Transforms.MapClassScoresToAnomalyScore("AnomalyScore", "fine").Fit(scored));
        foreach (string part in (string[])["'Score'", "'fine'", "'worn'", "'good'", "'blocked'"])
            Assert.Contains(part, error.Message);
    }

    [TestMethod]
    public void Two_classes_that_only_letters_tell_apart_are_not_guessed_between()
    {
        Part[] parts = Part.Draw(30);
        foreach (Part part in parts.Where(part => part.Kind == "worn"))
            part.Kind = "Good";
        IDataView data = _mlContext.Data.LoadFromEnumerable(parts);
        IDataView scored = Classifier(nameof(Part.Kind)).Fit(data).Transform(data);
        string message = Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => _mlContext.Transforms.MapClassScoresToAnomalyScore("AnomalyScore", "good").Fit(scored)).Message;
        StringAssert.Contains(message, "expected one class 'good', got 'Good', 'good', 'blocked'");
    }

    [TestMethod]
    [DataRow("Score", "a schema with", DisplayName = "no scores")]
    [DataRow(nameof(Part.X), "got Single", DisplayName = "a scalar")]
    [DataRow("Features", "Vector<Single, 2> whose classes have no names", DisplayName = "a vector that isn't of classes")]
    [DataRow("Wide", "got Vector<Double, 2>.", DisplayName = "a vector of Double")]
    [DataRow(nameof(Part.Kind), "got String", DisplayName = "text")]
    public void A_column_that_holds_no_scores_of_classes_is_refused(string column, string said)
    {
        IDataView data = _mlContext.Data.LoadFromEnumerable(Part.Draw(10));
        data = _mlContext.Transforms.Concatenate("Features", nameof(Part.X), nameof(Part.Y))
            .Append(_mlContext.Transforms.Conversion.ConvertType("Wide", "Features", DataKind.Double)).Fit(data).Transform(data);
        ArgumentOutOfRangeException error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => _mlContext.Transforms.MapClassScoresToAnomalyScore("AnomalyScore", "good", column).Fit(data));
        Assert.Contains($"'{column}'", error.Message);
        Assert.Contains(said, error.Message);
    }

    private IEstimator<ITransformer> Classifier(string label) => _mlContext.Transforms.Concatenate("Features", nameof(Part.X), nameof(Part.Y))
        .Append(_mlContext.Transforms.Conversion.MapValueToKey(label, label))
        .Append(_mlContext.MulticlassClassification.Trainers.LbfgsMaximumEntropy(label))
        .Append(_mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"));

    private static string[] Classes(IDataView scored)
        => MLNet.AnomalyNormalization.DataViews.LabelReader.ValuesOf(scored.Schema["Score"], "TrainingLabelValues")!;

    private sealed class Part
    {
        public float X { get; set; }

        public float Y { get; set; }

        public string Kind { get; set; } = "";

        public bool IsFaulty { get; set; }

        public float Code { get; set; }

        public static Part[] Draw(int count)
        {
            var random = new Random(3);
            return [.. Enumerable.Range(0, count).Select(i => new Part
            {
                X = (i % 3) + random.NextSingle(),
                Y = ((i + 1) % 3) + random.NextSingle(),
                Kind = s_kinds[i % 3],
                IsFaulty = i % 3 != 1,
                Code = (i + 2) % 3,
            })];
        }
    }
}
