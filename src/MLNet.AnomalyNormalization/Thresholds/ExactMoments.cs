using System.Numerics;

namespace MLNet.AnomalyNormalization.Thresholds;

/// <summary>
/// Mean and standard deviation of floats from their exact sum and sum of squares, so that the order of the values can't matter: whole
/// significands are summed up for each exponent.
/// </summary>
internal sealed class ExactMoments
{
    private const int SignificandBits = 23;

    // The unit of the last place of the smallest floats is 2^-149.
    private const int SmallestPlace = 149;

    private readonly Int128[] _sums = new Int128[256];
    private readonly UInt128[] _squares = new UInt128[256];

    public long Count { get; private set; }

    public bool HasInfinity => _squares[255] != 0;

    /// <summary>Adds the values that aren't marked; none of them may be NaN.</summary>
    public void AddWhereFalse(ReadOnlySpan<float> values, ReadOnlySpan<bool> marks)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (marks[i])
                continue;

            int bits = BitConverter.SingleToInt32Bits(values[i]);
            int exponent = (bits >> SignificandBits) & 255;
            long significand = (bits & ((1 << SignificandBits) - 1)) | (exponent == 0 ? 0 : 1 << SignificandBits);
            _sums[exponent] += bits < 0 ? -significand : significand;
            _squares[exponent] += (ulong)(significand * significand);
            Count++;
        }
    }

    /// <summary>
    /// The mean and the sample standard deviation (divisor n - 1) of two or more finite values, to about one unit in the last place.
    /// </summary>
    public (double Mean, double Deviation) Compute()
    {
        (BigInteger sum, BigInteger squares) = (0, 0);
        for (int exponent = 0; exponent < 255; exponent++)
        {
            int shift = Math.Max(exponent - 1, 0);
            sum += (BigInteger)_sums[exponent] << shift;
            squares += (BigInteger)_squares[exponent] << (2 * shift);
        }

        double mean = Quotient(sum, Count, -SmallestPlace);
        double variance = Quotient((Count * squares) - (sum * sum), (BigInteger)Count * (Count - 1), -2 * SmallestPlace);
        return (mean, Math.Sqrt(variance));
    }

    // The 62 or so leading bits of the quotient, rounded once to double.
    private static double Quotient(BigInteger dividend, BigInteger divisor, int exponent)
    {
        int shift = 62 - (int)(BigInteger.Abs(dividend).GetBitLength() - divisor.GetBitLength());
        BigInteger quotient = (shift >= 0 ? dividend << shift : dividend >> -shift) / divisor;
        return Math.ScaleB((double)(long)quotient, exponent - shift);
    }
}
