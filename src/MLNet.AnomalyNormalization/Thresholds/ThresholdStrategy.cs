using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using MLNet.AnomalyNormalization.Thresholds;

namespace MLNet.AnomalyNormalization;

/// <summary>
/// A way to learn a decision threshold from raw scores. Whatever the strategy, a score is anomalous where <c>score &gt;= threshold</c>,
/// compared in the type of the scores, Single or Double.
/// </summary>
/// <remarks>
/// <para>
/// Guarantees and intervals take the scores of a fit for independent (more exactly, exchangeable). The pixels of an image are not, nor are
/// rows of one part or one day: where a data view's maps are learned from, or <c>CalibrateThresholds</c> is told the groups, what counts
/// is images, or groups. Their number alone then decides what <see cref="FalsePositiveRate"/> can promise. The intervals of
/// <see cref="Quantile"/>, <see cref="FalsePositiveRate"/> and <see cref="FalseAlarms"/> are then wider, and hold for images of one size
/// that have normal pixels only; everywhere else no interval is known to hold, and both ends are infinite.
/// </para>
/// <para>The result is exact, depends on neither the order of the scores nor the size of the batches, and needs an amount of memory that
/// doesn't grow with their number. Instances are immutable and safe to share between threads.
/// </para>
/// </remarks>
public abstract class ThresholdStrategy
{
    // Below it, a guarantee would take more than 10^15 rows.
    private const double SmallestRate = 1e-15;

    // Exact arithmetic takes these as decimals.
    private const double SmallestCost = 1e-9;
    private const double LargestCost = 1e9;

    private protected ThresholdStrategy()
    {
    }

    /// <summary>
    /// The threshold with the greatest F1 score, <c>2 TP / (2 TP + FP + FN)</c>, found in rational arithmetic: the lowest score that
    /// attains it or, where it is 1 because the classes are separable, the midpoint between the highest normal and the lowest anomalous
    /// score. Needs normal and anomalous rows.
    /// </summary>
    /// <remarks>
    /// The interval holds the thresholds that the data can't tell from the best one. Moving the threshold pays off exactly where more than
    /// half the best F1 of the rows in between are anomalous (Lipton, Elkan and Narayanaswamy, "Optimal Thresholding of Classifiers to
    /// Maximize F1 Measure", 2014); a threshold is left out where a two-sided 5 % score test (Wilson, 1927) of the rows between it and the
    /// best one says otherwise. The interval runs from below the lowest (from the next score down, to which decisions stay the same) to the
    /// highest that is left, which makes it wide rather than narrow: it
    /// covered the true optimum in 98 to 99 % of simulated samples. Where no score is low or high enough to be left out, that end is
    /// infinite. In large samples an end can be off by up to 1/128 of its value.
    /// </remarks>
    public static ThresholdStrategy MaximumF1() => new MaximumF1Strategy();

    /// <summary>
    /// A quantile of the normal scores: with n normal rows, the ceil(n * probability)-th smallest, that is the inverse of the empirical
    /// distribution function (definition 1 of Hyndman and Fan, "Sample Quantiles in Statistical Packages", 1996; NumPy's
    /// <c>inverted_cdf</c>). The score at the threshold is itself anomalous. Needs a normal row.
    /// </summary>
    /// <param name="probability">
    /// The share of the normal rows, between 0 and 1, both excluded; taken as the decimal number that it prints as.
    /// </param>
    /// <remarks>
    /// The interval is between two order statistics, whatever the distribution (David and Nagaraja, "Order Statistics", 2003, 7.1). Over
    /// pixels it counts images, by Bentkus' inequality for sums of independent numbers between 0 and 1 ("On Hoeffding's inequalities",
    /// 2004): it holds for any dependence within an image, and is wide.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="probability"/> is not between 0 and 1.</exception>
    public static ThresholdStrategy Quantile(double probability)
        => new QuantileStrategy(Require(probability is > 0 and < 1, probability, "A probability must lie between 0 and 1, both excluded."));

    /// <summary>
    /// The mean of the normal scores plus a number of their sample standard deviations (divisor n - 1), from exact sums. Needs two normal
    /// rows.
    /// </summary>
    /// <param name="count">The number of standard deviations; finite, at least 0. Often 3.</param>
    /// <remarks>
    /// The interval is the normal approximation <c>threshold ± 1.96 s sqrt(1 / n + count² / (2 (n - 1)))</c> for scores that are
    /// themselves normally distributed (Bland and Altman, "Measuring agreement in method comparison studies", 1999); too narrow for fewer
    /// than about 20 rows.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is NaN, infinite or negative.</exception>
    public static ThresholdStrategy MeanPlusDeviations(double count)
        => new MeanPlusDeviationsStrategy(
            Require(double.IsFinite(count) && count >= 0, count, "A number of standard deviations must be finite and at least 0."));

    /// <summary>
    /// A threshold that a new normal row reaches with at most the given probability, whatever the distribution of the scores: with n normal
    /// rows, the next number of the scores' type above the ceil((n + 1) (1 - rate))-th smallest. Needs ceil((1 - rate) / rate) normal rows:
    /// 99 for 0.01.
    /// </summary>
    /// <param name="rate">
    /// The false positive rate to promise, at least 1e-15, less than 1; taken as the decimal number that it prints as.
    /// </param>
    /// <remarks>
    /// <para>
    /// Split conformal prediction (Vovk, Gammerman and Shafer, "Algorithmic Learning in a Random World", 2005): the new row is equally
    /// likely to take every place among the n + 1, so it exceeds the k-th smallest with a probability of at most 1 - k / (n + 1). Equal
    /// scores would break the promise for <c>score &gt;= threshold</c> at the k-th smallest itself; hence the next number above it. The
    /// probability is over the fit and the new row together, which must be exchangeable.
    /// </para>
    /// <para>
    /// Over pixels the promise is about new good images: the share of such an image's pixels that reach the threshold is, on average over
    /// fits and images, at most the rate. It takes as many good images as it takes rows otherwise, and the normal pixels of images with
    /// defects are left out. With n good images of m pixels (of the smallest, if they differ), the threshold is the lowest number that at
    /// most m ((n + 1) rate - 1) pixels reach (Angelopoulos, Bates, Fisch, Lei and Schuster, "Conformal Risk Control", 2024, with the share
    /// as the loss of an image; with images of one pixel it is the rule above). Groups of rows are treated alike.
    /// </para>
    /// <para>The interval is the one of <see cref="Quantile"/> for the probability 1 - rate.</para>
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="rate"/> is NaN, less than 1e-15, or not less than 1.</exception>
    public static ThresholdStrategy FalsePositiveRate(double rate)
        => new FalsePositiveRateStrategy(
            Require(rate is >= SmallestRate and < 1, rate, "A false positive rate must be at least 1e-15 and less than 1."));

    /// <summary>
    /// The highest threshold that still finds a share of the anomalous rows: with n of them, the ceil(n * recall)-th largest of their
    /// scores. Needs an anomalous row.
    /// </summary>
    /// <param name="recall">The share to find; greater than 0, at most 1; taken as the decimal number that it prints as.</param>
    /// <remarks>
    /// The interval is the one of <see cref="Quantile"/> for the probability 1 - recall, over the anomalous rows; with a recall of 1 no
    /// data can bound it from below.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="recall"/> is not greater than 0 and at most 1.</exception>
    public static ThresholdStrategy Recall(double recall)
        => new RecallStrategy(Require(recall is > 0 and <= 1, recall, "A recall must be greater than 0 and at most 1."));

    /// <summary>
    /// The median of the normal scores plus a number of deviations: of their median distances from it (MAD), times 1.4826, which estimates
    /// the standard deviation of normally distributed scores. Up to half of the rows can be outliers without moving it far. Needs a normal
    /// row.
    /// </summary>
    /// <param name="count">The number of deviations; finite, at least 0. Often 3.</param>
    /// <remarks>
    /// Both medians are the mean of the two middle numbers where there are two. The interval is the normal approximation for scores that
    /// are normally distributed, with the efficiencies of Rousseeuw and Croux ("Alternatives to the Median Absolute Deviation", 1993); too
    /// narrow for fewer than about 20 rows.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is NaN, infinite or negative.</exception>
    public static ThresholdStrategy MedianPlusDeviations(double count)
        => new MedianPlusDeviationsStrategy(
            Require(double.IsFinite(count) && count >= 0, count, "A number of deviations must be finite and at least 0."));

    /// <summary>
    /// The lowest anomalous score at which a share of the rows at or above it are anomalous: of all thresholds with this precision, the one
    /// that finds the most. Needs normal and anomalous rows, in the proportion in which they will come: precision depends on it.
    /// </summary>
    /// <param name="precision">The share; greater than 0, at most 1; taken as the decimal number that it prints as.</param>
    /// <remarks>
    /// The interval runs from the lowest threshold whose precision a two-sided 5 % score test (Wilson, 1927) can't tell to be too low, to
    /// the lowest one that it tells to be higher than asked for; an end that no score gives is infinite. In large samples an end can be off
    /// by up to 1/128 of its value.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="precision"/> is not greater than 0 and at most 1.</exception>
    public static ThresholdStrategy Precision(double precision)
        => new PrecisionStrategy(
            Require(precision is > 0 and <= 1, precision, "A precision must be greater than 0 and at most 1."));

    /// <summary>
    /// The lowest threshold that at most a number of the normal rows reach: with n of them, the next number above the (n - count)-th
    /// smallest. A new row reaches it with a probability of at most (count + 1) / (n + 1). Needs count + 1 normal rows.
    /// </summary>
    /// <param name="count">How many normal rows may be called anomalous; at least 0.</param>
    /// <remarks>The interval is the one of <see cref="Quantile"/> for the probability (n - count) / (n + 1).</remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative.</exception>
    public static ThresholdStrategy FalseAlarms(long count)
        => new FalseAlarmsStrategy(
            count >= 0 ? count : throw new ArgumentOutOfRangeException(nameof(count), count, "A number of alarms can't be negative."));

    /// <summary>
    /// A threshold that of so many new normal rows at most a number reach on average: <see cref="FalsePositiveRate"/> with the rate
    /// count / rows, its guarantee and its need of rows: for one false alarm in a million, 999,999 normal rows.
    /// </summary>
    /// <param name="count">How many false alarms are allowed; positive, less than <paramref name="rows"/>.</param>
    /// <param name="rows">In how many normal rows.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="count"/> is not positive, not less than <paramref name="rows"/>, or less than 1e-15 of them.
    /// </exception>
    public static ThresholdStrategy FalseAlarmsPer(long count, long rows = 1_000_000)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(count, rows);
        return FalsePositiveRate((double)((decimal)count / rows));
    }

    /// <summary>
    /// The threshold with the least cost: <c>falseReject (1 - prevalence) FPR + escape prevalence (1 - recall)</c> for each row. The lowest
    /// score that attains it; midway between separable classes; above all scores where rejecting nothing costs least. Needs normal and
    /// anomalous rows.
    /// </summary>
    /// <param name="falseReject">What it costs to reject a normal row, in whatever unit; positive, 1e-9 to 1e9.</param>
    /// <param name="escape">What it costs to miss an anomalous row, in the same unit; positive, 1e-9 to 1e9.</param>
    /// <param name="prevalence">
    /// How many of the rows to come are anomalous, between 0 and 1, both excluded, at least 1e-9; null if as many as of those that are
    /// learned from. In production it is mostly far less than in a set that was collected for learning.
    /// </param>
    /// <remarks>
    /// The cost is compared exactly, all numbers taken as the decimals that they print as. The interval is the one of
    /// <see cref="MaximumF1"/>, with the share of anomalous rows from which on rejecting pays off.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public static ThresholdStrategy MinimumCost(double falseReject, double escape, double? prevalence = null)
    {
        Require(falseReject is >= SmallestCost and <= LargestCost, falseReject, "A cost must be at least 1e-9 and at most 1e9.");
        Require(escape is >= SmallestCost and <= LargestCost, escape, "A cost must be at least 1e-9 and at most 1e9.");
        if (prevalence is { } share && !(share is >= SmallestCost and <= 1 - SmallestCost))
        {
            throw new ArgumentOutOfRangeException(nameof(prevalence), share,
                "A prevalence must lie between 0 and 1, at least 1e-9 away from both.");
        }

        return new MinimumCostStrategy(falseReject, escape, prevalence);
    }

    /// <summary>Learns the threshold from labelled scores.</summary>
    /// <param name="scores">Raw scores, higher is more anomalous; may be infinite, not NaN.</param>
    /// <param name="isAnomalous">For every score whether its row is anomalous.</param>
    /// <exception cref="ArgumentException">A score is NaN, or the two spans have different lengths.</exception>
    /// <exception cref="InvalidOperationException">
    /// The strategy needs rows of a class that isn't there, or more of them, or so many scores are infinite that the threshold would be;
    /// the message says what is needed, what was found, and which strategy would do.
    /// </exception>
    public ThresholdFit Fit(ReadOnlySpan<float> scores, ReadOnlySpan<bool> isAnomalous) => Fit(ScoreType.Single, scores, isAnomalous);

    /// <inheritdoc cref="Fit(ReadOnlySpan{float}, ReadOnlySpan{bool})"/>
    public ThresholdFit Fit(ReadOnlySpan<double> scores, ReadOnlySpan<bool> isAnomalous) => Fit(ScoreType.Double, scores, isAnomalous);

    /// <summary>Learns the threshold from scores of normal rows alone.</summary>
    /// <param name="normalScores">Raw scores of normal rows, higher is more anomalous; may be infinite, not NaN.</param>
    /// <exception cref="ArgumentException">A score is NaN.</exception>
    /// <exception cref="InvalidOperationException">
    /// The strategy needs anomalous rows, or more normal ones; the message says what is needed and which strategy would do.
    /// </exception>
    public ThresholdFit Fit(ReadOnlySpan<float> normalScores) => Fit(normalScores, new bool[normalScores.Length]);

    /// <inheritdoc cref="Fit(ReadOnlySpan{float})"/>
    public ThresholdFit Fit(ReadOnlySpan<double> normalScores) => Fit(normalScores, new bool[normalScores.Length]);

    /// <summary>Whether normal rows alone are not enough.</summary>
    internal virtual bool NeedsAnomalies => false;

    /// <summary>
    /// Begins a fit over data that is read in passes: add every score to a part, then <see cref="TryFinish"/>, and again until that is true.
    /// </summary>
    internal virtual NarrowingCounts StartFit(ScoreType type) => new(type);

    /// <summary>Ends a pass over the data.</summary>
    /// <returns>
    /// False if the same scores must be added once more, in whatever order and batches. Two passes are enough, but for
    /// <see cref="MaximumF1"/> where the data has hardly a maximum (see <see cref="NarrowingCounts"/>).
    /// </returns>
    /// <exception cref="InvalidOperationException">As with a <c>Fit</c>, or the scores are not those of the pass before.</exception>
    internal bool TryFinish(NarrowingCounts counts, [NotNullWhen(true)] out ThresholdFit? fit)
    {
        counts.EndPass();
        fit = Decide(counts);
        return fit is not null;
    }

    private ThresholdFit Fit<T>(ScoreType type, ReadOnlySpan<T> scores, ReadOnlySpan<bool> isAnomalous)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        NarrowingCounts counts = StartFit(type);
        ThresholdFit? fit;
        do
            counts.StartPart().Add(scores, isAnomalous);
        while (!TryFinish(counts, out fit));
        return fit;
    }

    /// <summary>Makes the fit from what the counts tell or, if that isn't enough, refines the counts and returns null.</summary>
    private protected abstract ThresholdFit? Decide(NarrowingCounts counts);

    private protected ThresholdFit Measure(double threshold, double lower, double upper, NarrowingCounts counts, string? warning = null)
    {
        double rounded = counts.Type.Round(threshold);
        if (!double.IsFinite(rounded))
        {
            throw new InvalidOperationException(
                $"{this} leads to the threshold {rounded}, but a threshold must be a finite {counts.Type}. " +
                "Leave out the rows with infinite or huge scores.");
        }

        // A threshold that its scores can't tell from 0 is 0, so that dividing by it means the same in Single and in Double.
        if (rounded == 0)
            threshold = 0;

        (long falsePositives, long truePositives) = counts.CountAtLeast(rounded);
        return new()
        {
            Threshold = threshold,
            LowerBound = Math.Min(lower, threshold),
            UpperBound = Math.Max(upper, threshold),
            NormalCount = counts.NormalCount,
            AnomalousCount = counts.AnomalousCount,
            F1Score = counts.AnomalousCount == 0
                ? double.NaN
                : 2d * truePositives / (counts.AnomalousCount + truePositives + falsePositives),
            FalsePositiveRate = (double)falsePositives / counts.NormalCount,
            Recall = (double)truePositives / counts.AnomalousCount,
            Warning = string.Join(' ', new[] { warning, WarnOf(rounded, counts) }.OfType<string>()) is { Length: > 0 } all ? all : null,
        };
    }

    private static string? WarnOf(double threshold, NarrowingCounts counts)
    {
        if (Math.Abs(threshold) < counts.Type.SmallestNormal && threshold != 0)
        {
            return FormattableString.Invariant(
                $"The threshold {threshold} is next to 0: scores are divided by it, so that nearly all read 0 or 1000.");
        }

        if (Math.Abs(threshold) > counts.Type.MaxValue / 4)
        {
            return FormattableString.Invariant(
                $"The threshold {threshold} lies half-way to an infinite score: finite scores read nearly 0. Leave infinite ones out.");
        }

        return counts.OnlyNormalScore() is not { } only ? null
            : threshold == only ? FormattableString.Invariant(
                $"All {counts.NormalCount} normal scores are {only}, and so is the threshold: every one of them is called anomalous.")
            : threshold == counts.Type.Next(only) ? FormattableString.Invariant(
                $"All {counts.NormalCount} normal scores are {only}, and the threshold is the next number: all above are anomalous.")
            : null;
    }

    private protected void RequireRows(string kind, long found, decimal needed, NarrowingCounts counts, string advice)
    {
        if (found < needed)
        {
            throw new InvalidOperationException(
                $"{this} needs at least {needed} {kind}{(needed == 1 ? "" : "s")}, but found {found} " +
                $"({counts.NormalCount} normal and {counts.AnomalousCount} anomalous rows in all). {advice}");
        }
    }

    // 0.07 is stored as slightly more than 0.07, and ceil(100 * 0.07) would be 8.
    private protected static decimal AsPrinted(double value)
        => decimal.Parse(value.ToString("R", CultureInfo.InvariantCulture), NumberStyles.Float, CultureInfo.InvariantCulture);

    private static double Require(
        bool condition, double value, string message, [CallerArgumentExpression(nameof(value))] string? name = null)
        => condition ? value : throw new ArgumentOutOfRangeException(name, value, message);
}
