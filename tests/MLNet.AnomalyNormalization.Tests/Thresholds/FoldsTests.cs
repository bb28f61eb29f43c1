using CsCheck;
using MLNet.AnomalyNormalization.Thresholds;

namespace MLNet.AnomalyNormalization.Tests.Thresholds;

[TestClass]
public sealed class FoldsTests
{
    private const string Seed = "0000KDXOm2k3";

    [TestMethod]
    public void Rows_of_a_group_share_a_fold_and_no_fold_is_empty()
        => Gen.Select(Gen.Int[0, 9].Array[20, 80], Gen.Int[2, 4], Gen.Int).Check((groups, folds, seed) =>
        {
            if (groups.Distinct().Count() < folds)
                return;
            int[] foldOf = Folds.Assign(groups, folds, seed);
            Assert.HasCount(folds, foldOf.Distinct());
            foreach (IGrouping<int, int> group in groups.Zip(foldOf).GroupBy(row => row.First, row => row.Second))
                Assert.HasCount(1, group.Distinct());
        }, seed: Seed, iter: 50);

    [TestMethod]
    public void Independent_rows_make_folds_that_differ_by_one_row_at_most()
        => Gen.Select(Gen.Int[10, 60], Gen.Int[2, 6], Gen.Int).Check((rows, folds, seed) =>
        {
            int[] sizes = [.. Folds.Assign([.. Enumerable.Range(0, rows)], folds, seed).CountBy(fold => fold).Select(fold => fold.Value)];
            Assert.IsLessThanOrEqualTo(1, sizes.Max() - sizes.Min());
        }, seed: Seed, iter: 50);

    [TestMethod]
    public void The_seed_alone_decides()
    {
        int[] rows = [.. Enumerable.Range(0, 40)];
        CollectionAssert.AreEqual(Folds.Assign(rows, 5, 7), Folds.Assign(rows, 5, 7));
        CollectionAssert.AreNotEqual(Folds.Assign(rows, 5, 7), Folds.Assign(rows, 5, 8));
    }

    [TestMethod]
    public void Fewer_groups_than_folds_are_refused_with_both_numbers()
    {
        var refusal = Assert.ThrowsExactly<InvalidOperationException>(() => Folds.Assign(["a", "b", "a", "b"], 3, 1));
        StringAssert.Contains(refusal.Message, "3 folds need at least 3 rows, or groups of rows, but there are 2");
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Folds.Assign([1, 2], 1, 1));
    }
}
