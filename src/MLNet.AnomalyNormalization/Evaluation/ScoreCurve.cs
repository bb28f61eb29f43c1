using System.Diagnostics;
using System.Text.Json.Serialization;
using MLNet.AnomalyNormalization.Notebooks;

namespace MLNet.AnomalyNormalization.Evaluation;

/// <summary>What a threshold gives.</summary>
/// <param name="Threshold">The threshold; a score is anomalous where <c>score &gt;= threshold</c>.</param>
/// <param name="Counts">The right and wrong decisions, with their rates.</param>
/// <param name="RegionOverlap">
/// Of pixels the mean over all regions of the share that is found (PRO), 0..1; NaN for images, and without a region.
/// </param>
[JsonNumberHandling(JsonNumberHandling.AllowNamedFloatingPointLiterals)]
public readonly record struct ScoreCurvePoint(double Threshold, ConfusionCounts Counts, double RegionOverlap = double.NaN);

/// <summary>
/// What every threshold gives, in one curve: ROC, precision and recall, and per-region overlap are readings of its points. Made by
/// <see cref="ImageEvaluator.ComputeCurve"/> and <see cref="PixelEvaluator.ComputeCurve"/>. Curves are equal if their points are.
/// </summary>
/// <remarks>
/// The points are in descending order of their thresholds, so that all counts of what is taken for anomalous rise. The first stands for a
/// threshold above all scores (positive infinity, at which nothing is found), the last for the lowest score, at which everything is. Between
/// two points the ROC curve and the per-region overlap are straight lines, which is how ties are counted one half.
/// </remarks>
[TypeFormatterSource(typeof(HtmlTables))]
[DebuggerDisplay("{Points.Count} points")]
public sealed class ScoreCurve : IEquatable<ScoreCurve>
{
    private readonly ScoreCurvePoint[] _points;

    /// <summary>Makes a curve of its points, as they were computed elsewhere.</summary>
    /// <param name="points">The points, in descending order of their thresholds; at least one.</param>
    /// <param name="isComplete">Whether there is a point for every distinct score.</param>
    /// <param name="isDouble">Whether the scores are Double.</param>
    /// <exception cref="ArgumentException">There is no point, or they are in another order.</exception>
    [JsonConstructor]
    public ScoreCurve(IReadOnlyList<ScoreCurvePoint> points, bool isComplete, bool isDouble = false)
    {
        ArgumentNullException.ThrowIfNull(points);
        _points = [.. points];
        (IsComplete, IsDouble) = (isComplete, isDouble);
        if (_points.Length == 0)
            throw new ArgumentException("A curve has at least one point, that above all scores.", nameof(points));

        for (int i = 1; i < _points.Length; i++)
        {
            if (!(_points[i].Threshold <= _points[i - 1].Threshold))
            {
                throw new ArgumentException(
                    $"The points have the thresholds {_points[i - 1].Threshold} and {_points[i].Threshold} one after the other; "
                    + "expected a falling order.",
                    nameof(points));
            }
        }
    }

    /// <summary>The points, in descending order of their thresholds; at least one.</summary>
    public IReadOnlyList<ScoreCurvePoint> Points => Array.AsReadOnly(_points);

    /// <summary>
    /// Whether there is a point for every distinct score. Otherwise normal scores were counted against the anomalous ones only, and nothing
    /// is known of thresholds between points.
    /// </summary>
    public bool IsComplete { get; }

    /// <summary>Whether the scores are Double; otherwise they are Single, and thresholds are rounded to Single before they are compared.</summary>
    public bool IsDouble { get; }

    /// <summary>The decisions at a threshold, found without counting anew.</summary>
    /// <param name="threshold">Any threshold; on the grid a multiple of 1/1024, and for exact pixels that of a point.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="threshold"/> is NaN, or lies between two points of which nothing more is known; the message names them.
    /// </exception>
    public ConfusionCounts CountsAt(double threshold)
    {
        if (double.IsNaN(threshold))
            throw new ArgumentOutOfRangeException(nameof(threshold), threshold, "A threshold is a number.");

        threshold = IsDouble ? threshold : float.CreateSaturating(threshold);
        int last = Array.FindLastIndex(_points, point => point.Threshold >= threshold);
        return last < 0 ? _points[0].Counts
            : IsComplete || _points[last].Threshold == threshold || last == _points.Length - 1
                || _points[last].Counts.FalsePositives == _points[last + 1].Counts.FalsePositives
            ? _points[last].Counts
            : throw new ArgumentOutOfRangeException(nameof(threshold), threshold,
                $"The curve has points at {_points[last].Threshold} and {_points[last + 1].Threshold}, and normal pixels between them were not "
                + "counted apart. Take one of these, or the counts of Compute at the threshold.");
    }

    /// <summary>What passes, is reviewed and is rejected by a band, found without counting anew.</summary>
    /// <param name="band">The band, on the scale of the scores.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A limit lies between two points of which nothing more is known; the message names them.
    /// </exception>
    public DecisionCounts DecisionsAt(ReviewBand band)
    {
        (ConfusionCounts from, ConfusionCounts to) = (CountsAt(band.From), CountsAt(band.To));
        return new(
            from.TrueNegatives, from.FalsePositives - to.FalsePositives, to.FalsePositives,
            from.FalseNegatives, from.TruePositives - to.TruePositives, to.TruePositives);
    }

    /// <summary>
    /// The area under the ROC curve up to a false positive rate, set to the scale of the whole (McClish 1989, as scikit-learn's
    /// <c>roc_auc_score(max_fpr)</c>): 0.5 for chance and 1 for all.
    /// </summary>
    /// <param name="maximumFalsePositiveRate">Where the area ends, in (0, 1]; 1 for the area itself.</param>
    /// <returns>The area; NaN unless there are anomalous and normal scores.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maximumFalsePositiveRate"/> is not in (0, 1].</exception>
    public double AreaUnderRocCurve(double maximumFalsePositiveRate = 1)
    {
        if (!(maximumFalsePositiveRate is > 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(maximumFalsePositiveRate), maximumFalsePositiveRate,
                "A false positive rate must be greater than 0 and at most 1.");
        }

        ConfusionCounts all = _points[^1].Counts;
        double positives = all.TruePositives, negatives = all.FalsePositives, end = maximumFalsePositiveRate * negatives, area = 0;
        ConfusionCounts before = _points[0].Counts;
        foreach (ScoreCurvePoint point in _points)
        {
            double width = Math.Min(point.Counts.FalsePositives, end) - before.FalsePositives;
            if (width > 0)
            {
                double rise = point.Counts.TruePositives - before.TruePositives, run = point.Counts.FalsePositives - before.FalsePositives;
                area += width * (before.TruePositives + (rise / run * width / 2));
            }

            before = point.Counts;
        }

        double share = area / (positives * negatives), ofChance = maximumFalsePositiveRate * maximumFalsePositiveRate / 2;
        return maximumFalsePositiveRate == 1 ? share : 0.5 * (1 + ((share - ofChance) / (maximumFalsePositiveRate - ofChance)));
    }

    /// <summary>Some twenty of the points as a table, the same in every culture; the first and the last are among them.</summary>
    public override string ToString() => Table.Of(this)!.ToString();

    /// <inheritdoc/>
    public bool Equals(ScoreCurve? other)
        => other is not null && (IsComplete, IsDouble) == (other.IsComplete, other.IsDouble) && _points.AsSpan().SequenceEqual(other._points);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ScoreCurve);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_points.Length, _points[^1]);
}
