using System.Diagnostics;
using System.Text.Json.Serialization;
using MLNet.AnomalyNormalization.Notebooks;
using MLNet.AnomalyNormalization.Thresholds;

namespace MLNet.AnomalyNormalization.Evaluation;

/// <summary>How many normal and anomalous rows pass, are reviewed by a person, or are rejected.</summary>
/// <param name="NormalPassed">Normal rows that pass: right.</param>
/// <param name="NormalReviewed">Normal rows that a person looks at.</param>
/// <param name="NormalRejected">Normal rows that are rejected: false rejects.</param>
/// <param name="AnomalousPassed">Anomalous rows that pass: escapes.</param>
/// <param name="AnomalousReviewed">Anomalous rows that a person looks at.</param>
/// <param name="AnomalousRejected">Anomalous rows that are rejected: right.</param>
[TypeFormatterSource(typeof(HtmlTables))]
[DebuggerDisplay("{EscapeRate} escape, {FalseRejectRate} are rejected falsely, {ReviewsPerThousand} of 1,000 are reviewed")]
[JsonNumberHandling(JsonNumberHandling.AllowNamedFloatingPointLiterals)]
public readonly record struct DecisionCounts(
    long NormalPassed, long NormalReviewed, long NormalRejected, long AnomalousPassed, long AnomalousReviewed, long AnomalousRejected)
{
    /// <summary>The share of the anomalous rows that pass, 0..1; NaN without any.</summary>
    public double EscapeRate => (double)AnomalousPassed / (AnomalousPassed + AnomalousReviewed + AnomalousRejected);

    /// <summary>The share of the normal rows that are rejected, 0..1; NaN without any.</summary>
    public double FalseRejectRate => (double)NormalRejected / (NormalPassed + NormalReviewed + NormalRejected);

    /// <summary>
    /// The 95 % interval of the escape rate of new rows, if these were independent: exact (Clopper and Pearson, 1934), hence at least 95 %, and
    /// 0 to 1 without anomalous rows. It holds for rows that a band was not learned from, and for those that <see cref="ReviewBand.Fit"/> learned
    /// it from, too.
    /// </summary>
    public (double Lower, double Upper) GetEscapeRateInterval()
        => OrderStatistics.RatesAround(AnomalousPassed, AnomalousPassed + AnomalousReviewed + AnomalousRejected);

    /// <summary>The 95 % interval of the share of new normal rows that are rejected; see <see cref="GetEscapeRateInterval"/>.</summary>
    public (double Lower, double Upper) GetFalseRejectRateInterval()
        => OrderStatistics.RatesAround(NormalRejected, NormalPassed + NormalReviewed + NormalRejected);

    /// <summary>
    /// The 95 % interval of the share of new rows of a class that a person looks at; see <see cref="GetEscapeRateInterval"/>. Where a band was
    /// learned from these rows it is an approximation, since both ends of the share are: it covered the true one in 94 to 96 % of simulated samples.
    /// </summary>
    /// <param name="isAnomalous">Which class.</param>
    public (double Lower, double Upper) GetReviewRateInterval(bool isAnomalous)
        => isAnomalous ? OrderStatistics.RatesAround(AnomalousReviewed, AnomalousPassed + AnomalousReviewed + AnomalousRejected)
            : OrderStatistics.RatesAround(NormalReviewed, NormalPassed + NormalReviewed + NormalRejected);

    internal double[] PerThousand
    {
        get
        {
            long passed = NormalPassed + AnomalousPassed, reviewed = NormalReviewed + AnomalousReviewed, rejected = NormalRejected + AnomalousRejected;
            double all = passed + reviewed + rejected;
            return [1000 * passed / all, 1000 * reviewed / all, 1000 * rejected / all];
        }
    }

    /// <summary>How many of 1,000 rows a person looks at, with as many anomalous ones among them as here; NaN without rows.</summary>
    public double ReviewsPerThousand => PerThousand[1];

    /// <summary>How many of 1,000 rows a person looks at, if another share of them is anomalous than here; NaN without a class.</summary>
    /// <param name="prevalence">The share of the rows to come that are anomalous, 0..1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="prevalence"/> is not in 0..1.</exception>
    public double ReviewsPerThousandAt(double prevalence)
        => prevalence is >= 0 and <= 1
            ? 1000 * (((1 - prevalence) * NormalReviewed / (NormalPassed + NormalReviewed + NormalRejected))
                + (prevalence * AnomalousReviewed / (AnomalousPassed + AnomalousReviewed + AnomalousRejected)))
            : throw new ArgumentOutOfRangeException(nameof(prevalence), prevalence, "A prevalence is a share, 0 to 1.");

    /// <summary>A table of several lines, the same in every culture.</summary>
    public override string ToString() => Table.Of(this)!.ToString();
}
