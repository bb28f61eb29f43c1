using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Tests.Evaluation;

[TestClass]
public class ConfusionCountsTests
{
    [TestMethod]
    [DataRow(3, 1, 4, 2, 0.75, 0.6, 2.0 / 3, 0.7, DisplayName = "both classes")]
    [DataRow(0, 0, 4, 2, 0.0, 0.0, 0.0, 2.0 / 3, DisplayName = "nothing taken for anomalous: precision 0, as scikit-learn")]
    [DataRow(0, 1, 4, 0, 0.0, 0.0, 0.0, 0.8, DisplayName = "nothing anomalous: recall 0")]
    [DataRow(0, 0, 4, 0, 0.0, 0.0, 0.0, 1.0, DisplayName = "nothing anomalous and nothing taken for it")]
    [DataRow(0, 0, 0, 0, double.NaN, double.NaN, double.NaN, double.NaN, DisplayName = "nothing at all")]
    public void Rates_follow_from_the_counts(
        long tp, long fp, long tn, long fn, double precision, double recall, double f1, double accuracy)
    {
        var counts = new ConfusionCounts(tp, fp, tn, fn);
        Assert.AreEqual((precision, recall, f1, accuracy), (counts.Precision, counts.Recall, counts.F1Score, counts.Accuracy));
    }

    [TestMethod]
    [DataRow(3, 1, 4, 1, null, (2.0 + 10) / 9, DisplayName = "as many defects as were counted")]
    [DataRow(3, 1, 4, 1, 0.5, (0.5 * 2 * 0.2) + (0.5 * 10 * 0.25), DisplayName = "half of the rows to come are defects")]
    [DataRow(3, 1, 4, 1, 0.0, 2 * 0.2, DisplayName = "none of them")]
    [DataRow(0, 1, 4, 0, 0.5, double.NaN, DisplayName = "nobody knows how many defects would be missed")]
    [DataRow(0, 0, 0, 0, null, double.NaN, DisplayName = "nothing was counted")]
    public void The_cost_of_a_row_is_that_of_false_rejects_and_of_escapes(
        long tp, long fp, long tn, long fn, double? prevalence, double expected)
        => Assert.AreEqual(expected, new ConfusionCounts(tp, fp, tn, fn).Cost(falseReject: 2, escape: 10, prevalence), 1e-15);

    [TestMethod]
    public void A_prevalence_that_is_no_share_is_refused()
        => Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new ConfusionCounts(1, 1, 1, 1).Cost(1, 1, 1.5));
}
