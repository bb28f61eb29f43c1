using System.Runtime.InteropServices;

namespace MLNet.AnomalyNormalization.Thresholds;

/// <summary>
/// A range of numbers, divided into 2^bits parts of 2^shift numbers, and how many rows each of them has. A part can be divided further.
/// </summary>
/// <param name="shift">The logarithm of the size of a part.</param>
/// <param name="bits">The logarithm of the number of parts.</param>
/// <param name="isSparse">Whether only parts with rows are kept while counting, because there are few.</param>
internal sealed class ScoreNode(int shift, int bits, bool isSparse)
{
    private ScoreNode?[]? _finer;

    public int Shift => shift;

    /// <summary>The number of the node among those that are being counted; -1 once it is complete.</summary>
    public int Number { get; set; }

    /// <summary>The parts that have rows, in ascending order; known when the node is complete.</summary>
    public (ulong Part, long Normal, long Anomalous)[] Occupied { get; private set; } = [];

    public ulong PartOf(ulong key) => (key >> shift) & ((1UL << bits) - 1);

    /// <summary>The node that a part is divided into; null if it isn't.</summary>
    public ScoreNode? FinerOf(ulong part) => _finer?[part];

    public void Divide(ulong part, ScoreNode finer) => (_finer ??= new ScoreNode?[1 << bits])[part] = finer;

    public Counters StartCounting() => isSparse ? new SparseCounters() : new DenseCounters(bits);

    /// <summary>Takes what was counted.</summary>
    /// <returns>All of it together.</returns>
    public (long Normal, long Anomalous) Complete(Counters? counters)
    {
        Number = -1;
        Occupied = counters is null ? [] : [.. counters.Occupied()];
        return (Occupied.Sum(part => part.Normal), Occupied.Sum(part => part.Anomalous));
    }

    /// <summary>What is counted in the parts of a node.</summary>
    public abstract class Counters
    {
        public abstract void Add(ulong part, bool isAnomalous);

        public abstract void Add(Counters other);

        public abstract IEnumerable<(ulong Part, long Normal, long Anomalous)> Occupied();
    }

    private sealed class DenseCounters(int bits) : Counters
    {
        // For each part the normal and the anomalous rows, by turns.
        private readonly long[] _pairs = new long[2 << bits];

        public override void Add(ulong part, bool isAnomalous) => _pairs[(2 * part) + (isAnomalous ? 1UL : 0)]++;

        public override void Add(Counters other)
        {
            long[] more = ((DenseCounters)other)._pairs;
            for (int i = 0; i < more.Length; i++)
                _pairs[i] += more[i];
        }

        public override IEnumerable<(ulong Part, long Normal, long Anomalous)> Occupied()
        {
            for (int i = 0; i < _pairs.Length; i += 2)
            {
                if ((_pairs[i] | _pairs[i + 1]) != 0)
                    yield return ((ulong)i / 2, _pairs[i], _pairs[i + 1]);
            }
        }
    }

    private sealed class SparseCounters : Counters
    {
        private readonly Dictionary<ulong, (long Normal, long Anomalous)> _pairs = [];

        public override void Add(ulong part, bool isAnomalous)
        {
            ref (long Normal, long Anomalous) pair = ref CollectionsMarshal.GetValueRefOrAddDefault(_pairs, part, out _);
            if (isAnomalous)
                pair.Anomalous++;
            else
                pair.Normal++;
        }

        public override void Add(Counters other)
        {
            foreach ((ulong part, (long normal, long anomalous)) in ((SparseCounters)other)._pairs)
            {
                ref (long Normal, long Anomalous) pair = ref CollectionsMarshal.GetValueRefOrAddDefault(_pairs, part, out _);
                pair = (pair.Normal + normal, pair.Anomalous + anomalous);
            }
        }

        public override IEnumerable<(ulong Part, long Normal, long Anomalous)> Occupied()
            => _pairs.OrderBy(entry => entry.Key).Select(entry => (entry.Key, entry.Value.Normal, entry.Value.Anomalous));
    }
}
