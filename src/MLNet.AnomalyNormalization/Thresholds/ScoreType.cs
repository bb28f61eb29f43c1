using MLNet.AnomalyNormalization.Scale;

namespace MLNet.AnomalyNormalization.Thresholds;

/// <summary>
/// The type that scores have, in which they are compared with a threshold, Single or Double. Scores themselves are passed as Double, which
/// holds both.
/// </summary>
internal sealed class ScoreType
{
    public static readonly ScoreType Single = new()
    {
        Bits = 32,
        MaxValue = float.MaxValue,
        SmallestNormal = 1.17549435e-38f,
        KeyOf = score => ScoreKey.Of((float)score + 0f),
        ScoreOf = key => ScoreKey.ToScore((uint)key),
        Round = score => (float)score,
        Next = score => MathF.BitIncrement((float)score),
    };

    public static readonly ScoreType Double = new()
    {
        Bits = 64,
        MaxValue = double.MaxValue,
        SmallestNormal = 2.2250738585072014e-308,
        KeyOf = score => ScoreKey.Of(score + 0d),
        ScoreOf = ScoreKey.ToScore,
        Round = score => score,
        Next = Math.BitIncrement,
    };

    private ScoreType()
    {
    }

    /// <summary>The bits of a score, and of its key.</summary>
    public required int Bits { get; init; }

    /// <summary>The largest finite number.</summary>
    public required double MaxValue { get; init; }

    /// <summary>The smallest positive number that has all its digits.</summary>
    public required double SmallestNormal { get; init; }

    /// <summary>The key of a score that isn't NaN; -0 and +0, which compare equal, have the same one.</summary>
    public required Func<double, ulong> KeyOf { get; init; }

    /// <summary>The score that a key belongs to.</summary>
    public required Func<ulong, double> ScoreOf { get; init; }

    /// <summary>The number of this type that is compared where a threshold is a Double.</summary>
    public required Func<double, double> Round { get; init; }

    /// <summary>The least number of this type that is greater than a score of it.</summary>
    public required Func<double, double> Next { get; init; }

    public override string ToString() => this == Single ? nameof(Single) : nameof(Double);
}
