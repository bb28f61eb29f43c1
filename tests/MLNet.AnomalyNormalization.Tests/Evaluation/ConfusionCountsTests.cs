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
}
