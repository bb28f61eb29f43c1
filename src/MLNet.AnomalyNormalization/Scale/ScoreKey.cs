using System.Runtime.CompilerServices;

namespace MLNet.AnomalyNormalization.Scale;

/// <summary>Scores as unsigned integers in the same order, so that they can be sorted, packed and used as an index.</summary>
internal static class ScoreKey
{
    private const uint SignBit = 0x8000_0000;

    /// <summary>The key of a score that is neither NaN nor -0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Of(float score)
    {
        uint bits = BitConverter.SingleToUInt32Bits(score);
        return bits ^ ((uint)((int)bits >> 31) | SignBit);
    }

    public static float ToScore(uint key) => BitConverter.UInt32BitsToSingle(key >= SignBit ? key ^ SignBit : ~key);
}
