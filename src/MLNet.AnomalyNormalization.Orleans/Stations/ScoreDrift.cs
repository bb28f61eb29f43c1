using MLNet.AnomalyNormalization.Orleans.Stations;

namespace MLNet.AnomalyNormalization.Orleans;

/// <summary>How far recent scores are from those of the fit.</summary>
/// <param name="PopulationStabilityIndex">
/// The sum over bins of (p - q) ln(p / q), with p the share of recent and q that of reference scores (Siddiqi, Credit Risk Scorecards, 2006).
/// The bins are the deciles of the reference, fewer where scores are tied in steps of 1, and what lies below and above all of it; a bin that
/// is empty on one side counts as half a row there. 0 where the distributions agree; below 0.1 is taken for none, above 0.25 for a major
/// shift.
/// </param>
/// <param name="KolmogorovSmirnovDistance">
/// The largest difference between the two cumulative distributions, 0..1, over scores in steps of 1.
/// </param>
/// <param name="RowCount">The number of recent rows.</param>
/// <param name="ReferenceRowCount">The number of rows of the reference.</param>
[GenerateSerializer, Immutable, Alias("MLNet.AnomalyNormalization.ScoreDrift")]
public sealed record ScoreDrift(double PopulationStabilityIndex, double KolmogorovSmirnovDistance, long RowCount, long ReferenceRowCount)
{
    private const int Bins = 10;

    // What scores that don't drift exceed once in so many times: a reference, which is drawn once, in 100, and recent rows, which are
    // compared again and again, in 10,000. The bound of Dvoretzky, Kiefer and Wolfowitz with Massart's constant (1990) is
    // sqrt(ln(2 / rate) / 2) / sqrt(rows); the index times the number of rows is distributed as chi-squared with 11 degrees of freedom, ten
    // deciles and two ends (Yurdakul, Statistical Properties of Population Stability Index, 2018).
    private const double ReferenceDistance = 1.628, RecentDistance = 2.225;
    private const double ReferenceIndex = 24.72, RecentIndex = 37.37;

    /// <summary>
    /// What the stability index hardly exceeds by chance, with so many rows on both sides: the square of
    /// sqrt(24.7 / <see cref="ReferenceRowCount"/>) + sqrt(37.4 / <see cref="RowCount"/>). Below it nothing is drift.
    /// </summary>
    public double PopulationStabilityIndexByChance
        => Math.Pow(Math.Sqrt(ReferenceIndex / ReferenceRowCount) + Math.Sqrt(RecentIndex / RowCount), 2);

    /// <summary>
    /// What the KS distance hardly exceeds by chance: 1.63 / sqrt(<see cref="ReferenceRowCount"/>) + 2.23 / sqrt(<see cref="RowCount"/>).
    /// Below it nothing is drift.
    /// </summary>
    public double KolmogorovSmirnovDistanceByChance
        => (ReferenceDistance / Math.Sqrt(ReferenceRowCount)) + (RecentDistance / Math.Sqrt(RowCount));

    /// <summary>Whether a limit is exceeded, by more than chance.</summary>
    internal bool Exceeds(double populationStabilityIndexLimit, double kolmogorovSmirnovLimit)
        => PopulationStabilityIndex > Math.Max(populationStabilityIndexLimit, PopulationStabilityIndexByChance)
            || KolmogorovSmirnovDistance > Math.Max(kolmogorovSmirnovLimit, KolmogorovSmirnovDistanceByChance);

    internal static ScoreDrift Between(ScoreHistogram recent, ScoreHistogram reference)
    {
        (long rows, long referenceRows) = (recent.Count, reference.Count);
        (double index, double distance) = (0, 0);
        (long below, long referenceBelow, long bin, long referenceBin) = (0, 0, 0, 0);
        int decile = 1;
        for (int i = 0; i < reference.Counts.Length; i++)
        {
            below += recent.Counts[i];
            referenceBelow += reference.Counts[i];
            bin += recent.Counts[i];
            referenceBin += reference.Counts[i];
            distance = Math.Max(distance, Math.Abs(((double)below / rows) - ((double)referenceBelow / referenceRows)));

            // A bin ends below the reference, where the reference reaches another decile, the last at its end, and at the end of the scale.
            bool isLast = i == reference.Counts.Length - 1;
            bool isBelow = referenceBelow == 0 && !isLast && reference.Counts[i + 1] > 0;
            bool isDecile = referenceBin > 0 && referenceBelow * Bins >= decile * referenceRows;
            if (!isLast && !isBelow && !isDecile)
                continue;

            (double p, double q) = (Math.Max(bin, 0.5) / rows, Math.Max(referenceBin, 0.5) / referenceRows);
            index += bin == 0 && referenceBin == 0 ? 0 : (p - q) * Math.Log(p / q);
            (bin, referenceBin) = (0, 0);
            decile = (int)(referenceBelow * Bins / referenceRows) + 1;
        }

        return new(index, distance, rows, referenceRows);
    }
}
