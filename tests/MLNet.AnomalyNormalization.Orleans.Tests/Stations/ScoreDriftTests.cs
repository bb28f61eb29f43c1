using CsCheck;
using MLNet.AnomalyNormalization.Orleans.Stations;
using MLNet.AnomalyNormalization.Tests;

namespace MLNet.AnomalyNormalization.Orleans.Tests.Stations;

[TestClass]
public sealed class ScoreDriftTests
{
    private static readonly Gen<float[]> Scores = Gen.Float[0, 1000].Array[1, 200];

    [TestMethod]
    public void The_distance_is_that_of_the_two_step_functions()
        => Gen.Select(Scores, Scores).Check((recent, reference) =>
        {
            double slow = Enumerable.Range(0, 1001).Max(step => Math.Abs(ShareUpTo(recent, step) - ShareUpTo(reference, step)));

            Assert.AreEqual(slow, Drift(recent, reference).KolmogorovSmirnovDistance, 1e-15);

            static double ShareUpTo(float[] scores, int step) => scores.Count(score => (int)score <= step) / (double)scores.Length;
        }, seed: "0000KOIPe036", iter: 300);

    [TestMethod]
    public void The_index_is_the_sum_over_the_deciles_of_the_reference()
    {
        // A hundred scores in ten bins of ten each; the recent ones all lie in the first.
        float[] reference = [.. Enumerable.Range(0, 100).Select(i => (float)i)];
        float[] recent = [.. Enumerable.Range(0, 50).Select(i => i % 10f)];

        // Nine empty bins count half a row of fifty each.
        double expected = ((1 - 0.1) * Math.Log(1 / 0.1)) + (9 * (0.01 - 0.1) * Math.Log(0.01 / 0.1));

        Assert.AreEqual(expected, Drift(recent, reference).PopulationStabilityIndex, 1e-12);
    }

    [TestMethod]
    public void The_index_is_that_of_bins_which_are_looked_up_one_by_one()
        => Gen.Select(Scores, Scores).Check((recent, reference) =>
        {
            // The upper ends of the bins: the lowest steps below which lie so many tenths of the reference, and around it.
            int[] steps = [.. reference.Select(score => (int)score).Order()];
            int[] ends = [steps[0], .. Enumerable.Range(1, 10).Select(tenth => steps[((tenth * steps.Length) + 9) / 10 - 1] + 1), 1001];
            double slow = 0;
            foreach ((int from, int to) in ends.Prepend(0).Zip(ends))
            {
                (int found, int referenceFound) = (CountIn(recent, from, to), CountIn(reference, from, to));
                (double p, double q) = (Math.Max(found, 0.5) / recent.Length, Math.Max(referenceFound, 0.5) / reference.Length);
                slow += found + referenceFound == 0 ? 0 : (p - q) * Math.Log(p / q);
            }

            Assert.AreEqual(slow, Drift(recent, reference).PopulationStabilityIndex, 1e-12);

            static int CountIn(float[] scores, int from, int to) => scores.Count(score => (int)score >= from && (int)score < to);
        }, seed: "0000KOIPe036", iter: 1000);

    [TestMethod]
    public void Scores_that_are_no_different_have_not_drifted()
        => Scores.Check(scores =>
        {
            ScoreDrift drift = Drift([.. scores, .. scores], scores);
            Assert.AreEqual(0, drift.PopulationStabilityIndex, 1e-12);
            Assert.AreEqual(0, drift.KolmogorovSmirnovDistance, 1e-12);
            Assert.AreEqual(2 * scores.Length, drift.RowCount);
            Assert.AreEqual(scores.Length, drift.ReferenceRowCount);
        }, seed: "0000KOIPe036", iter: 300);

    [TestMethod]
    [DataRow(new[] { 1000f }, new[] { 0f }, DisplayName = "all at the other end")]
    [DataRow(new[] { 0f }, new[] { 1000f }, DisplayName = "all at this end")]
    [DataRow(new[] { 500f, 501f }, new[] { 10f, 10f, 10f }, DisplayName = "a tied reference")]
    public void Scores_with_nothing_in_common_are_as_far_apart_as_can_be(float[] recent, float[] reference)
    {
        ScoreDrift drift = Drift(recent, reference);

        Assert.AreEqual(1, drift.KolmogorovSmirnovDistance);
        Assert.IsTrue(double.IsFinite(drift.PopulationStabilityIndex) && drift.PopulationStabilityIndex > 0.25, $"{drift}");
    }

    private static ScoreDrift Drift(float[] recent, float[] reference) => ScoreDrift.Between(Histogram(recent), Histogram(reference));

    private static ScoreHistogram Histogram(float[] scores)
    {
        var histogram = new ScoreHistogram();
        foreach (float score in scores)
            histogram.Add(score);
        return histogram;
    }
}
