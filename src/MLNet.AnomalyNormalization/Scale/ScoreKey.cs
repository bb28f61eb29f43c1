using System.Runtime.CompilerServices;

namespace MLNet.AnomalyNormalization.Scale;

/// <summary>Scores as unsigned integers in the same order, so that they can be sorted, packed and used as an index.</summary>
internal static class ScoreKey
{
    private const uint SignBit = 0x8000_0000;
    private const ulong LongSignBit = 0x8000_0000_0000_0000;

    /// <summary>The key of a score that is neither NaN nor -0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Of(float score)
    {
        uint bits = BitConverter.SingleToUInt32Bits(score);
        return bits ^ ((uint)((int)bits >> 31) | SignBit);
    }

    /// <inheritdoc cref="Of(float)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Of(double score)
    {
        ulong bits = BitConverter.DoubleToUInt64Bits(score);
        return bits ^ ((ulong)((long)bits >> 63) | LongSignBit);
    }

    public static float ToScore(uint key) => BitConverter.UInt32BitsToSingle(key >= SignBit ? key ^ SignBit : ~key);

    public static double ToScore(ulong key) => BitConverter.UInt64BitsToDouble(key >= LongSignBit ? key ^ LongSignBit : ~key);
}
