using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.DataViews;
using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Tests.DataViews;

[TestClass]
public sealed class LabelReaderTests
{
    private static readonly bool?[] s_expected = [false, true, null, true, false];

    private readonly MLContext _mlContext = new(seed: 1);

    private IDataView Data => _mlContext.Data.LoadFromEnumerable(
        s_expected.Select(label => new LabelledRow
        {
            Boolean = label == true,
            Byte = (byte)(label == true ? 1 : 0),
            Int64 = label is { } known ? known ? 1 : 0 : -1,
            Number = label is { } known2 ? known2 ? 1 : 0 : float.NaN,
            Text = label is { } known3 ? known3 ? "scratch" : "Good" : "",
            Word = label is { } known4 ? known4 ? "true" : "False" : "Unknown",
        }));

    [TestMethod]
    [DataRow("Int64", DisplayName = "Int64 with -1 for unknown")]
    [DataRow("Number", DisplayName = "Single with NaN for unknown")]
    [DataRow("Text", DisplayName = "names, good in any case")]
    [DataRow("Word", DisplayName = "words for Boolean values")]
    public void Labels_of_every_type_mean_the_same(string column) => CollectionAssert.AreEqual(s_expected, Read(Data, column));

    [TestMethod]
    [DataRow("Boolean", DisplayName = "Boolean")]
    [DataRow("Byte", DisplayName = "Byte")]
    public void Types_without_a_value_for_unknown_know_all(string column)
        => CollectionAssert.AreEqual(s_expected.Select(label => (bool?)(label == true)).ToArray(), Read(Data, column));

    [TestMethod]
    [DataRow("Text", DisplayName = "text")]
    [DataRow("Number", DisplayName = "numbers, in the order of their appearance")]
    [DataRow("Int64", DisplayName = "whole numbers")]
    public void Keys_mean_what_their_values_mean(string column)
    {
        // The first key is that of whatever comes first, so that only values can tell.
        IDataView data = _mlContext.Data.TakeRows(_mlContext.Data.SkipRows(Data, 1), 4);
        IDataView keys = _mlContext.Transforms.Conversion.MapValueToKey("Key", column).Fit(data).Transform(data);
        CollectionAssert.AreEqual(s_expected[1..], Read(keys, "Key"));
    }

    [TestMethod]
    public void Of_two_keys_without_values_the_first_is_normal_as_in_the_evaluator_of_ML_NET()
    {
        // In objects keys begin at 0; one beyond the last is missing.
        IDataView data = _mlContext.Data.LoadFromEnumerable<KeyRow>([new() { Key = 0 }, new() { Key = 1 }, new() { Key = 2 }]);
        CollectionAssert.AreEqual(new bool?[] { false, true, null }, Read(data, "Key"));
    }

    [TestMethod]
    public void Names_of_normal_rows_can_be_given()
        => CollectionAssert.AreEqual(new bool?[] { true, false, null, false, true }, Read(Data, "Text", ["scratch"]));

    [TestMethod]
    public void A_number_that_is_no_label_is_refused_with_what_is_due()
    {
        IDataView data = _mlContext.Data.LoadFromEnumerable<LabelledRow>([new() { Int64 = 3 }]);
        StringAssert.Contains(Assert.ThrowsExactly<FormatException>(() => Read(data, "Int64")).Message, "the label is 3; expected 0, 1 or");
    }

    [TestMethod]
    public void An_evaluation_takes_labels_as_text()
    {
        IDataView data = _mlContext.Data.LoadFromEnumerable<LabelledRow>(
            [new() { Text = "good", Number = 20 }, new() { Text = "cut", Number = 150 }, new() { Text = "part 7", Number = 30 }]);
        AnomalyEvaluation evaluation = _mlContext.AnomalyDetection.EvaluateNormalized(
            data, new() { ScoreColumnName = "Number", LabelColumnName = "Text", NormalLabels = ["GOOD", "part 7"] });
        Assert.AreEqual(new ConfusionCounts(1, 0, 2, 0), evaluation.Image!.Counts);
    }

    private static bool?[] Read(IDataView data, string name, IReadOnlyList<string>? normalLabels = null)
    {
        DataViewSchema.Column column = data.Schema[name];
        Assert.IsTrue(LabelReader.CanRead(column.Type));
        using DataViewRowCursor cursor = data.GetRowCursor([column]);
        Func<bool?> reader = LabelReader.Of(cursor, column, normalLabels ?? new AnomalyEvaluationOptions().NormalLabels);
        var labels = new List<bool?>();
        while (cursor.MoveNext())
            labels.Add(reader());
        return [.. labels];
    }

    private sealed class LabelledRow
    {
        public bool Boolean { get; set; }

        public byte Byte { get; set; }

        public long Int64 { get; set; }

        public float Number { get; set; }

        public string Text { get; set; } = "";

        public string Word { get; set; } = "";
    }

    private sealed class KeyRow
    {
        [KeyType(2)]
        public uint Key { get; set; }
    }
}
