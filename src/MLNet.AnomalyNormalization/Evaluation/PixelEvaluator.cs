using MLNet.AnomalyNormalization.Evaluation.Curves;
using MLNet.AnomalyNormalization.Evaluation.Pixels;
using MLNet.AnomalyNormalization.Evaluation.State;
using MLNet.AnomalyNormalization.Scale;

namespace MLNet.AnomalyNormalization.Evaluation;

/// <summary>
/// Collects anomaly maps with their masks and computes how well the scores find the defect pixels. Order, batches and the way the images
/// were split and merged change no bit of the result. Not safe for several threads at once: give each thread an evaluator and merge them.
/// </summary>
/// <remarks>
/// Exact precision keeps at most 8 bytes a pixel and takes any scores, normalised or raw; computing takes about 40 more for each defect. The
/// grid needs constant memory whatever the number of images, at most 41 MB and less where scores lie close together, and takes normalised
/// scores, 0..1000: that they all lie on this scale is what makes one fixed grid possible.
/// </remarks>
public sealed class PixelEvaluator
{
    private const byte StateKind = 2;

    private readonly RegionRuns _regions = new();
    private readonly PixelState _state;

    /// <summary>Makes an evaluator without images.</summary>
    /// <param name="options">What to keep and compute; null for the defaults.</param>
    /// <exception cref="ArgumentException">The lower bound of the per-image overlap is not below the upper one.</exception>
    public PixelEvaluator(PixelEvaluatorOptions? options = null)
    {
        Options = Require(options ?? new());
        _state = Options.Precision == EvaluationPrecision.Grid ? new GridPixels(Options) : new ExactPixels(Options);
    }

    /// <summary>What the evaluator keeps and computes.</summary>
    public PixelEvaluatorOptions Options { get; }

    /// <summary>The number of images; null on the grid, which doesn't tell them apart.</summary>
    internal int? ImageCount => _state.ImageCount;

    /// <summary>Checks what options can't check one by one.</summary>
    internal static PixelEvaluatorOptions Require(PixelEvaluatorOptions options)
        => options.PerImageOverlapLowerBound < options.PerImageOverlapUpperBound
            ? options
            : throw new ArgumentException(
                $"The per-image overlap has the lower bound {options.PerImageOverlapLowerBound} and the upper bound "
                + $"{options.PerImageOverlapUpperBound}; the lower one must be less.", nameof(options));

    /// <summary>Checks a decision threshold.</summary>
    /// <exception cref="ArgumentOutOfRangeException">See <see cref="Compute"/>.</exception>
    internal static void RequireThreshold(PixelEvaluatorOptions options, double threshold)
        => _ = options.Precision == EvaluationPrecision.Grid ? GridPixels.BinOf(threshold) : ThresholdCurve.RequireThreshold(threshold);

    /// <summary>Adds one image. It is added as a whole or, after an exception, not at all.</summary>
    /// <param name="map">The anomaly map, row-major, height x width; higher is more anomalous.</param>
    /// <param name="mask">
    /// The defects, row-major, height x width: a pixel is a defect where the mask is not 0, and left out where it is
    /// <see cref="PixelEvaluatorOptions.IgnoredMaskValue"/>.
    /// </param>
    /// <param name="height">The number of rows.</param>
    /// <param name="width">The number of columns.</param>
    /// <exception cref="ArgumentException">
    /// Map or mask has another size than height x width, or a score is NaN and NaN is not counted as anomalous.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="height"/> or <paramref name="width"/> is not positive, or the precision is Grid and a score lies outside 0..1000.
    /// </exception>
    public void Add(ReadOnlySpan<float> map, ReadOnlySpan<byte> mask, int height, int width)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        RequireSize(map.Length, nameof(map));
        RequireSize(mask.Length, nameof(mask));

        _regions.Label(mask, width, Options.Connectivity, Options.IgnoredMaskValue);
        if (NaNs.IndexIn(map) is >= 0 and int place)
            map = WithoutNaN(map, place, width);
        if (Options.IgnoredMaskValue is { } ignored && mask.Contains(ignored))
            map = _regions.LeaveOut(ignored, mask, map);
        _state.Add(map, _regions);

        void RequireSize(int length, string parameterName)
        {
            if (length != (long)height * width)
            {
                throw new ArgumentException(
                    $"The {parameterName} has {length} pixels, but height x width is {height} x {width} = {(long)height * width}.",
                    parameterName);
            }
        }
    }

    /// <inheritdoc cref="Add(ReadOnlySpan{float}, ReadOnlySpan{byte}, int, int)"/>
    public void Add(AnomalyMap map, ReadOnlySpan<byte> mask)
    {
        ArgumentNullException.ThrowIfNull(map);
        Add(map.Values, mask, map.Height, map.Width);
    }

    /// <summary>Adds the images of another evaluator after those of this one; the other stays as it is.</summary>
    /// <param name="other">An evaluator with equal options.</param>
    /// <exception cref="ArgumentException">The options differ.</exception>
    public void Merge(PixelEvaluator other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Options != Options)
        {
            throw new ArgumentException(
                $"Only evaluators with equal options can be merged; this one has {Options}, the other {other.Options}.", nameof(other));
        }

        _state.Merge(other._state);
    }

    /// <summary>Computes the metrics of all images so far; more can be added afterwards.</summary>
    /// <param name="threshold">
    /// The decision threshold, compared as Single; 100 on the normalised scale. On the grid a multiple of 1/1024.
    /// </param>
    /// <param name="falsePositiveCount">
    /// How many normal pixels <see cref="DetectionMetrics.DetectionRateAtFalsePositiveCount"/> allows to be taken for anomalous.
    /// </param>
    /// <param name="threads">How many threads may count at once; the result is the same for every number.</param>
    /// <param name="cancellationToken">Stops it, within an image or a pass over the sorted scores; the evaluator stays as it was.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="threshold"/> is not finite as Single or, on the grid, no multiple of 1/1024;
    /// <paramref name="falsePositiveCount"/> is negative, or <paramref name="threads"/> is not positive.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public PixelMetrics Compute(
        double threshold = ScoreNormalizer.DecisionScore, int falsePositiveCount = 10, int threads = 1, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(falsePositiveCount);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        cancellationToken.ThrowIfCancellationRequested();
        return _state.Compute(threshold, falsePositiveCount, threads, cancellationToken);
    }

    /// <summary>
    /// The counts of all pixels so far at every distinct score of a defect and just above it; on the grid at every bin that isn't empty.
    /// </summary>
    /// <param name="threads">How many threads may count at once; the result is the same for every number.</param>
    /// <param name="cancellationToken">Stops it, within an image or a pass over the sorted scores; the evaluator stays as it was.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="threads"/> is not positive.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public ScoreCurve ComputeCurve(int threads = 1, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        cancellationToken.ThrowIfCancellationRequested();
        return _state.ComputeCurve(threads, cancellationToken);
    }

    /// <summary>Writes options and state, so that they can be read again with <see cref="ReadFrom"/> and merged elsewhere.</summary>
    /// <param name="stream">Receives the state at its current position; stays open.</param>
    public void WriteTo(Stream stream)
    {
        using var writer = new StateWriter(stream, StateKind);
        writer.Write((int)Options.Precision);
        writer.Write((int)Options.Connectivity);
        writer.Write(Options.FalsePositiveRateLimit);
        writer.Write(Options.PerImageOverlapLowerBound);
        writer.Write(Options.PerImageOverlapUpperBound);
        writer.Write(Options.PerImageOverlapThresholds);
        writer.Write(Options.CountNaNAsAnomalous ? 1 : 0);
        writer.Write(Options.IgnoredMaskValue ?? 0);
        _state.WriteTo(writer);
        writer.Complete();
    }

    /// <summary>Reads an evaluator that <see cref="WriteTo"/> wrote; it computes the same bits.</summary>
    /// <param name="stream">The stream, at the position where the state begins; is read to the end of the state and stays open.</param>
    /// <exception cref="InvalidDataException">
    /// The stream holds anything but a complete state of this version, or one that no images can leave behind. The memory that is taken
    /// grows with the bytes that were read; the grid's is constant.
    /// </exception>
    public static PixelEvaluator ReadFrom(Stream stream)
    {
        using var reader = new StateReader(stream, StateKind);
        PixelEvaluator evaluator = ReadOptions(reader);
        evaluator._state.ReadFrom(reader);
        reader.Complete();
        return evaluator;
    }

    private static PixelEvaluator ReadOptions(StateReader reader)
    {
        try
        {
            return new(new()
            {
                Precision = (EvaluationPrecision)reader.Read<int>(),
                Connectivity = (RegionConnectivity)reader.Read<int>(),
                FalsePositiveRateLimit = reader.Read<double>(),
                PerImageOverlapLowerBound = reader.Read<double>(),
                PerImageOverlapUpperBound = reader.Read<double>(),
                PerImageOverlapThresholds = reader.Read<int>(),
                CountNaNAsAnomalous = reader.Read<int>() != 0,
                IgnoredMaskValue = reader.Read<byte>() is > 0 and var ignored ? ignored : null,
            });
        }
        catch (ArgumentException e)
        {
            throw reader.Corrupt("options out of their range", e);
        }
    }

    private float[] WithoutNaN(ReadOnlySpan<float> map, int place, int width)
    {
        if (!Options.CountNaNAsAnomalous)
        {
            throw new ArgumentException(
                $"The score at row {place / width}, column {place % width} is NaN. Find out why the model gave it, or set "
                + $"{nameof(PixelEvaluatorOptions.CountNaNAsAnomalous)}.", nameof(map));
        }

        float[] replaced = map.ToArray();
        replaced.AsSpan().Replace(float.NaN, _state.TopScore);
        return replaced;
    }
}
