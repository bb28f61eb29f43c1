using System.Numerics;

namespace MLNet.AnomalyNormalization.Thresholds;

/// <summary>
/// Counts labelled scores in passes, with memory that doesn't grow with their number: the first pass counts them by their leading 16 bits,
/// every further one within the few cells that somebody wants to look into, down to single numbers. What it tells is exact, and independent
/// of order, batches and the number of readers.
/// </summary>
/// <remarks>
/// Up to 64 cells are narrowed by 16 bits in one pass, or at once if they have few rows: with Single scores to single numbers, which is
/// enough for every order statistic, with Double scores in three passes at most. If more are asked for, they are all narrowed as far as the
/// memory allows, and another pass follows.
/// </remarks>
internal sealed class NarrowingCounts
{
    // What one pass looks into, unless there are too many cells.
    private const int BitsPerPass = 16;

    // Counters of one pass and reader, in pairs of 16 bytes: 64 MB.
    private const int PairsPerPass = 1 << 22;

    // Sixty-four parts, the least that a cell is divided into, keep the number of passes small.
    private const int CellsPerPass = PairsPerPass >> 6;

    // What a row takes where only parts with rows are kept, in pairs.
    private const int PairsPerSparseRow = 4;

    private readonly ScoreNode _root;
    private readonly List<(ScoreNode Node, ScoreCell Cell)> _fresh = [];
    private readonly List<CountingPart> _parts = [];

    public NarrowingCounts(ScoreType type, ExactMoments? normalMoments = null)
    {
        (Type, NormalMoments) = (type, normalMoments);
        _root = new(type.Bits - BitsPerPass, BitsPerPass, isSparse: false);
    }

    /// <summary>The type of the scores.</summary>
    public ScoreType Type { get; }

    /// <summary>
    /// Whether the normal scores of a batch that belongs to a unit and has an anomalous score are left out, so that whatever is said of
    /// normal images is said of those that have no defect.
    /// </summary>
    public bool LeavesMixedUnitsOut { get; init; }

    /// <summary>The moments of the normal scores, if they were asked for.</summary>
    public ExactMoments? NormalMoments { get; }

    /// <summary>The normal rows of a pass; known from the end of the first on.</summary>
    public long NormalCount { get; private set; }

    /// <summary>The anomalous rows of a pass; known from the end of the first on.</summary>
    public long AnomalousCount { get; private set; }

    /// <summary>
    /// What the normal scores came in, if not as independent rows: images of pixels, or groups of rows; null if each stands for itself.
    /// Known from the end of the first pass on.
    /// </summary>
    public ScoreUnits? Units { get; private set; }

    /// <summary>Whether no pass has ended.</summary>
    public bool IsFirstPass { get; private set; } = true;

    /// <summary>Begins to count a part of the rows of the pass. Several threads may begin and count parts at once.</summary>
    public CountingPart StartPart()
    {
        var part = new CountingPart(this, IsFirstPass && NormalMoments is not null ? new() : null);
        lock (_parts)
            _parts.Add(part);
        return part;
    }

    /// <summary>Ends a pass; from here on the cells are known.</summary>
    /// <exception cref="InvalidOperationException">The scores are not those of the pass before.</exception>
    public void EndPass()
    {
        if (IsFirstPass)
        {
            (NormalCount, AnomalousCount) = _root.Complete(SumOf(_root));
            foreach (CountingPart part in _parts)
                NormalMoments?.Add(part.Moments!);

            long[] unitSizes = [.. _parts.SelectMany(part => part.UnitSizes).GroupBy(unit => unit.Key, unit => unit.Value).Select(unit => unit.Sum())];
            if (unitSizes.Length > 0)
                Units = new(unitSizes.Length, unitSizes.Min(), unitSizes.Max());
            IsFirstPass = false;
        }
        else
        {
            bool isSame = _parts.Sum(part => part.Added) == NormalCount + AnomalousCount;
            foreach ((ScoreNode node, ScoreCell cell) in _fresh)
                isSame &= node.Complete(SumOf(node)) == (cell.Normal, cell.Anomalous);
            if (!isSame)
            {
                throw new InvalidOperationException(
                    "The scores differ from one pass over the data to the next, so no threshold can be learned from them. " +
                    "Make the data read the same each time, for instance by caching it.");
            }
        }

        _parts.Clear();
        _fresh.Clear();
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
        ulong key = Type.KeyOf(score);
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
            ScoreNode parent = Find(cell.FirstKey);
            bool isSparse = (cell.Normal + cell.Anomalous) * PairsPerSparseRow <= 1L << bits;
            int divided = isSparse ? cell.Width : Math.Min(bits, cell.Width);
            var node = new ScoreNode(cell.Width - divided, divided, isSparse) { Number = _fresh.Count };
            parent.Divide(parent.PartOf(cell.FirstKey), node);
            _fresh.Add((node, cell));
        }

        return true;
    }

    /// <summary>The finest node that a score's key lies in.</summary>
    public ScoreNode Find(ulong key)
    {
        ScoreNode node = _root;
        while (node.FinerOf(node.PartOf(key)) is { } finer)
            node = finer;
        return node;
    }

    private IEnumerable<ScoreCell> FromTheTop(ScoreNode node, ulong firstKey)
    {
        for (int i = node.Occupied.Length - 1; i >= 0; i--)
        {
            (ulong part, long normal, long anomalous) = node.Occupied[i];
            ulong key = firstKey + (part << node.Shift);
            if (node.FinerOf(part) is { Number: < 0 } finer)
            {
                foreach (ScoreCell cell in FromTheTop(finer, key))
                    yield return cell;
            }
            else
            {
                yield return new(Type, key, node.Shift, normal, anomalous);
            }
        }
    }

    private ScoreNode.Counters? SumOf(ScoreNode node)
    {
        ScoreNode.Counters[] counters = [.. _parts.Select(part => part.CountersOf(node)).OfType<ScoreNode.Counters>()];
        foreach (ScoreNode.Counters more in counters.AsSpan(Math.Min(1, counters.Length)))
            counters[0].Add(more);
        return counters.FirstOrDefault();
    }
}

/// <summary>What normal scores came in: images of pixels, or groups of rows.</summary>
/// <param name="Count">How many there are that have normal scores.</param>
/// <param name="Smallest">The normal scores of the smallest.</param>
/// <param name="Largest">The normal scores of the largest.</param>
internal readonly record struct ScoreUnits(long Count, long Smallest, long Largest);
