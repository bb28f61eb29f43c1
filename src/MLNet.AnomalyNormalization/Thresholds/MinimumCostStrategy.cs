using System.Numerics;

namespace MLNet.AnomalyNormalization.Thresholds;

/// <summary>
/// The least cost of a row, <c>falseReject (1 - prevalence) FP / N + escape prevalence FN / P</c>, with N normal and P anomalous rows. What
/// is found saves its escape; the saving is compared in whole numbers, all costs times a power of ten.
/// </summary>
internal sealed class MinimumCostStrategy(double falseReject, double escape, double? prevalence) : BestValueStrategy<BigInteger>
{
    public override string ToString()
        => prevalence is null ? FormattableString.Invariant($"MinimumCost({falseReject}, {escape})")
            : FormattableString.Invariant($"MinimumCost({falseReject}, {escape}, {prevalence})");

    private protected override BigInteger ValueOf(long truePositives, long falsePositives, NarrowingCounts counts)
    {
        (BigInteger ofNormal, BigInteger ofAnomalous) = WeightsOf(counts);
        return (ofAnomalous * truePositives) - (ofNormal * falsePositives);
    }

    // A row more costs its weight if it is normal and saves it if it is anomalous.
    private protected override double ShareThatPaysOff(BigInteger best, NarrowingCounts counts)
    {
        (BigInteger ofNormal, BigInteger ofAnomalous) = WeightsOf(counts);
        return (double)ofNormal / (double)(ofNormal + ofAnomalous);
    }

    // Both times N P and a power of ten. Where no prevalence is given, that of the rows cancels.
    private (BigInteger Normal, BigInteger Anomalous) WeightsOf(NarrowingCounts counts)
    {
        (BigInteger reject, int rejectScale) = WholeOf(falseReject);
        (BigInteger missed, int missedScale) = WholeOf(escape);
        reject *= BigInteger.Pow(10, missedScale);
        missed *= BigInteger.Pow(10, rejectScale);
        if (prevalence is not { } share)
            return (reject, missed);

        (BigInteger anomalous, int scale) = WholeOf(share);
        return (reject * (BigInteger.Pow(10, scale) - anomalous) * counts.AnomalousCount, missed * anomalous * counts.NormalCount);
    }

    // The decimal number that it prints as, as a whole number over a power of ten.
    private static (BigInteger Whole, int Scale) WholeOf(double value)
    {
        decimal printed = AsPrinted(value);
        int scale = printed.Scale;
        return (new BigInteger(printed * (decimal)BigInteger.Pow(10, scale)), scale);
    }
}
