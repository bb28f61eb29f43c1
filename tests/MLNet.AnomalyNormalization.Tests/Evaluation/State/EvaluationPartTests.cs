using MLNet.AnomalyNormalization.DataViews;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Evaluation.State;
using MLNet.AnomalyNormalization.Tests.DataViews;
using Microsoft.ML;

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
        Metrics.SameBits(expected.Pixel!, actual.Pixel!);
        CollectionAssert.AreEqual(expected.Pixel!.AreaUnderPerImageOverlaps.ToArray(), actual.Pixel!.AreaUnderPerImageOverlaps.ToArray());
    }

    private static IDataView Normalized(MaskedRow[] rows)
    {
        var mlContext = new MLContext();
        IDataView data = mlContext.Data.Cache(
            mlContext.Transforms.SelectColumns("Score", "AnomalyMap", "Mask", "SingleLabel").Fit(MaskedRows.View(mlContext, rows))
                .Transform(MaskedRows.View(mlContext, rows)));
        return mlContext.Transforms.NormalizeAnomaly(MaskedRows.Thresholds, new() { MapColumnName = "AnomalyMap" }).Fit(data).Transform(data);
    }
}
