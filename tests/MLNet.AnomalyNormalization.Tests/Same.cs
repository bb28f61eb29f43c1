using System.Numerics;

namespace MLNet.AnomalyNormalization.Tests;

/// <summary>Equality in bits, with NaNs equal to each other, and -0 to +0.</summary>
internal static class Same
{
    public static bool Bits<T>(T expected, T actual)
        where T : IFloatingPointIeee754<T>
        => expected == actual || (T.IsNaN(expected) && T.IsNaN(actual));

    public static void Bits<T>(ReadOnlySpan<T> expected, ReadOnlySpan<T> actual, string what = "")
        where T : IFloatingPointIeee754<T>
    {
        Assert.AreEqual(expected.Length, actual.Length, what);
        for (int i = 0; i < expected.Length; i++)
        {
            if (!Bits(expected[i], actual[i]))
                Assert.Fail($"{what} element {i}: expected {expected[i]:R}, got {actual[i]:R}");
        }
    }
}
