using System.Diagnostics;

namespace MLNet.AnomalyNormalization.Tests;

/// <summary>
/// Files that are damaged at random, the same ones in every run: each has to end in a result or in a documented exception, in bounded time
/// and memory. The suite tries a few of them, tests of the category Long try <see cref="Many"/>.
/// </summary>
internal static class DamagedFiles
{
    public const int Few = 1_000;
    public const int Many = 100_000;

    // Far more than any file takes, and half of the time after which a model is given up that is never read to its end.
    private const int MostMilliseconds = 30_000;

    // Half of the mutations keep all lengths, so that many a file is still one after them.
    private const int InPlace = 3;
    private const int Mutations = 8;

    /// <summary>Tries files that were made of seeds.</summary>
    /// <param name="count">How many.</param>
    /// <param name="seeds">Whole files, or those parts of them that are to be damaged.</param>
    /// <param name="context">Where the outcome is written.</param>
    /// <param name="mostBytes">How much memory the use of a file may take in all.</param>
    /// <param name="use">Uses a file; <see cref="InvalidDataException"/> is documented.</param>
    public static void Try(int count, byte[][] seeds, TestContext context, long mostBytes, Action<byte[]> use)
    {
        foreach (byte[] seed in seeds)
            use(seed);

        var random = new Random(20_240_410);
        int results = 0;
        long slowest = 0, largest = 0;
        for (int i = 0; i < count; i++)
        {
            byte[] bytes = Mutate(seeds, random);
            long before = GC.GetTotalAllocatedBytes(), start = Stopwatch.GetTimestamp();
            try
            {
                use(bytes);
                results++;
            }
            catch (InvalidDataException e)
            {
                Assert.IsFalse(string.IsNullOrWhiteSpace(e.Message));
            }
            catch (Exception e)
            {
                throw new AssertFailedException($"Case {i}, {e}: {Convert.ToBase64String(bytes)}", e);
            }

            long time = (long)Stopwatch.GetElapsedTime(start).TotalMilliseconds, memory = GC.GetTotalAllocatedBytes() - before;
            Assert.IsTrue(time < MostMilliseconds && memory < mostBytes,
                $"Case {i} took {time} ms and {memory} bytes: {Convert.ToBase64String(bytes)}");
            (slowest, largest) = (Math.Max(slowest, time), Math.Max(largest, memory));
        }

        context.WriteLine($"{count} files: {results} results, {count - results} refusals; slowest {slowest} ms, {largest} bytes at most.");
        Assert.IsGreaterThan(0, results);
        Assert.IsLessThan(count, results);
    }

    // Bits, bytes, runs, insertions, deletions, cuts, and pieces of other seeds.
    private static byte[] Mutate(byte[][] seeds, Random random)
    {
        List<byte> bytes = [.. seeds[random.Next(seeds.Length)]];
        for (int rounds = 1 + random.Next(3); rounds > 0 && bytes.Count > 0; rounds--)
        {
            int at = random.Next(bytes.Count);
            int count = Math.Min(1 + random.Next(12), bytes.Count - at);
            switch (random.Next(2) == 0 ? random.Next(InPlace) : random.Next(Mutations))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes[at] = ((byte[])[0, 1, 0x7F, 0x80, 0xFF])[random.Next(5)];
                    break;
                case 3:
                    bytes.RemoveRange(at, count);
                    break;
                case 4:
                    bytes.InsertRange(at, Enumerable.Range(0, count).Select(_ => (byte)random.Next(256)));
                    break;
                case 5:
                    bytes.InsertRange(at, bytes.GetRange(at, count));
                    break;
                case 6:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                default:
                    byte[] other = seeds[random.Next(seeds.Length)];
                    int from = random.Next(other.Length);
                    bytes.InsertRange(at, other[from..Math.Min(other.Length, from + 64)]);
                    break;
            }
        }

        return [.. bytes];
    }
}
