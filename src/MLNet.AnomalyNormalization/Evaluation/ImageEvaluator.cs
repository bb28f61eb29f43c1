using System.Runtime.InteropServices;
using MLNet.AnomalyNormalization.Evaluation.Curves;
using MLNet.AnomalyNormalization.Evaluation.State;
using MLNet.AnomalyNormalization.Scale;

namespace MLNet.AnomalyNormalization.Evaluation;

/// <summary>
/// Collects image scores with their labels and computes how well they separate anomalous from normal images. Order, batches and the way
/// the rows were split and merged change no bit of the result. Keeps 4 bytes a row. Not safe for several threads at once: give each thread
/// an evaluator and merge them.
/// </summary>
/// <param name="countNaNAsAnomalous">
/// Whether a score of NaN counts as anomalous, above every finite score (as positive infinity). Otherwise it is refused.
/// </param>
public sealed class ImageEvaluator(bool countNaNAsAnomalous = false)
{
    private const byte StateKind = 1;

    private readonly bool _countNaNAsAnomalous = countNaNAsAnomalous;
    private readonly List<float> _normal = [];
    private readonly List<float> _anomalous = [];
    private readonly List<float> _unknown = [];

    /// <summary>The number of rows that were added, those with an unknown label included.</summary>
    public long Count => (long)_normal.Count + _anomalous.Count + _unknown.Count;

    /// <summary>Adds one row.</summary>
    /// <param name="score">The score of an image, normalised or raw; higher is more anomalous; may be infinite.</param>
    /// <param name="isAnomalous">The label; null if it is unknown, so that the score counts among the overlapping scores alone.</param>
    /// <exception cref="ArgumentException"><paramref name="score"/> is NaN, and NaN is not counted as anomalous.</exception>
    public void Add(float score, bool? isAnomalous)
    {
        if (float.IsNaN(score))
        {
            score = _countNaNAsAnomalous
                ? float.PositiveInfinity
                : throw new ArgumentException(
                    $"The score of row {Count} is NaN. Find out why the model gave it, or make the evaluator count NaN as anomalous.",
                    nameof(score));
        }

        List<float> scores = isAnomalous switch { true => _anomalous, false => _normal, null => _unknown };

        // Adding 0 turns -0 into +0, its equal.
        scores.Add(score + 0f);
    }

    /// <summary>Adds the rows of another evaluator, which stays as it is.</summary>
    /// <param name="other">The other evaluator.</param>
    /// <exception cref="ArgumentException">The other evaluator treats NaN differently.</exception>
    public void Merge(ImageEvaluator other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other._countNaNAsAnomalous != _countNaNAsAnomalous)
        {
            throw new ArgumentException(
                "One of the evaluators counts NaN as anomalous and the other refuses it. Make both with the same countNaNAsAnomalous.",
                nameof(other));
        }

        _normal.AddRange(other._normal);
        _anomalous.AddRange(other._anomalous);
        _unknown.AddRange(other._unknown);
    }

    /// <summary>Computes the metrics of all rows so far; more can be added afterwards.</summary>
    /// <param name="threshold">The decision threshold, compared as Single; 100 on the normalised scale.</param>
    /// <param name="falsePositiveCount">
    /// How many normal images <see cref="DetectionMetrics.DetectionRateAtFalsePositiveCount"/> allows to be taken for anomalous.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="threshold"/> is not finite as Single, or <paramref name="falsePositiveCount"/> is negative.
    /// </exception>
    public ImageMetrics Compute(double threshold = ScoreNormalizer.DecisionScore, int falsePositiveCount = 10)
    {
        float decision = ThresholdCurve.RequireThreshold(threshold);
        ArgumentOutOfRangeException.ThrowIfNegative(falsePositiveCount);

        ulong[] anomalous = RadixSort.Sort([.. _anomalous.Select(score => (ulong)ScoreKey.Of(score) << 32)]);
        var curve = ThresholdCurve.Of(anomalous, [[.. _normal]], decision, threads: 1);
        (double maximumF1, double maximumF1Threshold) = curve.MaximumF1();
        return new ImageMetrics
        {
            Threshold = threshold,
            Counts = curve.CountsAt(decision),
            AreaUnderRocCurve = curve.AreaUnderRocCurve(),
            AreaUnderPrecisionRecallCurve = curve.AveragePrecision(),
            MaximumF1Score = maximumF1,
            MaximumF1Threshold = maximumF1Threshold,
            DetectionRateAtFalsePositiveCount = curve.DetectionRate(falsePositiveCount),
            FalsePositiveCount = falsePositiveCount,
            OverlappingScores = curve.OverlappingScores() + OverlappingUnknown(),
        };
    }

    /// <summary>Writes the state, so that it can be read again with <see cref="ReadFrom"/> and merged elsewhere.</summary>
    /// <param name="stream">Receives the state at its current position; stays open.</param>
    public void WriteTo(Stream stream)
    {
        using var writer = new StateWriter(stream, StateKind);
        writer.Write(_countNaNAsAnomalous ? (byte)1 : (byte)0);
        foreach (List<float> scores in All)
        {
            writer.Write(scores.Count);
            writer.Write<float>(CollectionsMarshal.AsSpan(scores));
        }

        writer.Complete();
    }

    /// <summary>Reads an evaluator that <see cref="WriteTo"/> wrote; it computes the same bits.</summary>
    /// <param name="stream">The stream, at the position where the state begins; is read to the end of the state and stays open.</param>
    /// <exception cref="InvalidDataException">The stream holds anything but a complete state of this version.</exception>
    public static ImageEvaluator ReadFrom(Stream stream)
    {
        using var reader = new StateReader(stream, StateKind);
        var evaluator = new ImageEvaluator(reader.Read<byte>() != 0);
        foreach (List<float> scores in evaluator.All)
            scores.AddRange(reader.ReadArray<float>(reader.ReadCount()));
        reader.Complete();
        return evaluator;
    }

    private List<float>[] All => [_normal, _anomalous, _unknown];

    private long OverlappingUnknown()
    {
        if (_normal.Count == 0 || _anomalous.Count == 0)
            return 0;

        float lowest = _anomalous.Min(), highest = _normal.Max();
        return _unknown.Count(score => lowest <= score && score <= highest);
    }
}
