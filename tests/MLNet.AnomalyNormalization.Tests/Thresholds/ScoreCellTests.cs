using CsCheck;
using MLNet.AnomalyNormalization.Thresholds;

namespace MLNet.AnomalyNormalization.Tests.Thresholds;

[TestClass]
public sealed class ScoreCellTests
{
    [TestMethod]
    public void Keys_order_as_their_floats_do()
        => Gen.Select(Gen.Single, Gen.Single).Where((a, b) => !float.IsNaN(a) && !float.IsNaN(b)).Check((a, b)
            => Assert.AreEqual(a.CompareTo(b), ScoreType.Single.KeyOf(a).CompareTo(ScoreType.Single.KeyOf(b))), seed: "0000KDXOm2k3", iter: 2000);

    [TestMethod]
    public void The_two_zeros_are_one() => Assert.AreEqual(ScoreType.Single.KeyOf(0f), ScoreType.Single.KeyOf(-0f));

    [TestMethod]
    [DataRow(0f)]
    [DataRow(-1.5f)]
    [DataRow(float.Epsilon)]
    [DataRow(float.NegativeInfinity)]
    [DataRow(float.PositiveInfinity)]
    public void A_cell_of_one_float_is_that_float(float score)
    {
        var cell = new ScoreCell(ScoreType.Single, ScoreType.Single.KeyOf(score), 0, 1, 0);
        Assert.AreEqual(((double)score, (double)score, true), (cell.Lowest, cell.Highest, cell.IsExact));
    }

    [TestMethod]
    public void A_wide_cell_ends_at_its_floats_and_never_in_NaN()
    {
        var one = new ScoreCell(ScoreType.Single, ScoreType.Single.KeyOf(1f), 16, 1, 0);
        Assert.AreEqual((1.0, (double)MathF.BitDecrement(1.0078125f)), (one.Lowest, one.Highest));
        var top = new ScoreCell(ScoreType.Single, ScoreType.Single.KeyOf(float.PositiveInfinity), 16, 1, 0);
        Assert.AreEqual((double.PositiveInfinity, double.PositiveInfinity), (top.Lowest, top.Highest));
        var bottom = new ScoreCell(ScoreType.Single, ScoreType.Single.KeyOf(float.NegativeInfinity) & ~0xFFFFul, 16, 1, 0);
        Assert.AreEqual((double.NegativeInfinity, double.NegativeInfinity), (bottom.Lowest, bottom.Highest));
    }
}
