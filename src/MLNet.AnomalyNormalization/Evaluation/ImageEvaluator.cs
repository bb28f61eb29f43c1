using System.Numerics;
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
    private const int HoldsWeights = 4;
    private const string NaNRemedy = "Find out why the model gave it, or make the evaluator count NaN as anomalous.";

    private readonly bool _countNaNAsAnomalous = countNaNAsAnomalous;
    private readonly List<Row> _normal = [];
    private readonly List<Row> _anomalous = [];
    private readonly List<Row> _unknown = [];

    // Null before the first row.
    private ScoreType? _type;

    private readonly record struct Row(double Score, int Weight);

    /// <summary>The number of rows that were added, those with an unknown label included, and weights left aside.</summary>
    public long Count => (long)_normal.Count + _anomalous.Count + _unknown.Count;

    /// <summary>Adds one row.</summary>
    /// <param name="score">The score of an image, normalised or raw; higher is more anomalous; may be infinite.</param>
    /// <param name="isAnomalous">The label; null if it is unknown, so that the score counts among the overlapping scores alone.</param>
    /// <exception cref="ArgumentException">
    /// <paramref name="score"/> is NaN, and NaN is not counted as anomalous; or the evaluator holds scores of the other type.
    /// </exception>
    public void Add(float score, bool? isAnomalous) => Add(ScoreType.Single, score, isAnomalous, weight: 1);

    /// <inheritdoc cref="Add(float, bool?)"/>
    public void Add(double score, bool? isAnomalous) => Add(ScoreType.Double, score, isAnomalous, weight: 1);

    /// <summary>Adds one row that stands for several.</summary>
    /// <param name="score">The score of an image, normalised or raw; higher is more anomalous; may be infinite.</param>
    /// <param name="isAnomalous">The label; null if it is unknown, so that the score counts among the overlapping scores alone.</param>
    /// <param name="weight">How many equal rows this one stands for; 0 leaves it out.</param>
    /// <exception cref="ArgumentException">As with <see cref="Add(float, bool?)"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="weight"/> is negative.</exception>
    public void Add(float score, bool? isAnomalous, int weight) => Add(ScoreType.Single, score, isAnomalous, weight);

    /// <inheritdoc cref="Add(float, bool?, int)"/>
    public void Add(double score, bool? isAnomalous, int weight) => Add(ScoreType.Double, score, isAnomalous, weight);

    /// <summary>Adds many rows: all of them or, after an exception, none.</summary>
    /// <param name="scores">The scores of images, normalised or raw; higher is more anomalous; may be infinite.</param>
    /// <param name="isAnomalous">For every score whether its image is anomalous.</param>
    /// <exception cref="ArgumentException">The spans have different lengths; otherwise as with <see cref="Add(float, bool?)"/>.</exception>
    public void Add(ReadOnlySpan<float> scores, ReadOnlySpan<bool> isAnomalous) => Add(ScoreType.Single, scores, isAnomalous);

    /// <inheritdoc cref="Add(ReadOnlySpan{float}, ReadOnlySpan{bool})"/>
    public void Add(ReadOnlySpan<double> scores, ReadOnlySpan<bool> isAnomalous) => Add(ScoreType.Double, scores, isAnomalous);

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
    /// <param name="cancellationToken">Stops it, at the latest after the scores of one label were sorted.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="threshold"/> is not finite in the type of the scores, or <paramref name="falsePositiveCount"/> is negative.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public ImageMetrics Compute(
        double threshold = ScoreNormalizer.DecisionScore, int falsePositiveCount = 10, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(falsePositiveCount);
        double decision = _type == ScoreType.Double
            ? ScoreNormalizer.RequireFinite(threshold, nameof(threshold))
            : ThresholdCurve.RequireThreshold(threshold);
        ImageMetrics metrics = Curve(cancellationToken).Metrics<ImageMetrics>(threshold, decision, falsePositiveCount);
        return metrics with { OverlappingScores = metrics.OverlappingScores + OverlappingUnknown() };
    }

    /// <summary>The counts at every distinct score of all rows so far whose label is known.</summary>
    /// <param name="cancellationToken">Stops it, at the latest after the scores of one label were sorted.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public ScoreCurve ComputeCurve(CancellationToken cancellationToken = default)
    {
        ThresholdCurve curve = Curve(cancellationToken);
        return new(
            [
                new(double.PositiveInfinity, curve.Counts(0, 0)),
                .. curve.Points.Select(point => new ScoreCurvePoint(point.Score, curve.Counts(point.TruePositives, point.FalsePositives))),
            ],
            isComplete: true, isDouble: _type == ScoreType.Double);
    }

    /// <summary>Writes the state, so that it can be read again with <see cref="ReadFrom"/> and merged elsewhere.</summary>
    /// <param name="stream">Receives the state at its current position; stays open.</param>
    public void WriteTo(Stream stream)
    {
        using var writer = new StateWriter(stream, StateKind);
        bool isDouble = _type == ScoreType.Double, isWeighted = All.Any(rows => rows.Exists(row => row.Weight != 1));
        writer.Write((byte)((_countNaNAsAnomalous ? CountsNaN : 0) | (isDouble ? HoldsDouble : 0) | (isWeighted ? HoldsWeights : 0)));
        foreach (List<Row> rows in All)
        {
            writer.Write(rows.Count);
            if (isDouble)
                writer.Write<double>([.. rows.Select(row => row.Score)]);
            else
                writer.Write<float>([.. rows.Select(row => (float)row.Score)]);
            if (isWeighted)
                writer.Write<int>([.. rows.Select(row => row.Weight)]);
        }

        writer.Complete();
    }

    /// <summary>Reads an evaluator that <see cref="WriteTo"/> wrote; it computes the same bits.</summary>
    /// <param name="stream">The stream, at the position where the state begins; is read to the end of the state and stays open.</param>
    /// <exception cref="InvalidDataException">
    /// The stream holds anything but a complete state of this version, or one that no rows can leave behind. The memory that is taken grows
    /// with the bytes that were read.
    /// </exception>
    public static ImageEvaluator ReadFrom(Stream stream)
    {
        using var reader = new StateReader(stream, StateKind);
        byte flags = reader.Read<byte>();
        if ((flags & ~(CountsNaN | HoldsDouble | HoldsWeights)) != 0)
            throw reader.Corrupt($"the flags {flags}");

        var evaluator = new ImageEvaluator((flags & CountsNaN) != 0);
        bool isDouble = (flags & HoldsDouble) != 0, isWeighted = (flags & HoldsWeights) != 0;
        foreach (List<Row> rows in evaluator.All)
        {
            int count = reader.ReadCount();
            double[] scores = isDouble ? reader.ReadArray<double>(count) : Array.ConvertAll(reader.ReadArray<float>(count), score => (double)score);
            int[] weights = isWeighted ? reader.ReadArray<int>(count) : [];
            if (scores.Contains(double.NaN))
                throw reader.Corrupt("a score of NaN");
            if (Array.Exists(weights, weight => weight <= 0))
                throw reader.Corrupt("a weight that is not positive");
            rows.AddRange(scores.Select((score, i) => new Row(score + 0d, isWeighted ? weights[i] : 1)));
        }

        reader.Complete();
        evaluator._type = evaluator.Count == 0 ? null : isDouble ? ScoreType.Double : ScoreType.Single;
        return evaluator;
    }

    private List<Row>[] All => [_normal, _anomalous, _unknown];

    private void Add<T>(ScoreType type, ReadOnlySpan<T> scores, ReadOnlySpan<bool> isAnomalous)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (scores.Length != isAnomalous.Length)
        {
            throw new ArgumentException(
                $"There are {scores.Length} scores and {isAnomalous.Length} labels; expected a label for every score.", nameof(isAnomalous));
        }

        // The first NaN that is refused is refused before anything is added.
        if (!_countNaNAsAnomalous && NaNs.IndexIn(scores) is >= 0 and int first)
            throw new ArgumentException($"The score at index {first} is NaN. {NaNRemedy}", nameof(scores));
        for (int i = 0; i < scores.Length; i++)
            Add(type, double.CreateTruncating(scores[i]), isAnomalous[i], weight: 1);
    }

    private void Add(ScoreType type, double score, bool? isAnomalous, int weight)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(weight);
        Require(type, nameof(score));
        if (double.IsNaN(score))
        {
            score = _countNaNAsAnomalous
                ? double.PositiveInfinity
                : throw new ArgumentException(
                    $"The score of row {Count} is NaN. {NaNRemedy}",
                    nameof(score));
        }

        if (weight == 0)
            return;

        List<Row> rows = isAnomalous switch { true => _anomalous, false => _normal, null => _unknown };

        // Adding 0 turns -0 into +0, its equal.
        rows.Add(new(score + 0d, weight));
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

    /// <summary>A point for every distinct score of a known label.</summary>
    private ThresholdCurve Curve(CancellationToken cancellationToken)
    {
        Row[] normal = Descending(_normal), anomalous = Descending(_anomalous);
        return new(Points(), SumOfWeights(anomalous), SumOfWeights(normal));

        IEnumerable<CurvePoint> Points()
        {
            (long found, long alarms) = (0, 0);
            for (int nextNormal = 0, nextAnomalous = 0; nextNormal < normal.Length || nextAnomalous < anomalous.Length;)
            {
                double score = Math.Max(ScoreAt(normal, nextNormal), ScoreAt(anomalous, nextAnomalous));
                cancellationToken.ThrowIfCancellationRequested();
                long alarmsAbove = alarms;
                for (; nextNormal < normal.Length && normal[nextNormal].Score == score; nextNormal++)
                    alarms += normal[nextNormal].Weight;
                for (; nextAnomalous < anomalous.Length && anomalous[nextAnomalous].Score == score; nextAnomalous++)
                    found += anomalous[nextAnomalous].Weight;
                yield return new(score, found, alarms, alarmsAbove);
            }
        }

        Row[] Descending(List<Row> rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Row[] sorted = [.. rows];
            Array.Sort(sorted, (left, right) => right.Score.CompareTo(left.Score));
            return sorted;
        }

        static double ScoreAt(Row[] rows, int i) => i < rows.Length ? rows[i].Score : double.NegativeInfinity;
    }

    private long OverlappingUnknown()
    {
        if (_normal.Count == 0 || _anomalous.Count == 0)
            return 0;

        double lowest = _anomalous.Min(row => row.Score), highest = _normal.Max(row => row.Score);
        return SumOfWeights(_unknown.Where(row => lowest <= row.Score && row.Score <= highest));
    }

    private static long SumOfWeights(IEnumerable<Row> rows) => rows.Sum(row => (long)row.Weight);
}
