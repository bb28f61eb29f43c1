namespace MLNet.AnomalyNormalization.Onnx;

/// <summary>
/// What anomalib 2 adds to the end of a graph: <c>clip((raw - Threshold) / Range + 0.5, 0, 1)</c>, and the decision
/// <c>clipped &gt; LabelScore</c>. Source: anomalib/post_processing/post_processor.py (_normalize, _threshold).
/// </summary>
/// <param name="Threshold">The raw score that becomes 0.5.</param>
/// <param name="Range">The raw distance that becomes 1; positive.</param>
/// <param name="LabelScore">Where on the clipped scale the model decides: one minus its sensitivity, 0.5 by default.</param>
public sealed record AnomalyPostProcessing(double Threshold, double Range, double LabelScore)
{
    /// <summary>
    /// The raw score at which the model decides, which 100 stands for here. The model calls it normal by its own <c>&gt;</c>, this library
    /// anomalous by <c>&gt;=</c>; every other score is decided alike. anomalib's adaptive threshold is the score of a validation image, so
    /// that such an image lies exactly at it.
    /// </summary>
    public double RawThreshold => Threshold + ((LabelScore - 0.5) * Range);

    /// <summary>anomalib's sensitivity, 0..1: one minus <see cref="LabelScore"/>.</summary>
    public double Sensitivity => Math.Round(1 - LabelScore, 6);
}
