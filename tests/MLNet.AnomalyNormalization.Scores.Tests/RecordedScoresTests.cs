using System.Diagnostics;
using MLNet.AnomalyNormalization.Tests;
using Parquet;
using Parquet.Schema;

namespace MLNet.AnomalyNormalization.Scores.Tests;

[TestClass]
public sealed class RecordedScoresTests
{
    private static readonly double[] Recorded = [0.1, 100.3, -2];
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

        CollectionAssert.AreEqual(Recorded, doubles.Scores.ToArray());
        CollectionAssert.AreEqual(Recorded.Select(score => (double)(float)score).ToArray(), singles.Scores.ToArray());
        CollectionAssert.AreEqual(Labels, doubles.Labels.ToArray());
        Assert.AreEqual((false, true), (doubles.AreSingle, singles.AreSingle));
    }

    [TestMethod]
    [DataRow("", "is empty, or no regular file", DisplayName = "empty")]
    [DataRow("\n\n", "has no header; expected one with a column 'Score'", DisplayName = "empty lines")]
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
            (new DataField<double>("Score"), (group, field) => group.WriteAsync<double>(field, Recorded)),
            (new DataField<float>("Single"), (group, field) => group.WriteAsync<float>(field, singles)),
            (new DataField<bool?>("Label"), (group, field) => group.WriteAsync<bool>(field, new bool?[] { true, false, null })),
            (new DataField<int>("Number"), (group, field) => group.WriteAsync<int>(field, new[] { 1, 0, -1 })));

        foreach (string label in new[] { "Label", "Number" })
        {
            RecordedScores recorded = RecordedScores.Read(path, "Score", label, wantsSingle: null);
            CollectionAssert.AreEqual((double[])[.. Recorded, .. Recorded], recorded.Scores.ToArray());
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

    [TestMethod]
    [DataRow("scores.csv")]
    [DataRow("scores.parquet")]
    public async Task A_pipe_or_a_device_is_refused_instead_of_waited_for(string name)
    {
        using var folder = new TemporaryFolder();
        if (!OperatingSystem.IsLinux())
            Assert.Inconclusive("needs mkfifo and /dev/zero");

        using (Process make = Process.Start("mkfifo", [folder[name]]))
            make.WaitForExit();
        File.CreateSymbolicLink(folder["device" + name], "/dev/zero");
        foreach (string path in new[] { folder[name], folder["device" + name] })
        {
            InvalidDataException refused = await Task.Run(() => Assert.ThrowsExactly<InvalidDataException>(
                () => RecordedScores.Read(path, "Score", "Label", wantsSingle: null))).WaitAsync(TimeSpan.FromMinutes(1));
            StringAssert.Contains(refused.Message, $"'{path}' is empty, or no regular file", StringComparison.Ordinal);
        }
    }

    [TestMethod]
    public void A_reader_that_goes_round_in_circles_is_not_waited_for()
    {
        InvalidDataException refused = Assert.ThrowsExactly<InvalidDataException>(() => RecordedScores.InTime(
            () => new TaskCompletionSource<RecordedScores>().Task, "scores.parquet", TimeSpan.FromSeconds(0.1)));

        StringAssert.Contains(refused.Message, "'scores.parquet' was not read in 0.1 s", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Parquet_that_says_that_it_has_more_rows_than_it_can_have_is_refused_before_they_take_memory()
    {
        using var folder = new TemporaryFolder();
        string path = folder["scores.parquet"];
        double[] same = [.. Enumerable.Repeat(0.5, 200_000)];
        await Write(path, (new DataField<double>("Score"), (group, field) => group.WriteAsync<double>(field, same)));
        Assert.HasCount(2 * same.Length, RecordedScores.Read(path, "Score", labelColumn: null, wantsSingle: null).Scores);

        InvalidDataException refused = Assert.ThrowsExactly<InvalidDataException>(
            () => RecordedScores.RequireRows(path, length: 600, rows: 1L << 40));
        StringAssert.Contains(refused.Message, $"'{path}' has 600 bytes, but says that it has 1099511627776 rows", StringComparison.Ordinal);
    }

    // The reader that goes round in circles keeps a processor busy until the process ends.
    [TestMethod]
    [TestCategory("Long")]
    public async Task Every_flipped_bit_ends_in_scores_or_in_a_refusal_also_that_which_sends_the_reader_round_in_circles()
    {
        using var folder = new TemporaryFolder();
        string path = folder["scores.parquet"];
        await Write(path,
            (new DataField<double>("Score"), (group, field) => group.WriteAsync<double>(field, Recorded)),
            (new DataField<bool?>("Label"), (group, field) => group.WriteAsync<bool>(field, new bool?[] { true, false, null })));
        byte[] whole = File.ReadAllBytes(path);

        // The end of what describes the file; behind it stand its length and the name of the format.
        int end = 8 * (whole.Length - 9);
        foreach (int bit in Enumerable.Range(0, 8 * whole.Length).Where(bit => bit <= end || bit >= end + 8))
        {
            byte[] damaged = [.. whole];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            File.WriteAllBytes(path, damaged);
            TimeSpan patience = bit == end ? TimeSpan.FromSeconds(1) : TimeSpan.FromMinutes(1);
            try
            {
                _ = RecordedScores.Read(path, "Score", "Label", wantsSingle: null, patience);
                Assert.AreNotEqual(end, bit);
            }
            catch (InvalidDataException e)
            {
                StringAssert.Contains(e.Message, path, StringComparison.Ordinal);
                Assert.AreEqual(bit == end, e.Message.Contains("was not read in 1 s", StringComparison.Ordinal), e.Message);
            }
        }

        Console.WriteLine($"{GC.GetTotalMemory(forceFullCollection: false):N0} bytes");
    }

    internal static async Task Write(string path, params (DataField Field, Func<ParquetRowGroupWriter, DataField, Task> Write)[] columns)
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
