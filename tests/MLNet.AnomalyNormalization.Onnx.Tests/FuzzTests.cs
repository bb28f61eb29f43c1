using System.Diagnostics;
using System.Globalization;
using System.Text;
using Google.Protobuf;
using MLNet.AnomalyNormalization.Tests;

namespace MLNet.AnomalyNormalization.Onnx.Tests;

/// <summary>
/// Damaged models and metadata: every one ends in a result or in a documented exception. The suite runs a short form; the long one is
/// <c>ANOMALY_FUZZ=100000 dotnet test tests/MLNet.AnomalyNormalization.Onnx.Tests --filter TestCategory=Fuzz</c>.
/// </summary>
[TestClass]
[TestCategory("Fuzz")]
public sealed class FuzzTests : IDisposable
{
    private const int ShortForm = 2_000;
    private const int MostMilliseconds = 5_000;
    private const long MostBytes = 64 << 20;

    // Half of the mutations keep all lengths, so that many a file is still one after them.
    private const int InPlace = 3;
    private const int Mutations = 8;

    private static readonly int Count = Environment.GetEnvironmentVariable("ANOMALY_FUZZ") is { } count
        ? int.Parse(count, CultureInfo.InvariantCulture) : ShortForm;

    private readonly TemporaryFolder _folder = new();

    public TestContext TestContext { get; set; } = null!;

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void Damaged_models_end_in_a_result_or_a_documented_exception()
    {
        byte[][] seeds =
        [
            ModelFile.Vision().WithMetadata("image_threshold", "0.5").WithMetadata("pixel_threshold", "0.25").ToByteArray(),
            ModelFile.Vision(opset: 11, batch: null, height: null, width: null).ToByteArray(),
            ModelFile.Vision(type: typeof(Half), score: null).ToByteArray(),
            ModelFile.Raw(typeof(double), [("score", [null])]).ToByteArray(),
            ModelFile.Vision().WithExternalData("weight", "model.data", bytes => File.WriteAllBytes(_folder["model.data"], bytes))
                .ToByteArray(),
        ];
        Run(seeds, (path, _) =>
        {
            AnomalyOnnxModel model = AnomalyOnnxModel.Open(path);
            Assert.IsNotEmpty(model.ToString());
            model.BakeNormalization(_folder["baked.onnx"], new(0.5, 0.25), new() { AddLabel = true });
        });
    }

    [TestMethod]
    public void Damaged_metadata_ends_in_a_result_or_a_documented_exception()
    {
        ModelFile.Vision().Save(_folder["model.onnx"]);
        byte[][] seeds =
        [
            Encoding.UTF8.GetBytes("""{"input_size": [[3, 224, 224]], "mean": [0.4, 0.4, 0.4], "std": [0.2, 0.2, 0.2], "image_threshold": 1.5, "pixel_threshold": 2}"""),
            Encoding.UTF8.GetBytes("""
                {"task": "segmentation", "image_threshold": 14, "pixel_threshold": 12.5, "transform": {"transform": {"transforms": [
                {"__class_fullname__": "Resize", "height": 256, "width": 256},
                {"__class_fullname__": "Normalize", "mean": [0.4, 0.4, 0.4], "std": 0.2, "max_pixel_value": 255.0}]}}}
                """),
        ];
        Run(seeds, (path, bytes) =>
        {
            File.WriteAllBytes(_folder["model.json"], bytes);
            Assert.IsNotEmpty(AnomalyOnnxModel.Open(_folder["model.onnx"]).ToString());
        });
    }

    private void Run(byte[][] seeds, Action<string, byte[]> use)
    {
        var random = new Random(20_240_410);
        string path = _folder["damaged"];
        int results = 0;
        long slowest = 0;
        long largest = 0;
        for (int i = 0; i < Count; i++)
        {
            byte[] bytes = Mutate(seeds, random);
            File.WriteAllBytes(path, bytes);
            long before = GC.GetAllocatedBytesForCurrentThread();
            long start = Stopwatch.GetTimestamp();
            try
            {
                use(path, bytes);
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

            slowest = Math.Max(slowest, (long)Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            largest = Math.Max(largest, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        TestContext.WriteLine($"{Count} files: {results} results, {Count - results} refusals; slowest {slowest} ms, {largest} bytes at most.");
        Assert.IsLessThan(MostMilliseconds, slowest);
        Assert.IsLessThan(MostBytes, largest);
        Assert.IsGreaterThan(0, results);
        Assert.IsLessThan(Count, results);
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
