using System.Text.Json;
using CsCheck;
using MLNet.AnomalyNormalization.Tests;
using MLNet.AnomalyNormalization.Vision.Training;

namespace MLNet.AnomalyNormalization.Vision.Tests;

[TestClass]
public sealed class GreedyCoresetTests
{
    [TestMethod]
    public void It_chooses_what_the_original_chooses()
    {
        JsonElement golden = Oracle.Load("training.json").GetProperty("cases").GetProperty("coreset");
        double[][] points = [.. DirectArithmetic.Numbers(golden.GetProperty("points").GetProperty("values")).Chunk(4)];
        int[] chosen = GreedyCoreset.Choose(Table(points), All(points), 12);
        CollectionAssert.AreEqual(DirectArithmetic.Shape(golden.GetProperty("chosen")), chosen);
    }

    [TestMethod]
    public void Points_that_it_does_not_look_at_again_could_not_have_come_nearer()
        => Gen.Select(Gen.Int[1, 400], Gen.Int[1, 4], Gen.Int[1, 60], Gen.Int).Check((length, dimensions, count, seed) =>
        {
            // Whole numbers, so that distances are compared without rounding, and ties abound.
            var random = new Random(seed);
            double[][] points = [.. Enumerable.Range(0, length)
                .Select(_ => Enumerable.Range(0, dimensions).Select(_ => (double)random.Next(-40, 40)).ToArray())];
            int[] chosen = GreedyCoreset.Choose(Table(points), All(points), count);
            int distinct = points.Select(point => string.Join(' ', point)).Distinct().Count();
            return chosen.SequenceEqual(DirectArithmetic.Coreset(points, Math.Min(count, distinct)).Chosen);
        }, seed: "000000000002", iter: 200);

    [TestMethod]
    public void Many_points_are_no_other_matter()
    {
        var random = new Random(3);
        double[][] points = [.. Enumerable.Range(0, 10_000)
            .Select(_ => Enumerable.Range(0, 3).Select(_ => (double)random.Next(500)).ToArray())];
        CollectionAssert.AreEqual(DirectArithmetic.Coreset(points, 40).Chosen, GreedyCoreset.Choose(Table(points), All(points), 40));
    }

    [TestMethod]
    public void It_chooses_among_the_rows_that_it_is_given()
    {
        double[][] points = [[0], [100], [3], [1], [50]];
        CollectionAssert.AreEqual((int[])[2, 4, 0], GreedyCoreset.Choose(Table(points), new[] { 2, 3, 4, 0 }, 3));
    }

    [TestMethod]
    public void Equal_points_are_chosen_once()
    {
        double[][] points = [[1, 2], [1, 2], [4, 5], [1, 2]];
        CollectionAssert.AreEqual((int[])[0, 2], GreedyCoreset.Choose(Table(points), All(points), 4));
        Assert.IsEmpty(GreedyCoreset.Choose(Table(points), [], 4));
    }

    [TestMethod]
    public void It_stops_when_it_is_told_to()
    {
        double[][] points = [.. Enumerable.Range(0, 100).Select(i => (double[])[i])];
        using var cancellation = new CancellationTokenSource();
        int count = 0;
        Assert.Throws<OperationCanceledException>(() => GreedyCoreset.Choose(
            Table(points), All(points), 50, () => { if (++count == 5) cancellation.Cancel(); }, cancellation.Token));
        Assert.AreEqual(5, count);
    }

    private static RowStore Table(double[][] points)
    {
        var table = new RowStore(points[0].Length);
        foreach (double[] point in points)
            table.Add(Array.ConvertAll(point, value => (float)value));
        return table;
    }

    private static int[] All(double[][] points) => [.. Enumerable.Range(0, points.Length)];
}
