using MLNet.AnomalyNormalization.Scale;

namespace MLNet.AnomalyNormalization.Thresholds;

/// <summary>How many rows have a score in a range of neighbouring floats.</summary>
/// <param name="FirstKey">The key of the lowest float of the range: a whole number that orders as the floats do.</param>
/// <param name="Width">The range has 2^Width floats.</param>
/// <param name="Normal">The normal rows among them.</param>
/// <param name="Anomalous">The anomalous rows among them.</param>
internal readonly record struct ScoreCell(uint FirstKey, int Width, long Normal, long Anomalous)
{
    /// <summary>Whether the range is one float.</summary>
    public bool IsExact => Width == 0;

    /// <summary>The lowest score that the range allows.</summary>
    public float Lowest => ScoreKey.ToScore(Math.Max(FirstKey, KeyOf(float.NegativeInfinity)));

    /// <summary>The highest score that the range allows.</summary>
    public float Highest => ScoreKey.ToScore(Math.Min(FirstKey + (uint)((1ul << Width) - 1), KeyOf(float.PositiveInfinity)));

    /// <summary>The key of a score that isn't NaN; -0 and +0, which compare equal, have the same one.</summary>
    public static uint KeyOf(float score) => ScoreKey.Of(score + 0f);
}
