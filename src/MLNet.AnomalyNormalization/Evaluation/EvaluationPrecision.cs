namespace MLNet.AnomalyNormalization.Evaluation;

/// <summary>How a <see cref="PixelEvaluator"/> keeps the scores of pixels.</summary>
public enum EvaluationPrecision
{
    /// <summary>Every score is kept, in at most 8 bytes a pixel; the metrics are exact.</summary>
    Exact,

    /// <summary>
    /// Scores are counted in steps of 1/1024, in constant memory whatever the number of images. That one grid fits every data set is
    /// possible because scores are normalised: they lie in 0..1000, and nothing else is accepted. Counts at the threshold are exact, and
    /// every area comes with a half-width within which the exact value provably lies.
    /// </summary>
    Grid,
}
