using System.Numerics;

namespace MLNet.AnomalyNormalization.Thresholds;

/// <summary>
/// Counts labelled scores in passes, with memory that doesn't grow with their number: the first pass counts them by the leading 16 bits of
/// their floats, every further one within the few cells that somebody wants to look into, down to single floats. What it tells is
/// exact, and independent of order and batches.
/// </summary>
/// <remarks>
/// Up to 64 cells are resolved into single floats in one pass, which is enough for every order statistic. If more are asked for, they are
/// all narrowed as far as the memory allows, and another pass follows.
/// </remarks>
internal sealed class ScoreCounts(ExactMoments? normalMoments = null)
{
    private const int LeadingBits = 16;

    // Counters of one pass, in pairs of 16 bytes: 64 MB.
    private const int PairsPerPass = 1 << 22;

    // Sixty-four floats, the least that a cell is divided into, keep the number of passes small.
    private const int CellsPerPass = PairsPerPass >> 6;

    private readonly Node _root = new(32 - LeadingBits, LeadingBits);
    private readonly List<(Node Node, ScoreCell Cell)> _fresh = [];
    private bool _isFirstPass = true;
    private long _added;

    /// <summary>The moments of the normal scores, if they were asked for.</summary>
    public ExactMoments? NormalMoments => normalMoments;

    /// <summary>The normal rows of a pass; known from the end of the first on.</summary>
    public long NormalCount { get; private set; }

    /// <summary>The anomalous rows of a pass; known from the end of the first on.</summary>
    public long AnomalousCount { get; private set; }

    /// <summary>The index of the first NaN, or -1.</summary>
    public static int IndexOfNaN(ReadOnlySpan<float> scores)
    {
        for (int i = 0; i < scores.Length; i++)
        {
            if (float.IsNaN(scores[i]))
                return i;
        }

        return -1;
    }

    /// <summary>Counts a batch of the current pass.</summary>
    /// <exception cref="ArgumentException">
    /// A score is NaN (<see cref="IndexOfNaN"/> tells which; nothing of the batch was counted), or the spans have different lengths.
    /// </exception>
    public void Add(ReadOnlySpan<float> scores, ReadOnlySpan<bool> isAnomalous)
    {
        if (scores.Length != isAnomalous.Length)
        {
            throw new ArgumentException(
                $"There are {scores.Length} scores, but {isAnomalous.Length} labels. Pass one label for each score.", nameof(isAnomalous));
        }

        if (IndexOfNaN(scores) is >= 0 and int index)
        {
            throw new ArgumentException(
                $"The score at index {index} is NaN, which no threshold can be learned from. " +
                "Leave the row out, or find out why it has no score.",
                nameof(scores));
        }

        _added += scores.Length;
        for (int i = 0; i < scores.Length; i++)
        {
            uint key = ScoreCell.KeyOf(scores[i]);
            Node node = Find(key);
            if (!node.IsComplete)
                node.Pairs[(2 * node.PartOf(key)) + (isAnomalous[i] ? 1 : 0)]++;
        }

        if (_isFirstPass && normalMoments is not null)
            normalMoments.AddWhereFalse(scores, isAnomalous);
    }

    /// <summary>Ends a pass; from here on the cells are known.</summary>
    /// <exception cref="InvalidOperationException">The scores are not those of the pass before.</exception>
    public void EndPass()
    {
        if (_isFirstPass)
        {
            (NormalCount, AnomalousCount) = _root.Complete();
            _isFirstPass = false;
        }
        else
        {
            bool isSame = _added == NormalCount + AnomalousCount;
            foreach ((Node node, ScoreCell cell) in _fresh)
                isSame &= node.Complete() == (cell.Normal, cell.Anomalous);
            if (!isSame)
            {
                throw new InvalidOperationException(
                    "The scores differ from one pass over the data to the next, so no threshold can be learned from them. " +
                    "Make the data read the same each time, for instance by caching it.");
            }
        }

        _fresh.Clear();
        _added = 0;
    }

    /// <summary>All cells that have a row, from the highest scores to the lowest.</summary>
    public IEnumerable<ScoreCell> FromTheTop() => FromTheTop(_root, 0);

    /// <summary>The cell of the score with a rank among those of its class; 1 is the lowest.</summary>
    public ScoreCell CellOfRank(bool isAnomalous, long rank)
    {
        long above = (isAnomalous ? AnomalousCount : NormalCount) - rank;
        return FromTheTop().First(cell => (above -= isAnomalous ? cell.Anomalous : cell.Normal) < 0);
    }

    /// <summary>The rows at or above a score, which must be neither inside a cell that wasn't refined nor NaN.</summary>
    public (long Normal, long Anomalous) CountAtLeast(float score)
    {
        uint key = ScoreCell.KeyOf(score);
        (long normal, long anomalous) = (0, 0);
        foreach (ScoreCell cell in FromTheTop())
        {
            if (cell.FirstKey < key)
            {
                return key - cell.FirstKey >> cell.Width == 0
                    ? throw new InvalidOperationException($"The cell of {score} wasn't refined.")
                    : (normal, anomalous);
            }

            normal += cell.Normal;
            anomalous += cell.Anomalous;
        }

        return (normal, anomalous);
    }

    /// <summary>The cell that a score lies in, if that has rows.</summary>
    public IEnumerable<ScoreCell> CellOf(float score)
    {
        uint key = ScoreCell.KeyOf(score);
        return FromTheTop().Where(cell => cell.FirstKey <= key && key - cell.FirstKey >> cell.Width == 0);
    }

    /// <summary>Asks the next pass to look into cells: into the first of them, if there are very many.</summary>
    /// <returns>False if there is nothing to look into, as all of them are single floats.</returns>
    public bool Refine(IEnumerable<ScoreCell> cells)
    {
        ScoreCell[] wide = [.. cells.Where(cell => !cell.IsExact).Distinct().Take(CellsPerPass)];
        if (wide.Length == 0)
            return false;

        int bits = BitOperations.Log2((uint)(PairsPerPass / wide.Length));
        foreach (ScoreCell cell in wide)
        {
            Node parent = Find(cell.FirstKey);
            int divided = Math.Min(bits, cell.Width);
            var node = new Node(cell.Width - divided, divided);
            (parent.Parts ??= new Node?[parent.Pairs.Length / 2])[parent.PartOf(cell.FirstKey)] = node;
            _fresh.Add((node, cell));
        }

        return true;
    }

    private static IEnumerable<ScoreCell> FromTheTop(Node node, uint firstKey)
    {
        for (int i = node.Occupied.Length - 1; i >= 0; i--)
        {
            int part = node.Occupied[i];
            uint key = firstKey + ((uint)part << node.Shift);
            if (node.Parts?[part] is { IsComplete: true } finer)
            {
                foreach (ScoreCell cell in FromTheTop(finer, key))
                    yield return cell;
            }
            else
            {
                yield return new(key, node.Shift, node.Pairs[2 * part], node.Pairs[(2 * part) + 1]);
            }
        }
    }

    private Node Find(uint key)
    {
        Node node = _root;
        while (node.Parts is { } parts && parts[node.PartOf(key)] is { } finer)
            node = finer;
        return node;
    }

    /// <summary>A range of floats, divided into 2^bits parts of 2^shift floats.</summary>
    private sealed class Node(int shift, int bits)
    {
        /// <summary>For each part the normal and the anomalous rows, by turns.</summary>
        public readonly long[] Pairs = new long[2 << bits];

        /// <summary>The parts that are divided further.</summary>
        public Node?[]? Parts;

        /// <summary>The parts that have rows, in ascending order; known when the node is complete.</summary>
        public ushort[] Occupied { get; private set; } = [];

        public int Shift => shift;

        public bool IsComplete { get; private set; }

        public int PartOf(uint key) => (int)(key >> shift) & ((1 << bits) - 1);

        public (long Normal, long Anomalous) Complete()
        {
            IsComplete = true;
            (long normal, long anomalous) = (0, 0);
            var occupied = new List<ushort>();
            for (int i = 0; i < Pairs.Length; i += 2)
            {
                if ((Pairs[i] | Pairs[i + 1]) == 0)
                    continue;
                occupied.Add((ushort)(i / 2));
                normal += Pairs[i];
                anomalous += Pairs[i + 1];
            }

            Occupied = [.. occupied];
            return (normal, anomalous);
        }
    }
}
