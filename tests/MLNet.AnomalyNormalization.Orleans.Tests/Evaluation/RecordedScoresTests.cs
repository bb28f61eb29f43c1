using MLNet.AnomalyNormalization.Tests;
using Parquet;
using Parquet.Schema;

namespace MLNet.AnomalyNormalization.Orleans.Tests.Evaluation;

[TestClass]
public sealed class RecordedScoresTests
{
    private static readonly double[] Scores = [0.1, 100.3, -2];
    private static readonly float[] Labels = [1, 0, float.NaN];

    [TestMethod]
    [DataRow("Score,Label\n0.1,true\n100.3,false\n-2,\n", DisplayName = "words, and nothing for unknown")]
    [DataRow("Label,Score\n1,0.1\n0,100.3\n-1,-2\n", DisplayName = "numbers, in another order")]
    [DataRow("\uFEFFid,\"Score\",Label\r\n\"a,b\",\"0.1\",1\r\nc,1.003e2,FALSE\r\nd,-2,NaN", DisplayName = "quotes, a byte order mark, other columns")]
    public void Comma_separated_values_are_read(string text)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["scores.csv"], text);

        RecordedScores doubles = RecordedScores.Read(folder["scores.csv"], "Score", "Label", wantsSingle: false);
        RecordedScores singles = RecordedScores.Read(folder["scores.csv"], "Score", "Label", wantsSingle: null);

        CollectionAssert.AreEqual(Scores, doubles.Scores.ToArray());
        CollectionAssert.AreEqual(Scores.Select(score => (double)(float)score).ToArray(), singles.Scores.ToArray());
        CollectionAssert.AreEqual(Labels, doubles.Labels.ToArray());
        Assert.AreEqual((false, true), (doubles.AreSingle, singles.AreSingle));
    }

    [TestMethod]
    [DataRow("", "is empty; expected a header with a column 'Score'", DisplayName = "empty")]
    [DataRow("Points,Label\n1,1\n", "has no column 'Score'; it has Points, Label", DisplayName = "another column")]
    [DataRow("Score,Label\n\"0,5\",1\n", "line 2: column 'Score' holds '0,5'; expected a number", DisplayName = "a comma for the point")]
    [DataRow("Score,Label\n1,1\n,1\n", "line 3: column 'Score' holds ''", DisplayName = "no score")]
    [DataRow("Score,Label\n1,defect\n", "column 'Label' holds 'defect'; expected true, false, 0, 1", DisplayName = "another label")]
    [DataRow("Score,Label\n1,2\n", "column 'Label' holds '2'", DisplayName = "another number for a label")]
    public void What_is_wrong_with_a_text_file_is_said_with_its_name_and_place(string text, string message)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["scores.csv"], text);

        InvalidDataException refused = Assert.ThrowsExactly<InvalidDataException>(
            () => RecordedScores.Read(folder["scores.csv"], "Score", "Label", wantsSingle: null));

        StringAssert.Contains(refused.Message, folder["scores.csv"], StringComparison.Ordinal);
        StringAssert.Contains(refused.Message, message, StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Parquet_is_read_whatever_its_types_and_row_groups()
    {
        using var folder = new TemporaryFolder();
        string path = folder["scores.parquet"];
        float[] singles = [0.1f, 100.3f, -2];
        await Write(path,
            (new DataField<double>("Score"), (group, field) => group.WriteAsync<double>(field, Scores)),
            (new DataField<float>("Single"), (group, field) => group.WriteAsync<float>(field, singles)),
            (new DataField<bool?>("Label"), (group, field) => group.WriteAsync<bool>(field, new bool?[] { true, false, null })),
            (new DataField<int>("Number"), (group, field) => group.WriteAsync<int>(field, new[] { 1, 0, -1 })));

        foreach (string label in new[] { "Label", "Number" })
        {
            RecordedScores recorded = RecordedScores.Read(path, "Score", label, wantsSingle: null);
            CollectionAssert.AreEqual((double[])[.. Scores, .. Scores], recorded.Scores.ToArray());
            CollectionAssert.AreEqual((float[])[.. Labels, .. Labels], recorded.Labels.ToArray());
            Assert.IsFalse(recorded.AreSingle);
        }

        RecordedScores single = RecordedScores.Read(path, "Single", labelColumn: null, wantsSingle: null);
        CollectionAssert.AreEqual(singles.Concat(singles).Select(score => (double)score).ToArray(), single.Scores.ToArray());
        Assert.IsTrue(single.AreSingle && single.Labels.All(float.IsNaN));
        InvalidDataException wrongType = Assert.ThrowsExactly<InvalidDataException>(() => RecordedScores.Read(path, "Number", null, null));
        StringAssert.Contains(wrongType.Message, "column 'Number': expected Single or Double, got Int32", StringComparison.Ordinal);
    }

    [TestMethod]
    [DataRow("scores.parquet", DisplayName = "no Parquet")]
    [DataRow("scores.xlsx", DisplayName = "another kind")]
    public void A_file_of_another_kind_is_refused_by_its_name(string name)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder[name], "This is something else altogether.");

        InvalidDataException refused = Assert.ThrowsExactly<InvalidDataException>(
            () => RecordedScores.Read(folder[name], "Score", "Label", wantsSingle: null));

        StringAssert.Contains(refused.Message, folder[name], StringComparison.Ordinal);
    }

    private static async Task Write(string path, params (DataField Field, Func<ParquetRowGroupWriter, DataField, Task> Write)[] columns)
    {
        var schema = new ParquetSchema(columns.Select(column => column.Field));
        await using FileStream file = File.Create(path);
        await using ParquetWriter writer = await ParquetWriter.CreateAsync(schema, file);
        for (int i = 0; i < 2; i++)
        {
            using ParquetRowGroupWriter group = writer.CreateRowGroup();
            foreach ((DataField field, Func<ParquetRowGroupWriter, DataField, Task> write) in columns)
                await write(group, schema.DataFields.Single(other => other.Name == field.Name));
        }
    }
}
