using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Tests.Evaluation;

[TestClass]
public sealed class AnomalyBatchTests
{
    [TestMethod]
    public void A_batch_without_scores_is_refused_when_it_is_made_and_later()
    {
        Assert.AreEqual("scores", Assert.ThrowsExactly<ArgumentNullException>(() => new AnomalyBatch(null!)).ParamName);
        Assert.ThrowsExactly<ArgumentNullException>(() => new AnomalyBatch([1]).Scores = null!);
    }

    [TestMethod]
    public void A_new_batch_is_raw_and_has_scores_only()
    {
        var batch = new AnomalyBatch([]);
        Assert.IsFalse(batch.IsNormalized);
        Assert.IsNull(batch.Maps);
        Assert.IsNull(batch.BoxScores);
    }
}
