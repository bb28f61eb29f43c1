using System.Numerics;

namespace MLNet.AnomalyNormalization.Thresholds;

/// <summary>
/// Mean and standard deviation of numbers from their exact sum and sum of squares, so that the order of the values can't matter: whole
/// significands are summed up for each exponent.
/// </summary>
internal sealed class ExactMoments
{
    private const int SignificandBits = 52;
    private const int Exponents = 2048;

    // The unit of the last place of the smallest doubles is 2^-1074.
    private const int SmallestPlace = 1074;

    // The lower and upper 64 bits of the squares apart, so that neither sum overflows.
    private readonly Int128[] _sums = new Int128[Exponents];
    private readonly UInt128[] _lowSquares = new UInt128[Exponents];
    private readonly UInt128[] _highSquares = new UInt128[Exponents];

    public long Count { get; private set; }

    public bool HasInfinity { get; private set; }

    /// <summary>Adds a value that isn't NaN.</summary>
    public void Add(double value)
    {
        long bits = BitConverter.DoubleToInt64Bits(value);
        int exponent = (int)(bits >> SignificandBits) & (Exponents - 1);
        long significand = (bits & ((1L << SignificandBits) - 1)) | (exponent == 0 ? 0 : 1L << SignificandBits);
        ulong high = Math.BigMul((ulong)significand, (ulong)significand, out ulong low);
        _sums[exponent] += bits < 0 ? -significand : significand;
        _lowSquares[exponent] += low;
        _highSquares[exponent] += high;
        HasInfinity |= exponent == Exponents - 1;
        Count++;
    }

    /// <summary>Adds the values of others.</summary>
    public void Add(ExactMoments others)
    {
        for (int exponent = 0; exponent < Exponents; exponent++)
        {
            _sums[exponent] += others._sums[exponent];
            _lowSquares[exponent] += others._lowSquares[exponent];
            _highSquares[exponent] += others._highSquares[exponent];
        }

        HasInfinity |= others.HasInfinity;
        Count += others.Count;
    }

    /// <summary>
    /// The mean and the sample standard deviation (divisor n - 1) of two or more finite values, to about one unit in the last place.
    /// </summary>
    public (double Mean, double Deviation) Compute()
    {
        (BigInteger sum, BigInteger squares) = (0, 0);
        for (int exponent = 0; exponent < Exponents - 1; exponent++)
        {
            int shift = Math.Max(exponent - 1, 0);
            sum += (BigInteger)_sums[exponent] << shift;
            squares += (((BigInteger)_highSquares[exponent] << 64) + _lowSquares[exponent]) << (2 * shift);
        }

        (double mean, int meanExponent) = Quotient(sum, Count);
        (double variance, int varianceExponent) = Quotient((Count * squares) - (sum * sum), (BigInteger)Count * (Count - 1));

        // The variance may be beyond the doubles where its root is not.
        int odd = varianceExponent & 1;
        return (
            Math.ScaleB(mean, meanExponent - SmallestPlace),
            Math.ScaleB(Math.Sqrt(variance * (1 + odd)), ((varianceExponent - odd) / 2) - SmallestPlace));
    }

    // The 62 or so leading bits of the quotient, rounded once to double, and the power of two that they are multiples of.
    private static (double Leading, int Exponent) Quotient(BigInteger dividend, BigInteger divisor)
    {
        int shift = 62 - (int)(BigInteger.Abs(dividend).GetBitLength() - divisor.GetBitLength());
        BigInteger quotient = (shift >= 0 ? dividend << shift : dividend >> -shift) / divisor;
        return ((long)quotient, -shift);
    }
}
