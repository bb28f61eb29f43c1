using CsCheck;
using MLNet.AnomalyNormalization.Evaluation.Curves;
using MLNet.AnomalyNormalization.Scale;

namespace MLNet.AnomalyNormalization.Tests.Evaluation;

[TestClass]
public class CutCounterTests
{
    [TestMethod]
    public void Scores_are_counted_as_comparing_each_with_every_cut_would()
        => Gen.Select(
            Gen.OneOf(Draw.AnyScore.Array[1, 50], Draw.AnyScore.Array[1, 3], CrowdedScore.Array[1, 200]),
            Gen.OneOf(Draw.AnyScore, CrowdedScore).Array[0, 100]).Check(5_000, drawn =>
        {
            var (cutScores, scores) = drawn;
            uint[] cuts = [.. cutScores.Select(score => ScoreKey.Of(score + 0f)).Distinct().Order()];
            scores = [.. scores.Select(score => score + 0f)];
            var counter = new CutCounter(cuts);
            var counts = new long[counter.Counters];
            counter.Count(scores, counts);

            var expected = new long[(2 * cuts.Length) + 1];
            foreach (float score in scores)
            {
                int below = cuts.Count(cut => ScoreKey.ToScore(cut) < score);
                bool isCut = cuts.Any(cut => ScoreKey.ToScore(cut) == score);
                expected[(2 * below) + (isCut ? 1 : 0)]++;
            }

            CollectionAssert.AreEqual(expected, counts);
        });

    /// <summary>Neighbours in the last bits of a Single: with a far outlier among the cuts they share one bucket.</summary>
    private static Gen<float> CrowdedScore { get; } = Gen.Frequency(
        (100, Gen.Int[0, 500].Select(i => BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(100) + i))),
        (1, Gen.Const(1e30f)));
}
