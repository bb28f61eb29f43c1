using CsCheck;
using MLNet.AnomalyNormalization.Scale;
using MLNet.AnomalyNormalization.Tests.Evaluation;

namespace MLNet.AnomalyNormalization.Tests;

[TestClass]
public class ScoreKeyTests
{
    [TestMethod]
    public void Keys_have_the_order_of_scores_and_give_them_back()
        => Gen.Select(Draw.AnyScore, Draw.AnyScore).Check(20_000, drawn =>
        {
            var (a, b) = drawn;
            (a, b) = (a + 0f, b + 0f);
            Assert.AreEqual(a.CompareTo(b), ScoreKey.Of(a).CompareTo(ScoreKey.Of(b)));
            Assert.AreEqual(BitConverter.SingleToInt32Bits(a), BitConverter.SingleToInt32Bits(ScoreKey.ToScore(ScoreKey.Of(a))));
        });
}
