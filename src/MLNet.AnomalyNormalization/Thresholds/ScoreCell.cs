namespace MLNet.AnomalyNormalization.Thresholds;

/// <summary>How many rows have a score in a range of neighbouring numbers.</summary>
/// <param name="Type">The type of the scores.</param>
/// <param name="FirstKey">The key of the lowest number of the range: a whole number that orders as the scores do.</param>
/// <param name="Width">The range has 2^Width numbers.</param>
/// <param name="Normal">The normal rows among them.</param>
/// <param name="Anomalous">The anomalous rows among them.</param>
internal readonly record struct ScoreCell(ScoreType Type, ulong FirstKey, int Width, long Normal, long Anomalous)
{
    /// <summary>Whether the range is one number.</summary>
    public bool IsExact => Width == 0;

    /// <summary>The lowest score that the range allows.</summary>
    public double Lowest => Type.ScoreOf(Math.Max(FirstKey, Type.KeyOf(double.NegativeInfinity)));

    /// <summary>The highest score that the range allows.</summary>
    public double Highest => Type.ScoreOf(Math.Min(FirstKey + ((1ul << Width) - 1), Type.KeyOf(double.PositiveInfinity)));

    /// <summary>Whether the range holds a score.</summary>
    public bool Contains(double score) => Type.KeyOf(score) is var key && FirstKey <= key && key - FirstKey >> Width == 0;
}
