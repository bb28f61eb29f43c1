using System.Numerics;

namespace MLNet.AnomalyNormalization.Evaluation;

/// <summary>
/// Counts scores between and at given cuts. The cuts are found through a table over the leading bits of the score's key, then by bisection
/// within the few cuts that share them.
/// </summary>
internal sealed class ScoreCounter
{
    private const int LargestTable = 1 << 20;

    private readonly uint[] _cuts;
    private readonly int[] _firstCuts;
    private readonly int _shift;

    /// <summary>Prepares to count against cuts, given as distinct keys in ascending order, at least one.</summary>
    public ScoreCounter(uint[] cuts)
    {
        _cuts = cuts;
        uint range = cuts[^1] - cuts[0];
        uint wanted = (uint)Math.Min(LargestTable, 16L * cuts.Length);
        _shift = Math.Max(0, BitOperations.Log2(range | 1) + 1 - BitOperations.Log2(wanted));

        // Entry b is the first cut whose leading bits are at least b; the last entry bounds the last bucket.
        _firstCuts = new int[(range >> _shift) + 2];
        int cut = 0;
        for (int bucket = 0; bucket < _firstCuts.Length; bucket++)
        {
            while (cut < cuts.Length && (cuts[cut] - cuts[0]) >> _shift < bucket)
                cut++;
            _firstCuts[bucket] = cut;
        }
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
        int[] firstCuts = _firstCuts;
        uint lowest = cuts[0], highest = cuts[^1];
        int shift = _shift;
        long below = 0, above = 0;

        foreach (float score in scores)
        {
            uint key = ScoreKey.Of(score);
            if (key < lowest)
            {
                below++;
            }
            else if (key > highest)
            {
                above++;
            }
            else
            {
                uint bucket = (key - lowest) >> shift;
                int first = firstCuts[bucket], last = firstCuts[bucket + 1];
                while (first < last)
                {
                    int middle = (first + last) >>> 1;
                    if (cuts[middle] < key)
                        first = middle + 1;
                    else
                        last = middle;
                }

                counters[2 * first + (cuts[first] == key ? 1 : 0)]++;
            }
        }

        counters[0] += below;
        counters[^1] += above;
    }
}
