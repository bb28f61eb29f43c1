namespace MLNet.AnomalyNormalization.Vision.Training;

/// <summary>
/// The patches of all photos or, where there are more than <see cref="Limit"/>, a sample of so many in which each patch is as likely as
/// any other (reservoir sampling, Vitter's algorithm R, 1985).
/// </summary>
internal sealed class PatchSample(int width, int projectedWidth, int limit, int seed)
{
    /// <summary>What a trainer keeps: 400 MB of 384 numbers each, all patches of 334 photos at 224 x 224.</summary>
    public const int Limit = 1 << 18;

    private readonly Random _random = new(seed);
    private readonly List<int> _photos = [];

    /// <summary>The features of the patches that are kept.</summary>
    public RowStore Features { get; } = new(width);

    /// <summary>The same patches on fewer numbers, with about the same distances to each other.</summary>
    public RowStore Projections { get; } = new(projectedWidth);

    /// <summary>The number of patches that were seen, kept or not.</summary>
    public long Seen { get; private set; }

    /// <summary>The photo of a patch that is kept.</summary>
    public int PhotoOf(int row) => _photos[row];

    public void Add(int photo, ReadOnlySpan<float> features, ReadOnlySpan<float> projection)
    {
        Seen++;
        if (Features.Count < limit)
        {
            Features.Add(features);
            Projections.Add(projection);
            _photos.Add(photo);
        }
        else if (_random.NextInt64(Seen) is var place && place < limit)
        {
            features.CopyTo(Features[(int)place]);
            projection.CopyTo(Projections[(int)place]);
            _photos[(int)place] = photo;
        }
    }

    /// <summary>The rows that are kept of the photos that are asked for.</summary>
    public int[] RowsOf(Func<int, bool> isAskedFor) => [.. Enumerable.Range(0, Features.Count).Where(row => isAskedFor(_photos[row]))];
}
