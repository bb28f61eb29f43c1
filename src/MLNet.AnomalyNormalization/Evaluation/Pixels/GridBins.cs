using System.Numerics.Tensors;
using MLNet.AnomalyNormalization.Evaluation.State;

namespace MLNet.AnomalyNormalization.Evaluation.Pixels;

/// <summary>
/// A count for each bin of the grid, 8 bytes a bin, in pages that are made where something is counted: scores mostly lie in a small part of
/// the scale.
/// </summary>
internal sealed class GridBins
{
    /// <summary>Bins in one unit of the normalised scale.</summary>
    public const float PerUnit = 1024;

    /// <summary>The number of bins; the last two are for the cap of the scale and, above it, for NaN that counts as anomalous.</summary>
    public const int Length = (int)(ScoreNormalizer.MaximumScore * PerUnit) + 2;

    // A page is 4 units of the scale, 32 KB.
    private const int PageBits = 12;
    private const int PageLength = 1 << PageBits;

    // Stands for every page in which nothing was counted, so that reading needs no branch.
    private static readonly ulong[] s_empty = new ulong[PageLength];

    private readonly ulong[][] _pages = [.. Enumerable.Repeat(s_empty, (Length + PageLength - 1) / PageLength)];

    public ulong this[int bin] => _pages[bin >> PageBits][bin & (PageLength - 1)];

    /// <summary>The bin that a score of the scale lies in.</summary>
    public static int BinOf(float score) => (int)(score * PerUnit);

    public void Add(int bin, ulong value) => PageForWriting(bin >> PageBits)[bin & (PageLength - 1)] += value;

    /// <summary>Counts each score once.</summary>
    public void Count(ReadOnlySpan<float> scores)
    {
        ulong[][] pages = _pages;
        ulong[] empty = s_empty;
        foreach (float score in scores)
        {
            int bin = BinOf(score);
            ulong[] page = pages[bin >> PageBits];
            if (page == empty)
                page = PageForWriting(bin >> PageBits);
            page[bin & (PageLength - 1)]++;
        }
    }

    public void Add(GridBins other)
    {
        for (int page = 0; page < _pages.Length; page++)
        {
            if (other._pages[page] == s_empty)
                continue;
            ulong[] sums = PageForWriting(page);
            TensorPrimitives.Add<ulong>(sums, other._pages[page], sums);
        }
    }

    /// <summary>The sum over bins from a start up to an end.</summary>
    public long Sum(int start = 0, int end = Length)
    {
        ulong sum = 0;
        for (int page = start >> PageBits; page << PageBits < end; page++)
        {
            if (_pages[page] == s_empty)
                continue;
            int first = page << PageBits;
            sum += TensorPrimitives.Sum<ulong>(_pages[page].AsSpan(Math.Max(start - first, 0)..Math.Min(end - first, PageLength)));
        }

        return (long)sum;
    }

    /// <summary>What three of them have in each bin that isn't empty in all, from the top.</summary>
    public static IEnumerable<(int Bin, ulong First, ulong Second, ulong Third)> FromTheTop(GridBins first, GridBins second, GridBins third)
    {
        for (int page = first._pages.Length - 1; page >= 0; page--)
        {
            (ulong[] ofFirst, ulong[] ofSecond, ulong[] ofThird) = (first._pages[page], second._pages[page], third._pages[page]);
            if (ofFirst == s_empty && ofSecond == s_empty && ofThird == s_empty)
                continue;

            for (int i = PageLength - 1; i >= 0; i--)
            {
                if ((ofFirst[i] | ofSecond[i] | ofThird[i]) != 0)
                    yield return ((page << PageBits) + i, ofFirst[i], ofSecond[i], ofThird[i]);
            }
        }
    }

    /// <summary>Writes each bin that isn't empty: how many empty ones it follows, and its content.</summary>
    public void WriteTo(StateWriter writer)
    {
        writer.WriteCompact((ulong)_pages.Sum(page => PageLength - page.AsSpan().Count(0UL)));
        int next = 0;
        for (int bin = 0; bin < Length; bin++)
        {
            if (this[bin] == 0)
                continue;
            writer.WriteCompact((ulong)(bin - next));
            writer.WriteCompact(this[bin]);
            next = bin + 1;
        }
    }

    /// <summary>Reads what <see cref="WriteTo"/> wrote into bins that are empty.</summary>
    public void ReadFrom(StateReader reader)
    {
        ulong next = 0;
        UInt128 sum = 0;
        for (ulong left = reader.ReadCompact(); left > 0; left--)
        {
            ulong empty = reader.ReadCompact();
            if (empty >= Length - next)
                throw reader.Corrupt($"a bin beyond the last one, {Length - 1},");
            next += empty;
            ulong value = reader.ReadCompact();
            if (value == 0 || (sum += value) > ulong.MaxValue)
                throw reader.Corrupt("a bin of nothing, or more than can be counted,");
            Add((int)next++, value);
        }
    }

    private ulong[] PageForWriting(int page) => _pages[page] == s_empty ? _pages[page] = new ulong[PageLength] : _pages[page];
}
