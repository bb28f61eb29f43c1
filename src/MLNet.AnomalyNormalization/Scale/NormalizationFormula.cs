using System.Numerics;
using System.Runtime.CompilerServices;

namespace MLNet.AnomalyNormalization.Scale;

/// <summary>
/// The formula of <see cref="ScoreNormalizer"/> with its constants rounded to an element type. Whatever computes a normalised score, here
/// or in a saved model, takes the constants from here.
/// </summary>
/// <remarks>
/// All three branches of the formula are one line: <c>(raw + Shift) / Divisor * Scale + Offset</c>. The shift is 0 unless the threshold is
/// 0, the offset is 0 unless it is negative, and adding 0 changes no bit but the sign of -0.
/// </remarks>
internal readonly struct NormalizationFormula<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // Normal scores keep this distance from the decision score, so that rounding to three decimals for a reader changes no decision.
    private const double DecisionMargin = 0.001;

    public NormalizationFormula(ScoreNormalizer normalizer)
    {
        double threshold = normalizer.Threshold;
        Shift = threshold == 0 ? T.One : T.Zero;
        Divisor = threshold == 0 ? T.One : T.CreateTruncating(threshold);
        Scale = T.CreateTruncating(threshold < 0 ? -ScoreNormalizer.DecisionScore : ScoreNormalizer.DecisionScore);
        Offset = threshold < 0 ? T.CreateTruncating(2 * ScoreNormalizer.DecisionScore) : T.Zero;
        Maximum = T.CreateTruncating(ScoreNormalizer.MaximumScore);

        (double raw, double normalized) = normalizer.Decision;
        RawDecision = T.CreateTruncating(raw);
        if (normalizer.PreserveDecisions)
        {
            T boundary = T.CreateTruncating(normalized);
            T below = T.Min(T.BitDecrement(boundary), boundary - T.CreateTruncating(DecisionMargin));
            AnomalousFloor = double.CreateTruncating(boundary) < normalized ? T.BitIncrement(boundary) : boundary;
            NormalCap = T.Max(below, T.Zero);
        }
        else
        {
            AnomalousFloor = T.Zero;
            NormalCap = Maximum;
        }
    }

    public T Shift { get; }

    public T Divisor { get; }

    public T Scale { get; }

    public T Offset { get; }

    /// <summary>A raw score is anomalous unless it is less than this.</summary>
    public T RawDecision { get; }

    /// <summary>The least normalised score of an anomalous raw score.</summary>
    public T AnomalousFloor { get; }

    /// <summary>The greatest normalised score of a normal raw score.</summary>
    public T NormalCap { get; }

    /// <summary>The greatest normalised score of all: 1000.</summary>
    public T Maximum { get; }

    /// <summary>
    /// The first constant of a normaliser that the element type can't hold, which rounds it to an infinity or to zero, and what it becomes;
    /// null if it can hold them all.
    /// </summary>
    public static (double Constant, T Held)? FirstNotHeld(ScoreNormalizer normalizer)
    {
        (double raw, double normalized) = normalizer.Decision;
        foreach (double constant in (ReadOnlySpan<double>)[normalizer.Threshold, raw, normalized])
        {
            T held = T.CreateTruncating(constant);
            if (!T.IsFinite(held) || (held == T.Zero && constant != 0))
                return (constant, held);
        }

        return null;
    }

    public T Apply(T raw) => new Wide<ScalarLane<T>>(this).Apply(new(raw)).Value;

    /// <summary>Normalises from <paramref name="start"/> on as many elements as full lanes cover; returns where it stopped.</summary>
    /// <remarks>
    /// Optimised at once: where the runtime replaces the loop while it runs, it leaves the operations as calls, which takes several times as long.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Apply<TLanes>(ReadOnlySpan<T> scores, Span<T> normalized, int start)
        where TLanes : struct, ILanes<TLanes, T>
    {
        var formula = new Wide<TLanes>(this);
        int i = start;

        // Two at a time: the one divides while the other is compared.
        for (; i <= scores.Length - (2 * TLanes.Count); i += 2 * TLanes.Count)
        {
            TLanes first = TLanes.Load(scores, i), second = TLanes.Load(scores, i + TLanes.Count);
            formula.Apply(first).Store(normalized, i);
            formula.Apply(second).Store(normalized, i + TLanes.Count);
        }

        for (; i <= scores.Length - TLanes.Count; i += TLanes.Count)
            formula.Apply(TLanes.Load(scores, i)).Store(normalized, i);
        return i;
    }

    // The constants in every lane, made once for a whole span.
    [method: MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly struct Wide<TLanes>(NormalizationFormula<T> formula)
        where TLanes : struct, ILanes<TLanes, T>
    {
        private readonly TLanes _shift = TLanes.Create(formula.Shift);
        private readonly TLanes _divisor = TLanes.Create(formula.Divisor);
        private readonly TLanes _scale = TLanes.Create(formula.Scale);
        private readonly TLanes _offset = TLanes.Create(formula.Offset);
        private readonly TLanes _rawDecision = TLanes.Create(formula.RawDecision);
        private readonly TLanes _anomalousFloor = TLanes.Create(formula.AnomalousFloor);
        private readonly TLanes _normalFloor = TLanes.Create(T.Zero);
        private readonly TLanes _anomalousCap = TLanes.Create(formula.Maximum);
        private readonly TLanes _normalCap = TLanes.Create(formula.NormalCap);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TLanes Apply(TLanes raw)
        {
            TLanes value = ((raw + _shift) / _divisor * _scale) + _offset;
            TLanes floor = TLanes.WhereAtLeast(raw, _rawDecision, _anomalousFloor, _normalFloor);
            TLanes cap = TLanes.WhereAtLeast(raw, _rawDecision, _anomalousCap, _normalCap);
            return TLanes.AtMost(cap, TLanes.AtLeast(floor, value));
        }
    }
}
