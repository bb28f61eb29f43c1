using CsCheck;
using MLNet.AnomalyNormalization.Thresholds;

namespace MLNet.AnomalyNormalization.Tests.Thresholds;

[TestClass]
public sealed class NarrowingCountsTests
{
    private static readonly Gen<(float Score, bool IsAnomalous)[]> Rows =
        Gen.Select(Gen.OneOf(Gen.Single.Where(s => !float.IsNaN(s)), Gen.Int[-3, 3].Select(i => 1 + (i / 1e6f))), Gen.Bool).Array[1, 50];

    [TestMethod]
    public void Refined_cells_hold_the_sorted_scores()
        => Rows.Check(rows =>
        {
            NarrowingCounts counts = Counted(rows);
            while (counts.Refine(counts.FromTheTop()))
                Pass(counts, rows);

            var expected = rows.GroupBy(row => row.Score + 0f).OrderByDescending(group => group.Key)
                .Select(group => ((double)group.Key, (long)group.Count(row => !row.IsAnomalous), (long)group.Count(row => row.IsAnomalous)));
            CollectionAssert.AreEqual(
                expected.ToArray(), counts.FromTheTop().Select(cell => (cell.Lowest, cell.Normal, cell.Anomalous)).ToArray());
            foreach ((float score, _) in rows)
            {
                Assert.AreEqual(
                    ((long)rows.Count(r => r.Score >= score && !r.IsAnomalous), (long)rows.Count(r => r.Score >= score && r.IsAnomalous)),
                    counts.CountAtLeast(score));
            }
        }, seed: "0000KDXOm2k3", iter: 60);

    [TestMethod]
    public void One_pass_resolves_the_cells_of_a_few_ranks()
        => Gen.Select(Rows, Gen.Bool, Gen.Double.Unit).Check((rows, isAnomalous, place) =>
        {
            float[] ofClass = [.. rows.Where(row => row.IsAnomalous == isAnomalous).Select(row => row.Score).Order()];
            if (ofClass.Length == 0)
                return;
            int rank = 1 + (int)(place * (ofClass.Length - 1));
            NarrowingCounts counts = Counted(rows);
            Assert.IsTrue(counts.Refine([counts.CellOfRank(isAnomalous, rank)]));
            Pass(counts, rows);
            Assert.IsTrue(counts.CellOfRank(isAnomalous, rank).IsExact);
            Assert.AreEqual(ofClass[rank - 1], counts.CellOfRank(isAnomalous, rank).Lowest);
        }, seed: "0000KDXOm2k3", iter: 100);

    [TestMethod]
    public void Very_many_cells_take_more_passes_and_are_resolved_all_the_same()
    {
        // 40,000 cells of 17 scores: too many for single floats in the memory of one pass.
        (float Score, bool IsAnomalous)[] rows =
        [
            .. Enumerable.Range(0, 40_000 * 17)
                .Select(i => (Score: BitConverter.Int32BitsToSingle((100 << 16) + (i / 17 * 50_021) + (i % 17 * 401)), i % 3 == 0))
                .Where(row => float.IsFinite(row.Score)),
        ];
        NarrowingCounts counts = Counted(rows);
        int passes = 0;
        for (; counts.Refine(counts.FromTheTop()); passes++)
            Pass(counts, rows);

        Assert.IsInRange(2, 4, passes);
        CollectionAssert.AreEqual(
            rows.Select(row => (double)row.Score).Distinct().OrderDescending().ToArray(), counts.FromTheTop().Select(cell => cell.Lowest).ToArray());
    }

    [TestMethod]
    [DataRow(new[] { 1f, 2f }, DisplayName = "a row went missing")]
    [DataRow(new[] { 1f, 2f, 2.5f }, DisplayName = "a score changed")]
    [DataRow(new[] { 1f, 2f, 3f, 3f }, DisplayName = "a row came on top")]
    public void Scores_that_differ_from_pass_to_pass_are_refused(float[] secondPass)
    {
        var counts = new NarrowingCounts(ScoreType.Single);
        counts.StartPart().Add([1f, 2f, 3f], [false, false, false]);
        counts.EndPass();
        counts.Refine(counts.FromTheTop());
        counts.StartPart().Add(secondPass, new bool[secondPass.Length]);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(counts.EndPass).Message, "differ from one pass");
    }

    [TestMethod]
    public void Nothing_of_a_batch_with_a_NaN_is_counted()
    {
        var counts = new NarrowingCounts(ScoreType.Single);
        Assert.ThrowsExactly<ArgumentException>(() => counts.StartPart().Add([1f, float.NaN], [false, false]));
        counts.EndPass();
        Assert.AreEqual((0, 0), (counts.NormalCount, counts.AnomalousCount));
    }

    private static NarrowingCounts Counted((float Score, bool IsAnomalous)[] rows)
    {
        var counts = new NarrowingCounts(ScoreType.Single);
        Pass(counts, rows);
        return counts;
    }

    private static void Pass(NarrowingCounts counts, (float Score, bool IsAnomalous)[] rows)
    {
        counts.StartPart().Add<float>([.. rows.Select(row => row.Score)], [.. rows.Select(row => row.IsAnomalous)]);
        counts.EndPass();
    }
}
