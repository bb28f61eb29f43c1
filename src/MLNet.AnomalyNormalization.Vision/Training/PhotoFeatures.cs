using System.Numerics.Tensors;
using MLNet.AnomalyNormalization.Vision.Graph;

namespace MLNet.AnomalyNormalization.Vision.Training;

/// <summary>What training knows of the photos: a sample of their patches, and a summary of each photo.</summary>
/// <param name="grid">The patches of a photo.</param>
/// <param name="isIgnored">The patches to leave out; null for none.</param>
/// <param name="limit">The number of patches to keep.</param>
/// <param name="seed">Decides which ones are kept.</param>
internal sealed class PhotoFeatures(PatchGrid grid, bool[]? isIgnored, int limit, int seed)
{
    private readonly List<float[]> _summaries = [];

    public PatchSample Patches { get; } = new(grid.Channels, RandomProjection.Dimensions, limit, seed);

    /// <summary>For each photo the mean of the projected patches in each of 4 x 4 parts of the picture.</summary>
    public IReadOnlyList<float[]> Summaries => _summaries;

    /// <param name="patches">The patches of a photo, row by row.</param>
    /// <param name="projections">The same, projected.</param>
    public void Add(ReadOnlySpan<float> patches, ReadOnlySpan<float> projections)
    {
        const int Parts = 4;
        var summary = new float[Parts * Parts * RandomProjection.Dimensions];
        var counts = new int[Parts * Parts];
        for (int patch = 0; patch < grid.Count; patch++)
        {
            if (isIgnored?[patch] == true)
                continue;

            ReadOnlySpan<float> projection = projections.Slice(patch * RandomProjection.Dimensions, RandomProjection.Dimensions);
            Patches.Add(_summaries.Count, patches.Slice(patch * grid.Channels, grid.Channels), projection);
            int part = (patch / grid.Width * Parts / grid.Height * Parts) + (patch % grid.Width * Parts / grid.Width);
            Span<float> sum = PartOf(summary, part);
            TensorPrimitives.Add(sum, projection, sum);
            counts[part]++;
        }

        for (int part = 0; part < counts.Length; part++)
            TensorPrimitives.Divide(PartOf(summary, part), Math.Max(1, counts[part]), PartOf(summary, part));
        _summaries.Add(summary);
    }

    private static Span<float> PartOf(float[] summary, int part)
        => summary.AsSpan(part * RandomProjection.Dimensions, RandomProjection.Dimensions);
}
