namespace MLNet.AnomalyNormalization.Evaluation;

/// <summary>
/// What wants to take part in an evaluation or a prediction: override the moments of interest. An exception stops the evaluation.
/// </summary>
public abstract class AnomalyEvaluationCallback
{
    /// <summary>Before the first batch of an evaluation.</summary>
    /// <param name="imageMetrics">The metrics of the image scores, or null if they aren't evaluated.</param>
    /// <param name="pixelMetrics">The metrics of the anomaly maps, or null if they aren't evaluated.</param>
    public virtual void OnTestStart(IThresholdMetrics? imageMetrics, IThresholdMetrics? pixelMetrics)
    {
    }

    /// <summary>After the model has scored a batch of an evaluation, before the metrics see it.</summary>
    /// <param name="outputs">The batch; what is put into it, the metrics and later callbacks see.</param>
    public virtual void OnTestBatchEnd(AnomalyBatch outputs)
    {
    }

    /// <summary>After the model has scored a batch outside of an evaluation.</summary>
    /// <param name="outputs">The batch; what is put into it, the caller and later callbacks see.</param>
    public virtual void OnPredictBatchEnd(AnomalyBatch outputs)
    {
    }

    /// <summary>After the last batch of an evaluation.</summary>
    /// <param name="evaluation">The result.</param>
    public virtual void OnTestEnd(AnomalyEvaluation evaluation)
    {
    }
}
