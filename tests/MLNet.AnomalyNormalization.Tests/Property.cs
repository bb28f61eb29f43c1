using CsCheck;

namespace MLNet.AnomalyNormalization.Tests;

/// <summary>Checks a property on drawn cases, the same ones in every run: the seed of CsCheck's own Sample fixes the first case only.</summary>
internal static class Property
{
    public static void Check<T>(this Gen<T> cases, Action<T> check, string seed, int iter)
    {
        PCG random = PCG.Parse(seed);
        for (int i = 0; i < iter; i++)
        {
            T drawn = cases.Generate(random, null, out _);
            try
            {
                check(drawn);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Case {i}, {CsCheck.Check.Print(drawn)}: {e.Message}", e);
            }
        }
    }

    public static void Check<T>(this Gen<T> cases, Func<T, bool> holds, string seed, int iter)
        => cases.Check(drawn => Assert.IsTrue(holds(drawn)), seed, iter);

    public static void Check<T1, T2>(this Gen<(T1, T2)> cases, Action<T1, T2> check, string seed, int iter)
        => cases.Check(drawn => check(drawn.Item1, drawn.Item2), seed, iter);

    public static void Check<T1, T2>(this Gen<(T1, T2)> cases, Func<T1, T2, bool> holds, string seed, int iter)
        => cases.Check(drawn => holds(drawn.Item1, drawn.Item2), seed, iter);

    public static void Check<T1, T2, T3>(this Gen<(T1, T2, T3)> cases, Action<T1, T2, T3> check, string seed, int iter)
        => cases.Check(drawn => check(drawn.Item1, drawn.Item2, drawn.Item3), seed, iter);

    public static void Check<T1, T2, T3>(this Gen<(T1, T2, T3)> cases, Func<T1, T2, T3, bool> holds, string seed, int iter)
        => cases.Check(drawn => holds(drawn.Item1, drawn.Item2, drawn.Item3), seed, iter);

    public static void Check<T1, T2, T3, T4>(this Gen<(T1, T2, T3, T4)> cases, Func<T1, T2, T3, T4, bool> holds, string seed, int iter)
        => cases.Check(drawn => holds(drawn.Item1, drawn.Item2, drawn.Item3, drawn.Item4), seed, iter);

    public static void Check<T1, T2, T3, T4, T5>(
        this Gen<(T1, T2, T3, T4, T5)> cases, Func<T1, T2, T3, T4, T5, bool> holds, string seed, int iter)
        => cases.Check(drawn => holds(drawn.Item1, drawn.Item2, drawn.Item3, drawn.Item4, drawn.Item5), seed, iter);

    public static void Check<T1, T2, T3, T4, T5, T6, T7>(
        this Gen<(T1, T2, T3, T4, T5, T6, T7)> cases, Func<T1, T2, T3, T4, T5, T6, T7, bool> holds, string seed, int iter)
        => cases.Check(
            drawn => holds(drawn.Item1, drawn.Item2, drawn.Item3, drawn.Item4, drawn.Item5, drawn.Item6, drawn.Item7), seed, iter);
}
