using System.Numerics;

namespace MLNet.AnomalyNormalization.Scale;

/// <summary>Finds scores that are no number.</summary>
internal static class NaNs
{
    /// <summary>The index of the first NaN; -1 without any.</summary>
    public static int IndexIn<T>(ReadOnlySpan<T> scores)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int i = 0;
        for (; Vector<T>.IsSupported && i <= scores.Length - Vector<T>.Count; i += Vector<T>.Count)
        {
            // NaN alone differs from itself.
            var lanes = new Vector<T>(scores[i..]);
            if (!Vector.EqualsAll(lanes, lanes))
                break;
        }

        for (; i < scores.Length; i++)
        {
            if (T.IsNaN(scores[i]))
                return i;
        }

        return -1;
    }
}
