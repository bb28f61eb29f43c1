using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace MLNet.AnomalyNormalization.Tests;

/// <summary>
/// The entry point of the test assembly: prints the widest vectors of this process and a digest of what the kernel computes, so that a
/// test can compare processes with different hardware switched on.
/// </summary>
internal static class KernelDigest
{
    public static int Main(string[] arguments)
    {
        if (arguments is not [nameof(KernelDigest)])
            return 1;

        int widest = Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 0;
        Console.WriteLine($"{widest} {Compute()}");
        return 0;
    }

    public static string Compute()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        ulong state = 1;
        foreach (double threshold in (double[])[1.24, 0, -0.5])
        {
            foreach (ScoreNormalizer normalizer in (ScoreNormalizer[])
                [new(threshold), new(threshold, preserveDecisions: false), new(threshold, new EvaluationThreshold(1.5, 120.03))])
            {
                var singles = new float[10_007];
                var doubles = new double[10_007];
                for (int i = 0; i < singles.Length; i++)
                {
                    state = (state * 6364136223846793005) + 1442695040888963407;
                    singles[i] = i % 3 == 0 ? (state >> 40) * 1e-6f : BitConverter.UInt32BitsToSingle((uint)(state >> 32));
                    doubles[i] = i % 3 == 0 ? (state >> 11) * 1e-15 : BitConverter.UInt64BitsToDouble(state);
                }

                normalizer.Normalize<float>(singles, singles);
                normalizer.Normalize<double>(doubles, doubles);
                for (int i = 0; i < singles.Length; i++)
                {
                    singles[i] = float.IsNaN(singles[i]) ? float.NaN : singles[i];
                    doubles[i] = double.IsNaN(doubles[i]) ? double.NaN : doubles[i];
                }

                hash.AppendData(MemoryMarshal.AsBytes<float>(singles));
                hash.AppendData(MemoryMarshal.AsBytes<double>(doubles));
            }
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
