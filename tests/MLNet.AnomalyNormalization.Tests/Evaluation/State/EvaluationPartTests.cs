using System.Text;
using Microsoft.ML;
using MLNet.AnomalyNormalization.DataViews;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Evaluation.State;
using MLNet.AnomalyNormalization.Tests.DataViews;

namespace MLNet.AnomalyNormalization.Tests.Evaluation;

[TestClass]
public sealed class EvaluationPartTests
{
    private static readonly AnomalyEvaluationOptions Options = new()
    {
        LabelColumnName = "SingleLabel",
        MaskColumnName = "Mask",
        Pixel = new() { PerImageOverlapLowerBound = 0.05, PerImageOverlapUpperBound = 0.5, PerImageOverlapThresholds = 2000 },
    };

    [TestMethod]
    [DataRow(1, DisplayName = "row by row")]
    [DataRow(7, DisplayName = "some rows at a time")]
    [DataRow(150, DisplayName = "all rows at once")]
    public void Parts_that_were_written_read_and_merged_in_order_compute_what_one_pass_does(int rowsPerPart)
    {
        MaskedRow[] rows = MaskedRows.Make(150, withUnknown: true);
        AnomalyEvaluation expected = new MLContext().AnomalyDetection.EvaluateNormalized(Normalized(rows), Options);

        var all = new EvaluationPart(Options);
        foreach (MaskedRow[] part in rows.Chunk(rowsPerPart))
        {
            using var stream = new MemoryStream();
            new DataViewEvaluation(Normalized(part), Options, progress: null).Read(threads: 1, CancellationToken.None).WriteTo(stream);
            stream.Position = 0;
            all.Merge(EvaluationPart.ReadFrom(stream));
        }

        AnomalyEvaluation actual = all.Compute(Options, 100, 100);
        Assert.AreEqual(rows.Length, all.RowCount);
        Assert.AreEqual(expected.Image, actual.Image);
        Assert.AreEqual(expected.Decisions!.Value, actual.Decisions);
        Metrics.SameBits(expected.Pixel!, actual.Pixel!);
        CollectionAssert.AreEqual(expected.Pixel!.AreaUnderPerImageOverlaps.ToArray(), actual.Pixel!.AreaUnderPerImageOverlaps.ToArray());
    }

    [TestMethod]
    [DataRow(1, 1, double.NaN, "", DisplayName = "a part as it is written")]
    [DataRow(-1, 0, double.NaN, "rows, which are not those", DisplayName = "fewer rows than none")]
    [DataRow(1, 0, double.NaN, "rows, which are not those", DisplayName = "a row of which nobody says whether it has pixels")]
    [DataRow(2, 2, double.NaN, "rows, which are not those", DisplayName = "more rows with pixels than images, which was an index out of range")]
    [DataRow(1, 1, double.PositiveInfinity, "a decision that is not finite", DisplayName = "a decision at infinity")]
    public void A_part_that_no_rows_leave_behind_is_refused_under_a_right_checksum(long rowCount, int rows, double decision, string reason)
    {
        using var stream = new MemoryStream();
        Write(stream, rowCount, rows, decision);
        stream.Position = 0;
        if (reason.Length == 0)
            Assert.AreEqual(rowCount, EvaluationPart.ReadFrom(stream).RowCount);
        else
            StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => EvaluationPart.ReadFrom(stream)).Message, reason);
    }

    [TestMethod]
    [DataRow(80, 120, true, DisplayName = "a band")]
    [DataRow(80, double.NaN, false, DisplayName = "half a band")]
    [DataRow(0, 120, false, DisplayName = "from 0 on nothing passes")]
    [DataRow(120, 80, false, DisplayName = "a band that ends before it begins")]
    public void A_band_that_is_none_is_refused(double from, double to, bool isBand)
    {
        using var stream = new MemoryStream();
        Write(stream, 1, 1, double.NaN, from: from, to: to);
        stream.Position = 0;
        if (isBand)
            Assert.AreEqual(new ReviewBand(from, to), EvaluationPart.ReadFrom(stream).ReviewBand);
        else
            StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => EvaluationPart.ReadFrom(stream)).Message, "a band that is none");
    }

    [TestMethod]
    [DataRow("a b", "", DisplayName = "two groups")]
    [DataRow("a a", "'a'", DisplayName = "a group twice")]
    [DataRow("a", "'a'", true, DisplayName = "groups within a group, which could be nested until the stack ends")]
    public void Groups_are_there_once_and_have_none(string names, string reason, bool isNested = false)
    {
        using var stream = new MemoryStream();
        Write(stream, 1, 1, double.NaN, names.Split(' '));
        foreach (string _ in names.Split(' '))
            Write(stream, 1, 1, double.NaN, isNested ? ["within"] : []);
        if (isNested)
            Write(stream, 1, 1, double.NaN);
        stream.Position = 0;
        if (reason.Length == 0)
            Assert.AreEqual(1, EvaluationPart.ReadFrom(stream).RowCount);
        else
            StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => EvaluationPart.ReadFrom(stream)).Message, reason);
    }

    private static void Write(Stream stream, long rowCount, int rows, double decision, string[]? groups = null, double from = double.NaN, double to = double.NaN)
    {
        using (var writer = new StateWriter(stream, kind: 4))
        {
            writer.Write((byte)1);
            writer.Write(decision);
            writer.Write(double.NaN);
            writer.Write(from);
            writer.Write(to);
            writer.Write(rowCount);
            writer.Write(rows);
            writer.Write<byte>([.. Enumerable.Repeat((byte)1, rows)]);
            writer.Write(groups?.Length ?? 0);
            foreach (string name in groups ?? [])
            {
                writer.Write(name.Length);
                writer.Write<byte>(Encoding.UTF8.GetBytes(name));
            }

            writer.Complete();
        }

        new ImageEvaluator().WriteTo(stream);
        var pixels = new PixelEvaluator(Options.Pixel);
        pixels.Add([1, 2], [0, 1], 1, 2);
        pixels.WriteTo(stream);
    }

    private static IDataView Normalized(MaskedRow[] rows)
    {
        var mlContext = new MLContext();
        IDataView data = mlContext.Data.Cache(
            mlContext.Transforms.SelectColumns("Score", "AnomalyMap", "Mask", "SingleLabel").Fit(MaskedRows.View(mlContext, rows))
                .Transform(MaskedRows.View(mlContext, rows)));
        return mlContext.Transforms.NormalizeAnomaly(MaskedRows.Thresholds, new() { MapColumnName = "AnomalyMap", ReviewBand = new(90, 110) }).Fit(data).Transform(data);
    }
}
