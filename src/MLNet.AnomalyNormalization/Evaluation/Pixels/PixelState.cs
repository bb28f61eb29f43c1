using MLNet.AnomalyNormalization.Evaluation.Curves;
using MLNet.AnomalyNormalization.Evaluation.State;

namespace MLNet.AnomalyNormalization.Evaluation.Pixels;

/// <summary>What a pixel evaluator keeps, in one of the two precisions.</summary>
internal abstract class PixelState
{
    /// <summary>What a score of NaN becomes where it counts as anomalous.</summary>
    public abstract float TopScore { get; }

    /// <summary>The number of images; null where they are not told apart.</summary>
    public abstract int? ImageCount { get; }

    /// <summary>Adds an image, or refuses it as a whole.</summary>
    /// <param name="map">The scores, free of NaN.</param>
    /// <param name="regions">The labelled regions of its mask.</param>
    public abstract void Add(ReadOnlySpan<float> map, RegionRuns regions);

    public abstract void Merge(PixelState other);

    public abstract void WriteTo(StateWriter writer);

    /// <exception cref="InvalidDataException">The state is none that images can leave behind.</exception>
    public abstract void ReadFrom(StateReader reader);

    public abstract ScoreCurve ComputeCurve(int threads, CancellationToken cancellationToken);

    public abstract PixelMetrics Compute(double threshold, int falsePositiveCount, int threads, CancellationToken cancellationToken);
}
