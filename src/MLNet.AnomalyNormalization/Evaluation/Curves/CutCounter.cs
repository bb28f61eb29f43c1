using System.Numerics;
using MLNet.AnomalyNormalization.Scale;

namespace MLNet.AnomalyNormalization.Evaluation.Curves;

/// <summary>
/// Counts scores between and at given cuts. A cut is found through a table over the leading bits of the score's key: mostly a score then
/// has one cut to be compared with, which takes no branch; where cuts are crowded, they are bisected.
/// </summary>
internal sealed class CutCounter
{
    // Enough buckets for few of them to hold more than one cut, few enough to stay in the cache.
    private const int BucketsPerCut = 8;
    private const int LargestTable = 1 << 20;

    private readonly uint[] _cuts;
    private readonly int[] _table;
    private readonly int _shift;

    /// <summary>Prepares to count against cuts, given as distinct keys in ascending order, at least one.</summary>
    public CutCounter(uint[] cuts)
    {
        _cuts = cuts;
        uint range = cuts[^1] - cuts[0];
        uint wanted = (uint)Math.Min(LargestTable, (long)BucketsPerCut * cuts.Length);
        _shift = Math.Max(0, BitOperations.Log2(range | 1) + 1 - BitOperations.Log2(wanted));

        // The entry of a bucket is the first cut in it or after it; its complement if the bucket holds several.
        _table = new int[(range >> _shift) + 1];
        int filled = 0;
        for (int cut = 0; cut < cuts.Length;)
        {
            int first = cut, bucket = BucketOf(first);
            do
                cut++;
            while (cut < cuts.Length && BucketOf(cut) == bucket);

            _table.AsSpan(filled..bucket).Fill(first);
            _table[bucket] = cut - first > 1 ? ~first : first;
            filled = bucket + 1;
        }

        int BucketOf(int cut) => (int)((cuts[cut] - cuts[0]) >> _shift);
    }

    /// <summary>How many counters <see cref="Count"/> needs.</summary>
    public int Counters => 2 * _cuts.Length + 1;

    /// <summary>
    /// Adds one for each score to a counter: <c>2 i</c> for scores between cut <c>i - 1</c> and cut <c>i</c>, <c>2 i + 1</c> for those at
    /// cut <c>i</c>, the last for those above all.
    /// </summary>
    public void Count(ReadOnlySpan<float> scores, long[] counters)
    {
        uint[] cuts = _cuts;
        int[] table = _table;
        uint lowest = cuts[0], range = cuts[^1] - lowest;
        int shift = _shift;
        long below = 0, above = 0;

        foreach (float score in scores)
        {
            uint key = ScoreKey.Of(score);
            if (key - lowest > range)
            {
                below += key < lowest ? 1 : 0;
                above += key < lowest ? 0 : 1;
                continue;
            }

            int first = table[(key - lowest) >> shift];
            if (first < 0)
                first = Find(key, ~first);
            uint cut = cuts[first];
            counters[(2 * first) + (cut <= key ? 1 : 0) + (cut < key ? 1 : 0)]++;
        }

        counters[0] += below;
        counters[^1] += above;
    }

    /// <summary>The first cut at or after a place that is not below a key; there is one.</summary>
    private int Find(uint key, int first)
    {
        int last = _cuts.Length - 1;
        for (int step = 1; first + step < last; step *= 2)
        {
            if (_cuts[first + step] >= key)
            {
                last = first + step;
                break;
            }
        }

        while (first < last)
        {
            int middle = (first + last) >>> 1;
            if (_cuts[middle] < key)
                first = middle + 1;
            else
                last = middle;
        }

        return first;
    }
}
