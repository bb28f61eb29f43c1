using System.Numerics;
using System.Runtime.InteropServices;
using MLNet.AnomalyNormalization.Scale;

namespace MLNet.AnomalyNormalization.Thresholds;

/// <summary>
/// Counts labelled scores in passes, with memory that doesn't grow with their number: the first pass counts them by their leading 16 bits,
/// every further one within the few cells that somebody wants to look into, down to single numbers. What it tells is exact, and independent
/// of order and batches.
/// </summary>
/// <remarks>
/// Up to 64 cells are narrowed by 16 bits in one pass: with Single scores to single numbers, which is enough for every order
/// statistic, with Double scores in three passes. If more are asked for, they are all narrowed as far as the memory allows, and another
/// pass follows.
/// </remarks>
internal sealed class ScoreCounts(ScoreType type, ExactMoments? normalMoments = null)
{
    // What one pass looks into, unless there are too many cells.
    private const int BitsPerPass = 16;

    // Counters of one pass, in pairs of 16 bytes: 64 MB.
    private const int PairsPerPass = 1 << 22;

    // Sixty-four parts, the least that a cell is divided into, keep the number of passes small.
    private const int CellsPerPass = PairsPerPass >> 6;

    private readonly Node _root = new(type.Bits - BitsPerPass, BitsPerPass);
    private readonly List<(Node Node, ScoreCell Cell)> _fresh = [];
    private readonly Dictionary<long, long> _unitSizes = [];
    private bool _isFirstPass = true;
    private long _added;

    /// <summary>The type of the scores.</summary>
    public ScoreType Type => type;

    /// <summary>
    /// Whether the normal scores of a batch that belongs to a unit and has an anomalous score are left out, so that whatever is said of
    /// normal images is said of those that have no defect.
    /// </summary>
    public bool LeavesMixedUnitsOut { get; init; }

    /// <summary>The moments of the normal scores, if they were asked for.</summary>
    public ExactMoments? NormalMoments => normalMoments;

    /// <summary>The normal rows of a pass; known from the end of the first on.</summary>
    public long NormalCount { get; private set; }

    /// <summary>The anomalous rows of a pass; known from the end of the first on.</summary>
    public long AnomalousCount { get; private set; }

    /// <summary>
    /// What the normal scores came in, if not as independent rows: images of pixels, or groups of rows; null if each stands for itself.
    /// Known from the end of the first pass on.
    /// </summary>
    public ScoreUnits? Units { get; private set; }

    /// <summary>Counts a batch of the current pass; Single scores where that is their type.</summary>
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

        bool isMixed = LeavesMixedUnitsOut && unit is not null && isAnomalous.Contains(true);
        for (int i = 0; i < scores.Length; i++)
        {
            if (isMixed && !isAnomalous[i])
                continue;

            _added++;
            double score = double.CreateSaturating(scores[i]);
            ulong key = typeof(T) == typeof(float) ? ScoreKey.Of((float)score + 0f) : type.KeyOf(score);
            Node node = Find(key);
            if (!node.IsComplete)
                node.Pairs[(2 * node.PartOf(key)) + (isAnomalous[i] ? 1 : 0)]++;
            if (_isFirstPass && !isAnomalous[i])
                normalMoments?.Add(score);
        }

        if (_isFirstPass && unit is { } added && !isMixed && isAnomalous.Length - isAnomalous.Count(true) is > 0 and int normal)
            CollectionsMarshal.GetValueRefOrAddDefault(_unitSizes, added, out _) += normal;
    }

    /// <summary>Ends a pass; from here on the cells are known.</summary>
    /// <exception cref="InvalidOperationException">The scores are not those of the pass before.</exception>
    public void EndPass()
    {
        if (_isFirstPass)
        {
            (NormalCount, AnomalousCount) = _root.Complete();
            if (_unitSizes.Count > 0)
                Units = new(_unitSizes.Count, _unitSizes.Values.Min(), _unitSizes.Values.Max());
            _unitSizes.Clear();
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
    public (long Normal, long Anomalous) CountAtLeast(double score)
    {
        ulong key = type.KeyOf(score);
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
    public IEnumerable<ScoreCell> CellOf(double score) => FromTheTop().Where(cell => cell.Contains(score));

    /// <summary>The one score that all normal rows have, if that is known.</summary>
    public double? OnlyNormalScore()
        => FromTheTop().Where(cell => cell.Normal > 0).Take(2).ToArray() is [{ IsExact: true } only] ? only.Lowest : null;

    /// <summary>Asks the next pass to look into cells: into the first of them, if there are very many.</summary>
    /// <returns>False if there is nothing to look into, as all of them are single numbers.</returns>
    public bool Refine(IEnumerable<ScoreCell> cells)
    {
        ScoreCell[] wide = [.. cells.Where(cell => !cell.IsExact).Distinct().Take(CellsPerPass)];
        if (wide.Length == 0)
            return false;

        int bits = Math.Min(BitsPerPass, BitOperations.Log2((uint)(PairsPerPass / wide.Length)));
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

    private IEnumerable<ScoreCell> FromTheTop(Node node, ulong firstKey)
    {
        for (int i = node.Occupied.Length - 1; i >= 0; i--)
        {
            int part = node.Occupied[i];
            ulong key = firstKey + ((ulong)part << node.Shift);
            if (node.Parts?[part] is { IsComplete: true } finer)
            {
                foreach (ScoreCell cell in FromTheTop(finer, key))
                    yield return cell;
            }
            else
            {
                yield return new(type, key, node.Shift, node.Pairs[2 * part], node.Pairs[(2 * part) + 1]);
            }
        }
    }

    private Node Find(ulong key)
    {
        Node node = _root;
        while (node.Parts is { } parts && parts[node.PartOf(key)] is { } finer)
            node = finer;
        return node;
    }

    /// <summary>A range of numbers, divided into 2^bits parts of 2^shift numbers.</summary>
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

        public int PartOf(ulong key) => (int)(key >> shift) & ((1 << bits) - 1);

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

/// <summary>What normal scores came in: images of pixels, or groups of rows.</summary>
/// <param name="Count">How many there are that have normal scores.</param>
/// <param name="Smallest">The normal scores of the smallest.</param>
/// <param name="Largest">The normal scores of the largest.</param>
internal readonly record struct ScoreUnits(long Count, long Smallest, long Largest);
