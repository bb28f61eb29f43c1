namespace MLNet.AnomalyNormalization.Thresholds;

/// <summary>The exact maximum of F1 = 2 TP / (P + TP + FP), with P the anomalous rows.</summary>
internal sealed class MaximumF1Strategy : BestValueStrategy<MaximumF1Strategy.HalfF1>
{
    public override string ToString() => "MaximumF1()";

    private protected override HalfF1 ValueOf(long truePositives, long falsePositives, NarrowingCounts counts)
        => new(truePositives, counts.AnomalousCount + truePositives + falsePositives);

    // Lipton, Elkan and Narayanaswamy, 2014.
    private protected override double ShareThatPaysOff(HalfF1 best, NarrowingCounts counts) => (double)best.Numerator / best.Denominator;

    /// <summary>Half an F1, as the fraction that can be compared exactly.</summary>
    internal readonly record struct HalfF1(long Numerator, long Denominator) : IComparable<HalfF1>
    {
        public int CompareTo(HalfF1 other)
            => ((UInt128)Numerator * (UInt128)other.Denominator).CompareTo((UInt128)other.Numerator * (UInt128)Denominator);
    }
}
