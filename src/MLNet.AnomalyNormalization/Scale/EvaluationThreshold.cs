using System.Text.Json.Serialization;

namespace MLNet.AnomalyNormalization;

/// <summary>
/// A decision threshold other than the one that the scale was made with, as a pair of the same place on both scales
/// (quadra's <c>EvalThreshold</c>): a score is anomalous where <c>raw &gt;= Raw</c>, which is where
/// <c>normalized &gt;= Normalized</c>.
/// </summary>
/// <param name="Raw">The decision threshold on the model's own scale; finite, or NaN until the scale is known.</param>
/// <param name="Normalized">The decision threshold on the normalised scale; greater than 0, at most 1000.</param>
/// <remarks>The values are checked by whatever takes the pair, as <see cref="ScoreNormalizer"/> does.</remarks>
[JsonNumberHandling(JsonNumberHandling.AllowNamedFloatingPointLiterals)]
public readonly record struct EvaluationThreshold(double Raw, double Normalized)
{
    /// <summary>The pair that lies at a place of the normalised scale, for instance 110: a tenth above the training threshold.</summary>
    /// <param name="normalized">The decision threshold on the normalised scale; greater than 0, at most 1000.</param>
    /// <param name="trainingThreshold">The raw threshold that 100 stands for; finite, may be negative or zero.</param>
    /// <returns>The pair of <paramref name="normalized"/> and the raw value that is normalised to it.</returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="normalized"/> is not in (0, 1000], <paramref name="trainingThreshold"/> is not finite, or the raw value is beyond
    /// the range of a double.
    /// </exception>
    public static EvaluationThreshold At(double normalized, double trainingThreshold)
    {
        var pair = new EvaluationThreshold(new ScoreNormalizer(trainingThreshold).Denormalize(normalized), normalized);
        _ = new ScoreNormalizer(trainingThreshold, pair);
        return pair;
    }

    /// <summary>
    /// A place of a scale that is not known yet, for the options of <c>NormalizeAnomaly</c> with a strategy: the raw value is filled in when
    /// the threshold is learned.
    /// </summary>
    /// <param name="normalized">The decision threshold on the normalised scale; greater than 0, at most 1000.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="normalized"/> is not in (0, 1000].</exception>
    public static EvaluationThreshold At(double normalized) => At(normalized, ScoreNormalizer.DecisionScore) with { Raw = double.NaN };

    /// <summary>This pair, with its raw value filled in if the scale was not known.</summary>
    internal EvaluationThreshold On(double trainingThreshold) => double.IsNaN(Raw) ? At(Normalized, trainingThreshold) : this;
}
