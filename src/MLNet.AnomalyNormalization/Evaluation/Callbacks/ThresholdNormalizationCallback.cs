using MLNet.AnomalyNormalization.Scale;

namespace MLNet.AnomalyNormalization.Evaluation;

/// <summary>
/// Normalises every batch, so that 100 is the decision threshold, and tells the metrics so: the <c>ThresholdNormalizationCallback</c> of
/// orobix/quadra, except that a batch can't be normalised twice.
/// </summary>
/// <remarks>
/// Image scores are normalised by the image threshold, maps and box scores by the one that <see cref="ThresholdType"/> names. The batch
/// gets new arrays; the old ones are never written to. Instances are immutable and safe to share between threads.
/// </remarks>
public sealed class ThresholdNormalizationCallback : AnomalyEvaluationCallback
{
    private readonly ScoreNormalizer _images;
    private readonly ScoreNormalizer _pixels;

    /// <summary>Makes the callback.</summary>
    /// <param name="thresholds">The raw thresholds that 100 stands for.</param>
    /// <param name="thresholdType">Which of them normalises maps and box scores.</param>
    /// <param name="preserveDecisions">
    /// False for the classic formula, in which rounding can change a decision; see <see cref="ScoreNormalizer"/>.
    /// </param>
    /// <exception cref="ArgumentNullException"><paramref name="thresholds"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="thresholdType"/> is neither of its two values.</exception>
    public ThresholdNormalizationCallback(
        AnomalyThresholds thresholds, ThresholdType thresholdType = ThresholdType.Pixel, bool preserveDecisions = true)
    {
        ArgumentNullException.ThrowIfNull(thresholds);
        _images = new(thresholds.Image, preserveDecisions: preserveDecisions);
        _pixels = DefinedEnum.Require(thresholdType, nameof(thresholdType)) == ThresholdType.Image
            ? _images
            : new(thresholds.Pixel, preserveDecisions: preserveDecisions);
    }

    /// <summary>Sets the threshold of the image metrics, then of the pixel metrics, to 100; those that are null are left out.</summary>
    /// <param name="imageMetrics">The metrics of the image scores, or null.</param>
    /// <param name="pixelMetrics">The metrics of the anomaly maps, or null.</param>
    public override void OnTestStart(IThresholdMetrics? imageMetrics, IThresholdMetrics? pixelMetrics)
    {
        imageMetrics?.SetThreshold(ScoreNormalizer.DecisionScore);
        pixelMetrics?.SetThreshold(ScoreNormalizer.DecisionScore);
    }

    /// <summary>Normalises the scores, maps and box scores of the batch.</summary>
    /// <param name="outputs">A batch with raw values.</param>
    /// <exception cref="ArgumentNullException">The batch, a map or the box scores of an image are null.</exception>
    /// <exception cref="InvalidOperationException">The batch is normalised already.</exception>
    public override void OnTestBatchEnd(AnomalyBatch outputs) => Normalize(outputs);

    /// <inheritdoc cref="OnTestBatchEnd"/>
    public override void OnPredictBatchEnd(AnomalyBatch outputs) => Normalize(outputs);

    private void Normalize(AnomalyBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (batch.IsNormalized)
        {
            throw new InvalidOperationException(
                "This batch is normalised already, and a second time would scale its values again. Normalise each batch once, by one " +
                "callback, and make a new batch for raw values.");
        }

        // Everything is computed before anything is replaced, so that a failure leaves the batch as it was.
        float[] scores = Normalized(_images, batch.Scores);
        AnomalyMap[]? maps = batch.Maps is null ? null : Array.ConvertAll(batch.Maps, NormalizedMap);
        float[][]? boxScores = batch.BoxScores is null ? null : Array.ConvertAll(batch.BoxScores, values => Normalized(_pixels, values));
        (batch.Scores, batch.Maps, batch.BoxScores, batch.IsNormalized) = (scores, maps, boxScores, true);
    }

    private AnomalyMap NormalizedMap(AnomalyMap map)
    {
        ArgumentNullException.ThrowIfNull(map);
        return new(Normalized(_pixels, map.Values), map.Height, map.Width);
    }

    private static float[] Normalized(ScoreNormalizer normalizer, float[] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        float[] normalized = new float[values.Length];
        normalizer.Normalize<float>(values, normalized);
        return normalized;
    }
}
