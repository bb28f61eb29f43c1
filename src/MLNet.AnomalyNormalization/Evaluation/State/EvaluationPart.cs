using System.Text;

namespace MLNet.AnomalyNormalization.Evaluation.State;

/// <summary>
/// What was found in a part of the data. Parts that were merged in the order of the data compute what one pass over all of it would, to the
/// bit, wherever each of them was found.
/// </summary>
internal sealed class EvaluationPart
{
    /// <summary>What a pixel that nobody knows is in a mask, whatever the data has for it.</summary>
    public const byte UnknownPixel = 255;

    private const byte StateKind = 4;

    private readonly List<(long Batch, bool HasPixels)> _rows = [];
    private readonly SortedDictionary<string, EvaluationPart> _groups = new(StringComparer.Ordinal);

    public EvaluationPart(AnomalyEvaluationOptions options)
        : this(
            new ImageEvaluator(options.CountNaNAsAnomalous),
            options.MaskColumnName is null ? null
                : new PixelEvaluator(PixelOptions(options)))
    {
    }

    private EvaluationPart(ImageEvaluator images, PixelEvaluator? pixels) => (Images, Pixels) = (images, pixels);

    public ImageEvaluator Images { get; }

    /// <summary>The pixels, or null if there are no masks to compare them with.</summary>
    public PixelEvaluator? Pixels { get; }

    /// <summary>Where the column of image scores says that it is decided, on the normalised scale; null if it says nothing.</summary>
    public double? ImageDecision { get; set; }

    /// <summary>Where the column of maps says that it is decided, on the normalised scale; null if it says nothing.</summary>
    public double? PixelDecision { get; set; }

    /// <summary>Which normalised scores a person decides, as the column of image scores says; null if it says nothing.</summary>
    public ReviewBand? ReviewBand { get; set; }

    /// <summary>The number of rows.</summary>
    public long RowCount { get; private set; }

    /// <summary>The rows of one group, which the part has as well.</summary>
    public EvaluationPart OfGroup(string name, AnomalyEvaluationOptions options)
    {
        if (!_groups.TryGetValue(name, out EvaluationPart? group))
        {
            group = new EvaluationPart(options) { ImageDecision = ImageDecision, PixelDecision = PixelDecision, ReviewBand = ReviewBand };
            _groups.Add(name, group);
        }

        return group;
    }

    /// <summary>Says of the next row in which batch of the data it stands, and whether its pixels were evaluated.</summary>
    public void AddRow(long batch, bool hasPixels)
    {
        RowCount++;
        if (Pixels is not null)
            _rows.Add((batch, hasPixels));
    }

    /// <summary>Adds what was found in the part of the data that follows, or in other batches of it; that part is used up.</summary>
    public void Merge(EvaluationPart other)
    {
        Images.Merge(other.Images);
        Pixels?.Merge(other.Pixels!);
        ImageDecision = Common(ImageDecision, other.ImageDecision, nameof(AnomalyEvaluationOptions.ImageThreshold));
        PixelDecision = Common(PixelDecision, other.PixelDecision, nameof(AnomalyEvaluationOptions.PixelThreshold));
        ReviewBand = Common(ReviewBand, other.ReviewBand, nameof(AnomalyEvaluationOptions.ReviewBand));
        _rows.AddRange(other._rows);
        RowCount += other.RowCount;
        foreach ((string name, EvaluationPart group) in other._groups)
        {
            if (!_groups.TryAdd(name, group))
                _groups[name].Merge(group);
        }
    }

    /// <summary>Computes the metrics at thresholds that callbacks set, or else at those of the options, the columns or the scale.</summary>
    public AnomalyEvaluation Compute(
        AnomalyEvaluationOptions options, double? imageThreshold = null, double? pixelThreshold = null, CancellationToken cancellationToken = default)
    {
        (double image, ThresholdOrigin imageOrigin) = Threshold(imageThreshold, options.ImageThreshold, ImageDecision);
        (double pixel, ThresholdOrigin pixelOrigin) = Threshold(pixelThreshold, options.PixelThreshold, PixelDecision);
        ReviewBand? reviewBand = options.ReviewBand ?? ReviewBand;
        ScoreCurve? curve = options.ScoreColumnName is not null && (options.ComputeCurves || reviewBand is not null)
            ? Images.ComputeCurve(cancellationToken) : null;
        return new()
        {
            Image = options.ScoreColumnName is null ? null : Images.Compute(image, options.FalsePositiveCount, cancellationToken),
            Pixel = Pixels is null ? null
                : InRowOrder(Pixels.Compute(pixel, options.FalsePositiveCount, options.Threads, cancellationToken)),
            Decisions = reviewBand is { } band ? curve?.DecisionsAt(band) : null,
            ImageCurve = options.ComputeCurves ? curve : null,
            PixelCurve = options.ComputeCurves ? Pixels?.ComputeCurve(options.Threads, cancellationToken) : null,
            Groups = _groups.ToDictionary(
                group => group.Key, group => group.Value.Compute(options, imageThreshold, pixelThreshold, cancellationToken)),
            ImageThresholdOrigin = imageOrigin,
            PixelThresholdOrigin = pixelOrigin,
        };
    }

    /// <summary>What the pixels of an evaluation are evaluated by.</summary>
    public static PixelEvaluatorOptions PixelOptions(AnomalyEvaluationOptions options) => options.Pixel with
    {
        CountNaNAsAnomalous = options.CountNaNAsAnomalous || options.Pixel.CountNaNAsAnomalous,
        IgnoredMaskValue = options.IgnoredMaskValue is null && options.ValidArea is null ? options.Pixel.IgnoredMaskValue : UnknownPixel,
    };

    /// <summary>Writes what was found by one cursor, or in parts that one cursor each has read: rows that are in their order.</summary>
    public void WriteTo(Stream stream)
    {
        using var writer = new StateWriter(stream, StateKind);
        writer.Write(Pixels is null ? (byte)0 : (byte)1);
        writer.Write(ImageDecision ?? double.NaN);
        writer.Write(PixelDecision ?? double.NaN);
        writer.Write(ReviewBand?.From ?? double.NaN);
        writer.Write(ReviewBand?.To ?? double.NaN);
        writer.Write(RowCount);
        writer.Write(_rows.Count);
        foreach ((_, bool hasPixels) in _rows)
            writer.Write(hasPixels ? (byte)1 : (byte)0);
        writer.Write(_groups.Count);
        foreach (byte[] name in _groups.Keys.Select(Encoding.UTF8.GetBytes))
        {
            writer.Write(name.Length);
            writer.Write<byte>(name);
        }

        writer.Complete();

        Images.WriteTo(stream);
        Pixels?.WriteTo(stream);
        foreach (EvaluationPart group in _groups.Values)
            group.WriteTo(stream);
    }

    /// <exception cref="InvalidDataException">The stream holds anything but a complete state of this version.</exception>
    public static EvaluationPart ReadFrom(Stream stream)
    {
        EvaluationPart part = ReadFrom(stream, out List<string> groups);
        foreach (string name in groups)
        {
            EvaluationPart group = ReadFrom(stream, out List<string> within);
            if (within.Count > 0 || group.Pixels?.Options != part.Pixels?.Options || !part._groups.TryAdd(name, group))
                throw new InvalidDataException($"The state is corrupt: its group '{name}' is there twice, or of another kind than the whole.");
        }

        return part;
    }

    private static EvaluationPart ReadFrom(Stream stream, out List<string> groups)
    {
        using var reader = new StateReader(stream, StateKind);
        bool hasPixels = reader.Read<byte>() != 0;
        double image = reader.Read<double>(), pixel = reader.Read<double>();
        (double from, double to) = (reader.Read<double>(), reader.Read<double>());
        long rowCount = reader.Read<long>();
        byte[] rows = reader.ReadArray<byte>(reader.ReadCount());
        groups = [];
        for (int left = reader.ReadCount(); left > 0; left--)
            groups.Add(Encoding.UTF8.GetString(reader.ReadArray<byte>(reader.ReadCount())));
        reader.Complete();

        var part = new EvaluationPart(ImageEvaluator.ReadFrom(stream), hasPixels ? PixelEvaluator.ReadFrom(stream) : null);
        if (rows.Length != (hasPixels ? rowCount : 0) || part.Images.Count > rowCount || double.IsInfinity(image) || double.IsInfinity(pixel)
            || !((double.IsNaN(from) && double.IsNaN(to)) || (from > 0 && from <= to && to <= ScoreNormalizer.MaximumScore))
            || (part.Pixels?.ImageCount is { } images && images != rows.Count(row => row != 0)))
        {
            throw reader.Corrupt($"{rowCount} rows, which are not those of its images, a decision that is not finite, or a band that is none");
        }

        foreach (byte row in rows)
            part.AddRow(0, row != 0);
        part.RowCount = rowCount;
        part.ImageDecision = double.IsNaN(image) ? null : image;
        part.PixelDecision = double.IsNaN(pixel) ? null : pixel;
        part.ReviewBand = double.IsNaN(from) ? null : new(from, to);
        return part;
    }

    private static (double Value, ThresholdOrigin Origin) Threshold(double? ofCallback, double? ofOptions, double? ofColumn)
        => ofCallback is { } set ? (set, ThresholdOrigin.Callback)
            : ofOptions is { } given ? (given, ThresholdOrigin.Options)
            : ofColumn is { } decided ? (decided, ThresholdOrigin.Column)
            : (ScoreNormalizer.DecisionScore, ThresholdOrigin.Scale);

    private static T? Common<T>(T? left, T? right, string option)
        where T : struct, IEquatable<T>
        => left is null || right is null || left.Value.Equals(right.Value)
            ? left ?? right
            : throw new ArgumentException(
                $"One part of the data is decided at {left} and another at {right}. Evaluate them apart, or set {option}.");

    // A batch belongs to one cursor, and ascending batches are the order of the rows.
    private PixelMetrics InRowOrder(PixelMetrics metrics)
    {
        if (metrics.AreaUnderPerImageOverlaps.Count == 0)
            return metrics;

        int next = 0;
        (long Batch, double Area)[] areas =
            [.. _rows.Select(row => (row.Batch, row.HasPixels ? metrics.AreaUnderPerImageOverlaps[next++] : double.NaN))];
        return metrics with { AreaUnderPerImageOverlaps = [.. areas.OrderBy(row => row.Batch).Select(row => row.Area)] };
    }
}
