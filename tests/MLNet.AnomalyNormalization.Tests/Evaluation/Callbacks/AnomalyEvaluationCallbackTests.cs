using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Tests.Evaluation;

[TestClass]
public sealed class AnomalyEvaluationCallbackTests
{
    [TestMethod]
    public void A_callback_that_overrides_nothing_does_nothing()
    {
        var callback = new Idle();
        float[] scores = [1];
        var batch = new AnomalyBatch(scores);
        callback.OnTestStart(imageMetrics: null, pixelMetrics: null);
        callback.OnTestBatchEnd(batch);
        callback.OnPredictBatchEnd(batch);
        callback.OnTestEnd(new AnomalyEvaluation());
        Assert.AreSame(scores, batch.Scores);
        Assert.IsFalse(batch.IsNormalized);
    }

    private sealed class Idle : AnomalyEvaluationCallback;
}
