using System.Numerics;
using System.Runtime.InteropServices;
using MLNet.AnomalyNormalization.Scale;

namespace MLNet.AnomalyNormalization.Thresholds;

/// <summary>What one reader counts in a pass: several read at once, each with a part of its own.</summary>
/// <param name="counts">The counts that the part belongs to, which don't change during the pass.</param>
/// <param name="moments">The moments of the normal scores, in a first pass that wants them.</param>
internal sealed class CountingPart(NarrowingCounts counts, ExactMoments? moments)
{
    private readonly List<ScoreNode.Counters?> _counters = [];

    /// <summary>All rows that were counted, wherever they lie.</summary>
    public long Added { get; private set; }

    /// <inheritdoc cref="NarrowingCounts.Type"/>
    public ScoreType Type => counts.Type;

    public ExactMoments? Moments => moments;

    /// <summary>How many normal scores each unit has.</summary>
    public Dictionary<long, long> UnitSizes { get; } = [];

    /// <summary>What was counted in a node; null if nothing was.</summary>
    public ScoreNode.Counters? CountersOf(ScoreNode node) => node.Number < _counters.Count ? _counters[node.Number] : null;

    /// <summary>Counts a batch; Single scores where that is their type.</summary>
    /// <param name="scores">The scores.</param>
    /// <param name="isAnomalous">The label of each.</param>
    /// <param name="unit">The unit that all of them belong to; null if each stands for itself. Units can come in several batches.</param>
    /// <exception cref="ArgumentException">
    /// A score is NaN (nothing of the batch was counted), or the spans have different lengths.
    /// </exception>
    public void Add<T>(ReadOnlySpan<T> scores, ReadOnlySpan<bool> isAnomalous, long? unit = null)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (scores.Length != isAnomalous.Length)
        {
            throw new ArgumentException(
                $"There are {scores.Length} scores, but {isAnomalous.Length} labels. Pass one label for each score.", nameof(isAnomalous));
        }

        if (NaNs.IndexIn(scores) is >= 0 and int index)
        {
            throw new ArgumentException(
                $"The score at index {index} is NaN, which no threshold can be learned from. " +
                "Leave the row out, or find out why it has no score.",
                nameof(scores));
        }

        bool isMixed = counts.LeavesMixedUnitsOut && unit is not null && isAnomalous.Contains(true);
        for (int i = 0; i < scores.Length; i++)
        {
            if (isMixed && !isAnomalous[i])
                continue;

            Added++;
            double score = double.CreateSaturating(scores[i]);
            ulong key = typeof(T) == typeof(float) ? ScoreKey.Of((float)score + 0f) : counts.Type.KeyOf(score);
            ScoreNode node = counts.Find(key);
            if (node.Number >= 0)
                CountersForWriting(node).Add(node.PartOf(key), isAnomalous[i]);
            if (!isAnomalous[i])
                moments?.Add(score);
        }

        if (counts.IsFirstPass && unit is { } added && !isMixed && isAnomalous.Length - isAnomalous.Count(true) is > 0 and int normal)
            CollectionsMarshal.GetValueRefOrAddDefault(UnitSizes, added, out _) += normal;
    }

    private ScoreNode.Counters CountersForWriting(ScoreNode node)
    {
        while (_counters.Count <= node.Number)
            _counters.Add(null);
        return _counters[node.Number] ??= node.StartCounting();
    }
}
