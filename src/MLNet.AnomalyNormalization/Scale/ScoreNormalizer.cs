using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Scale;

namespace MLNet.AnomalyNormalization;

/// <summary>
/// Puts raw anomaly scores on one scale: 100 is the decision threshold, 0 the floor, 1000 the cap.
/// </summary>
/// <remarks>
/// <para>With <c>t</c> the threshold, every operation rounded to the element type:</para>
/// <code>
/// t &gt; 0    normalized = raw / t * 100
/// t = 0    normalized = (raw + 1) * 100
/// t &lt; 0    normalized = 200 - raw / t * 100
/// </code>
/// <para>
/// clamped to 0..1000. This is <c>normalize_anomaly_score</c> of orobix/quadra. Rounding alone could carry a score across the
/// threshold, so that a raw score below it reads 100; unless <see cref="PreserveDecisions"/> is false, normal scores therefore stay at
/// least 0.001 below 100, and anomalous ones never fall under it (quadra's <c>ensure_scores_consistency</c>):
/// <c>raw &gt;= threshold</c> if and only if <c>normalized &gt;= 100</c>, for every value of the element type, as long as that type can
/// hold the threshold. The comparison is made in the element type.
/// </para>
/// <para>NaN stays NaN, infinities are clamped, and the result is never -0. Instances are immutable and safe to share between threads.</para>
/// </remarks>
public sealed class ScoreNormalizer
{
    /// <summary>The normalised score of the threshold: 100.</summary>
    public const double DecisionScore = 100;

    /// <summary>The largest normalised score: 1000.</summary>
    public const double MaximumScore = 1000;

    // Made once: for one score it takes longer to make the formula than to apply it.
    private readonly NormalizationFormula<float> _ofSingle;
    private readonly NormalizationFormula<double> _ofDouble;

    /// <summary>Makes a normaliser for a threshold.</summary>
    /// <param name="threshold">The raw score that is normalised to 100: finite; positive, zero or negative.</param>
    /// <param name="evaluation">
    /// Where decisions are made, if not at the threshold itself: the decision that is preserved is then
    /// <c>raw &gt;= evaluation.Raw</c>, which is <c>normalized &gt;= evaluation.Normalized</c>.
    /// </param>
    /// <param name="preserveDecisions">False for the classic formula, in which rounding can change a decision.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="threshold"/> or the evaluation threshold's raw value is NaN or infinite, or its normalised value is not in (0, 1000].
    /// </exception>
    /// <exception cref="ArgumentException">
    /// <paramref name="evaluation"/> was given and <paramref name="preserveDecisions"/> is false: the classic formula knows no
    /// evaluation threshold.
    /// </exception>
    public ScoreNormalizer(double threshold, EvaluationThreshold? evaluation = null, bool preserveDecisions = true)
    {
        Threshold = RequireFinite(threshold, nameof(threshold));
        if (evaluation is { } pair)
        {
            RequireFinite(pair.Raw, nameof(evaluation));
            if (!(pair.Normalized is > 0 and <= MaximumScore))
            {
                throw new ArgumentOutOfRangeException(nameof(evaluation), pair.Normalized,
                    "The normalised value of an evaluation threshold must be greater than 0 and at most 1000.");
            }

            if (!preserveDecisions)
            {
                throw new ArgumentException(
                    "An evaluation threshold works only where decisions are preserved. Leave it out, or set preserveDecisions to true.",
                    nameof(evaluation));
            }
        }

        Evaluation = evaluation;
        PreserveDecisions = preserveDecisions;
        (_ofSingle, _ofDouble) = (new(this), new(this));
    }

    /// <summary>The raw score that is normalised to 100.</summary>
    public double Threshold { get; }

    /// <summary>The evaluation threshold, if decisions are not made at <see cref="Threshold"/> itself.</summary>
    public EvaluationThreshold? Evaluation { get; }

    /// <summary>Whether normalising keeps every decision, also under rounding.</summary>
    public bool PreserveDecisions { get; }

    /// <summary>Where decisions are made, on both scales: the evaluation threshold or else (<see cref="Threshold"/>, 100).</summary>
    public EvaluationThreshold Decision => Evaluation ?? new EvaluationThreshold(Threshold, DecisionScore);

    /// <summary>The normalised score of one raw score, computed in its own type.</summary>
    /// <typeparam name="T">The element type: Single, Double or Half.</typeparam>
    /// <param name="score">A raw score; may be infinite or NaN.</param>
    /// <returns>A value in 0..1000, or NaN for NaN.</returns>
    public T Normalize<T>(T score)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => Formula<T>().Apply(score);

    /// <summary>Normalises many scores or a map, with the same bits as one by one.</summary>
    /// <typeparam name="T">The element type: Single, Double or Half.</typeparam>
    /// <param name="scores">Raw scores; may hold infinities and NaN.</param>
    /// <param name="normalized">
    /// Receives the normalised scores: at least as long as <paramref name="scores"/>; the elements beyond its length are left alone. May be
    /// the same memory as <paramref name="scores"/>.
    /// </param>
    /// <exception cref="ArgumentException">
    /// <paramref name="normalized"/> is shorter than <paramref name="scores"/>, or overlaps it without starting at the same place.
    /// </exception>
    public void Normalize<T>(ReadOnlySpan<T> scores, Span<T> normalized)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (normalized.Length < scores.Length)
        {
            throw new ArgumentException(
                $"The output has room for {normalized.Length} scores, but the input has {scores.Length}.", nameof(normalized));
        }

        normalized = normalized[..scores.Length];
        if (scores.Overlaps(normalized, out int offset) && offset != 0)
        {
            throw new ArgumentException(
                $"The output overlaps the input, {offset} elements apart. Pass the same span for both, or separate ones.", nameof(normalized));
        }

        NormalizationFormula<T> formula = Formula<T>();
        int done = 0;
        if (Vector128<T>.IsSupported)
        {
            if (Vector512.IsHardwareAccelerated)
                done = formula.Apply<Lanes512<T>>(scores, normalized, done);
            if (Vector256.IsHardwareAccelerated)
                done = formula.Apply<Lanes256<T>>(scores, normalized, done);
            if (Vector128.IsHardwareAccelerated)
                done = formula.Apply<Lanes128<T>>(scores, normalized, done);
        }

        formula.Apply<ScalarLane<T>>(scores, normalized, done);
    }

    /// <summary>Normalises a map, with the same bits as score by score.</summary>
    /// <param name="map">A map of raw scores; it is left as it is.</param>
    /// <returns>A map of the same size.</returns>
    public AnomalyMap Normalize(AnomalyMap map)
    {
        ArgumentNullException.ThrowIfNull(map);
        float[] normalized = new float[map.Values.Length];
        Normalize<float>(map.Values, normalized);
        return new(normalized, map.Height, map.Width);
    }

    /// <summary>
    /// Whether a raw score is anomalous: <c>not (raw &lt; Decision.Raw)</c>, compared in the score's own type, so that NaN is anomalous.
    /// </summary>
    /// <typeparam name="T">The element type: Single, Double or Half.</typeparam>
    /// <param name="score">A raw score; may be infinite or NaN.</param>
    public bool IsAnomalous<T>(T score)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => !(score < T.CreateTruncating(Decision.Raw));

    /// <summary>
    /// What becomes of the part with a raw score: a band decides by its normalised score; without one, what is anomalous is rejected and the
    /// rest passes.
    /// </summary>
    /// <typeparam name="T">The element type: Single, Double or Half.</typeparam>
    /// <param name="score">A raw score; may be infinite or NaN, which is rejected.</param>
    /// <param name="band">Where a person decides; null for nowhere.</param>
    public Decision Decide<T>(T score, ReviewBand? band)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => band?.Decide(Normalize(score))
            ?? (IsAnomalous(score) ? AnomalyNormalization.Decision.Reject : AnomalyNormalization.Decision.Pass);

    /// <summary>The raw score whose normalised score is given, in double precision: the inverse of normalising.</summary>
    /// <param name="normalizedScore">A normalised score, 0..1000, or NaN.</param>
    /// <returns>
    /// The raw score; NaN for NaN. Decisions are preserved here too: it is at or above the raw threshold exactly where
    /// <paramref name="normalizedScore"/> is at or above the normalised one, and 100 gives <see cref="Threshold"/> itself.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="normalizedScore"/> is not in 0..1000.</exception>
    public double Denormalize(double normalizedScore)
    {
        if (normalizedScore is < 0 or > MaximumScore)
        {
            throw new ArgumentOutOfRangeException(nameof(normalizedScore), normalizedScore,
                "A normalised score lies between 0 and 1000; no raw score is normalised to this value.");
        }

        double raw = Threshold switch
        {
            > 0 => normalizedScore / DecisionScore * Threshold,
            0 => (normalizedScore / DecisionScore) - 1,
            _ => (2 * DecisionScore - normalizedScore) / DecisionScore * Threshold,
        };

        return !PreserveDecisions || double.IsNaN(raw) ? raw
            : normalizedScore >= Decision.Normalized ? Math.Max(raw, Decision.Raw)
            : Math.Min(raw, Math.BitDecrement(Decision.Raw));
    }

    private NormalizationFormula<T> Formula<T>()
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => typeof(T) == typeof(float) ? Unsafe.BitCast<NormalizationFormula<float>, NormalizationFormula<T>>(_ofSingle)
            : typeof(T) == typeof(double) ? Unsafe.BitCast<NormalizationFormula<double>, NormalizationFormula<T>>(_ofDouble)
            : new(this);

    internal static double RequireFinite(double threshold, string parameterName)
        => double.IsFinite(threshold)
            ? threshold
            : throw new ArgumentOutOfRangeException(parameterName, threshold, "A threshold must be a finite number.");
}
