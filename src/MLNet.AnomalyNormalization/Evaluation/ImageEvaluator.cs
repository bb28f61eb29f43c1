using System.Runtime.InteropServices;
using MLNet.AnomalyNormalization.Evaluation.Curves;
using MLNet.AnomalyNormalization.Evaluation.State;
using MLNet.AnomalyNormalization.Scale;
using MLNet.AnomalyNormalization.Thresholds;

namespace MLNet.AnomalyNormalization.Evaluation;

/// <summary>
/// Collects image scores with their labels and computes how well they separate anomalous from normal images. Order, batches and the way
/// the rows were split and merged change no bit of the result. Scores are compared in the type that they have, Single or Double; all of an
/// evaluator have the same. Keeps 8 bytes a row. Not safe for several threads at once: give each thread an evaluator and merge them.
/// </summary>
/// <param name="countNaNAsAnomalous">
/// Whether a score of NaN counts as anomalous, above every finite score (as positive infinity). Otherwise it is refused.
/// </param>
public sealed class ImageEvaluator(bool countNaNAsAnomalous = false)
{
    private const byte StateKind = 1;
    private const int CountsNaN = 1;
    private const int HoldsDouble = 2;

    private readonly bool _countNaNAsAnomalous = countNaNAsAnomalous;
    private readonly List<double> _normal = [];
    private readonly List<double> _anomalous = [];
    private readonly List<double> _unknown = [];

    // Null before the first row.
    private ScoreType? _type;

    /// <summary>The number of rows that were added, those with an unknown label included.</summary>
    public long Count => (long)_normal.Count + _anomalous.Count + _unknown.Count;

    /// <summary>Adds one row.</summary>
    /// <param name="score">The score of an image, normalised or raw; higher is more anomalous; may be infinite.</param>
    /// <param name="isAnomalous">The label; null if it is unknown, so that the score counts among the overlapping scores alone.</param>
    /// <exception cref="ArgumentException">
    /// <paramref name="score"/> is NaN, and NaN is not counted as anomalous; or the evaluator holds scores of the other type.
    /// </exception>
    public void Add(float score, bool? isAnomalous) => Add(ScoreType.Single, score, isAnomalous);

    /// <inheritdoc cref="Add(float, bool?)"/>
    public void Add(double score, bool? isAnomalous) => Add(ScoreType.Double, score, isAnomalous);

    /// <summary>Adds the rows of another evaluator, which stays as it is.</summary>
    /// <param name="other">The other evaluator.</param>
    /// <exception cref="ArgumentException">The other evaluator treats NaN differently, or holds scores of the other type.</exception>
    public void Merge(ImageEvaluator other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other._countNaNAsAnomalous != _countNaNAsAnomalous)
        {
            throw new ArgumentException(
                "One of the evaluators counts NaN as anomalous and the other refuses it. Make both with the same countNaNAsAnomalous.",
                nameof(other));
        }

        if (other._type is not null)
            Require(other._type, nameof(other));
        _normal.AddRange(other._normal);
        _anomalous.AddRange(other._anomalous);
        _unknown.AddRange(other._unknown);
    }

    /// <summary>Computes the metrics of all rows so far; more can be added afterwards.</summary>
    /// <param name="threshold">The decision threshold, compared in the type of the scores; 100 on the normalised scale.</param>
    /// <param name="falsePositiveCount">
    /// How many normal images <see cref="DetectionMetrics.DetectionRateAtFalsePositiveCount"/> allows to be taken for anomalous.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="threshold"/> is not finite in the type of the scores, or <paramref name="falsePositiveCount"/> is negative.
    /// </exception>
    public ImageMetrics Compute(double threshold = ScoreNormalizer.DecisionScore, int falsePositiveCount = 10)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(falsePositiveCount);
        (Func<double, float> toCurve, Func<float, double> fromCurve) = Axis(threshold);
        float decision = toCurve(threshold);

        ulong[] anomalous = RadixSort.Sort([.. _anomalous.Select(score => (ulong)ScoreKey.Of(toCurve(score)) << 32)]);
        var curve = ThresholdCurve.Of(anomalous, [[.. _normal.Select(toCurve)]], decision, threads: 1);
        ImageMetrics metrics = curve.Metrics<ImageMetrics>(threshold, decision, falsePositiveCount);
        return metrics with
        {
            MaximumF1Threshold = fromCurve((float)metrics.MaximumF1Threshold),
            OverlappingScores = metrics.OverlappingScores + OverlappingUnknown(),
        };
    }

    /// <summary>The counts at every distinct score of all rows so far whose label is known.</summary>
    public ScoreCurve ComputeCurve()
    {
        double[] normal = [.. _normal.Order()], anomalous = [.. _anomalous.Order()];
        var points = new List<ScoreCurvePoint> { new(double.PositiveInfinity, new(0, 0, normal.Length, anomalous.Length)) };
        for (int normalBelow = normal.Length, anomalousBelow = anomalous.Length; normalBelow > 0 || anomalousBelow > 0;)
        {
            double score = Math.Max(
                normalBelow > 0 ? normal[normalBelow - 1] : double.NegativeInfinity,
                anomalousBelow > 0 ? anomalous[anomalousBelow - 1] : double.NegativeInfinity);
            while (normalBelow > 0 && normal[normalBelow - 1] == score)
                normalBelow--;
            while (anomalousBelow > 0 && anomalous[anomalousBelow - 1] == score)
                anomalousBelow--;
            points.Add(new(score, new(anomalous.Length - anomalousBelow, normal.Length - normalBelow, normalBelow, anomalousBelow)));
        }

        return new(points, isComplete: true);
    }

    /// <summary>Writes the state, so that it can be read again with <see cref="ReadFrom"/> and merged elsewhere.</summary>
    /// <param name="stream">Receives the state at its current position; stays open.</param>
    public void WriteTo(Stream stream)
    {
        using var writer = new StateWriter(stream, StateKind);
        bool isDouble = _type == ScoreType.Double;
        writer.Write((byte)((_countNaNAsAnomalous ? CountsNaN : 0) | (isDouble ? HoldsDouble : 0)));
        foreach (List<double> scores in All)
        {
            writer.Write(scores.Count);
            if (isDouble)
                writer.Write<double>(CollectionsMarshal.AsSpan(scores));
            else
                writer.Write<float>([.. scores.Select(score => (float)score)]);
        }

        writer.Complete();
    }

    /// <summary>Reads an evaluator that <see cref="WriteTo"/> wrote; it computes the same bits.</summary>
    /// <param name="stream">The stream, at the position where the state begins; is read to the end of the state and stays open.</param>
    /// <exception cref="InvalidDataException">The stream holds anything but a complete state of this version.</exception>
    public static ImageEvaluator ReadFrom(Stream stream)
    {
        using var reader = new StateReader(stream, StateKind);
        byte flags = reader.Read<byte>();
        if ((flags & ~(CountsNaN | HoldsDouble)) != 0)
            throw reader.Corrupt($"the flags {flags}");

        var evaluator = new ImageEvaluator((flags & CountsNaN) != 0);
        bool isDouble = (flags & HoldsDouble) != 0;
        foreach (List<double> scores in evaluator.All)
        {
            int count = reader.ReadCount();
            scores.AddRange(isDouble ? reader.ReadArray<double>(count) : reader.ReadArray<float>(count).Select(score => (double)score));
            if (scores.Contains(double.NaN))
                throw reader.Corrupt("a score of NaN");
        }

        reader.Complete();
        evaluator._type = evaluator.Count == 0 ? null : isDouble ? ScoreType.Double : ScoreType.Single;
        return evaluator;
    }

    private List<double>[] All => [_normal, _anomalous, _unknown];

    private void Add(ScoreType type, double score, bool? isAnomalous)
    {
        Require(type, nameof(score));
        if (double.IsNaN(score))
        {
            score = _countNaNAsAnomalous
                ? double.PositiveInfinity
                : throw new ArgumentException(
                    $"The score of row {Count} is NaN. Find out why the model gave it, or make the evaluator count NaN as anomalous.",
                    nameof(score));
        }

        List<double> scores = isAnomalous switch { true => _anomalous, false => _normal, null => _unknown };

        // Adding 0 turns -0 into +0, its equal.
        scores.Add(score + 0d);
        _type = type;
    }

    private void Require(ScoreType type, string parameterName)
    {
        if (_type is not null && _type != type)
        {
            throw new ArgumentException(
                $"The evaluator holds {_type} scores, but {type} ones came, which are compared differently. Use one evaluator for each type.",
                parameterName);
        }
    }

    // The curve is made of Single numbers. Of Double scores it needs the order alone, so that their ranks can stand in.
    private (Func<double, float> ToCurve, Func<float, double> FromCurve) Axis(double threshold)
    {
        if (_type != ScoreType.Double)
        {
            ThresholdCurve.RequireThreshold(threshold);
            return (score => (float)score + 0f, score => score);
        }

        if (!double.IsFinite(threshold))
            throw new ArgumentOutOfRangeException(nameof(threshold), threshold, "A threshold must be a finite number.");

        uint first = ScoreKey.Of(0f);
        double[] ordered = [.. _normal.Concat(_anomalous).Append(threshold + 0d).Distinct().Order()];
        return (
            score => ScoreKey.ToScore(first + (uint)Array.BinarySearch(ordered, score + 0d)),
            score => float.IsNaN(score) ? double.NaN : ordered[ScoreKey.Of(score) - first]);
    }

    private long OverlappingUnknown()
    {
        if (_normal.Count == 0 || _anomalous.Count == 0)
            return 0;

        double lowest = _anomalous.Min(), highest = _normal.Max();
        return _unknown.Count(score => lowest <= score && score <= highest);
    }
}
