using System.IO.Compression;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Evaluation.State;

namespace MLNet.AnomalyNormalization.Tests;

/// <summary>Damaged models, states and thresholds: every one ends in a result or in a documented exception.</summary>
[TestClass]
public sealed class FuzzTests
{
    // A model of some KB takes a few hundred.
    private const long MostBytes = 64 << 20;

    private static readonly PixelEvaluatorOptions FewThresholds = new()
    {
        PerImageOverlapLowerBound = 0.05,
        PerImageOverlapUpperBound = 0.5,
        PerImageOverlapThresholds = 500,
        CountNaNAsAnomalous = true,
    };

    private readonly MLContext _mlContext = new(seed: 1);

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Damaged_zip_files_end_in_a_result_or_a_documented_exception() => TryZips(DamagedFiles.Few / 2);

    [TestMethod]
    [TestCategory("Long")]
    public void Damaged_zip_files_end_in_a_result_or_a_documented_exception_long() => TryZips(DamagedFiles.Many / 2);

    [TestMethod]
    public void Parts_of_models_that_were_damaged_before_they_were_packed_end_in_a_result_or_a_documented_exception()
        => TryParts(DamagedFiles.Few / 2);

    [TestMethod]
    [TestCategory("Long")]
    public void Parts_of_models_that_were_damaged_before_they_were_packed_end_in_a_result_or_a_documented_exception_long()
        => TryParts(DamagedFiles.Many / 2);

    [TestMethod]
    public void Damaged_states_under_a_right_checksum_end_in_metrics_or_a_documented_exception() => TryStates(DamagedFiles.Few);

    [TestMethod]
    [TestCategory("Long")]
    public void Damaged_states_under_a_right_checksum_end_in_metrics_or_a_documented_exception_long() => TryStates(DamagedFiles.Many);

    [TestMethod]
    public void Damaged_thresholds_end_in_a_result_or_a_documented_exception() => TryThresholds(DamagedFiles.Few);

    [TestMethod]
    [TestCategory("Long")]
    public void Damaged_thresholds_end_in_a_result_or_a_documented_exception_long() => TryThresholds(DamagedFiles.Many);

    private void TryZips(int count)
        => DamagedFiles.Try(count, Models(), TestContext, MostBytes, Load);

    private void TryParts(int count)
    {
        var parts = new List<(byte[] Model, string Name)>();
        var seeds = new List<byte[]>();
        foreach (byte[] model in Models())
        {
            using var archive = new ZipArchive(new MemoryStream(model));
            foreach (ZipArchiveEntry entry in archive.Entries)
            {
                using var content = new MemoryStream();
                using Stream stream = entry.Open();
                stream.CopyTo(content);
                seeds.Add([(byte)parts.Count, .. content.ToArray()]);
                parts.Add((model, entry.FullName));
            }
        }

        // The first byte says which part of which model the others are. ML.NET sets memory aside for as many numbers as a part claims,
        // before it finds that they aren't there; none of that memory is ever touched.
        DamagedFiles.Try(count, [.. seeds], TestContext, long.MaxValue, bytes =>
        {
            (byte[] model, string name) = bytes.Length == 0 ? parts[0] : parts[bytes[0] % parts.Count];
            Load(Replace(model, name, bytes.AsSpan(Math.Min(1, bytes.Length))));
        });
    }

    private void Load(byte[] model) => _ = _mlContext.Model.LoadAnomalyModel(new MemoryStream(model), out _).ToString();

    private static byte[] Replace(byte[] model, string name, ReadOnlySpan<byte> content)
    {
        using var replaced = new MemoryStream();
        using (var source = new ZipArchive(new MemoryStream(model)))
        using (var target = new ZipArchive(replaced, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (ZipArchiveEntry entry in source.Entries)
            {
                using Stream copy = target.CreateEntry(entry.FullName, CompressionLevel.NoCompression).Open();
                if (entry.FullName == name)
                {
                    copy.Write(content);
                    continue;
                }

                using Stream original = entry.Open();
                original.CopyTo(copy);
            }
        }

        return replaced.ToArray();
    }

    // The normaliser alone, and one behind a component without numbers, under a schema with annotations. What the numbers of other components
    // mean nobody but they can check, and a wrong length in some (MinMax, RandomizedPca) is read for ever: such a model is given up after a
    // minute, as the documentation of LoadAnomalyModel says.
    private byte[][] Models()
    {
        IDataView data = _mlContext.Data.LoadFromEnumerable(
            [.. Enumerable.Range(0, 20).Select(i => new Row { Score = i, Name = $"{i % 3}", Features = [i, i * i % 7, i % 5] })]);
        ITransformer alone = _mlContext.Transforms
            .NormalizeAnomaly(new AnomalyThresholds(1.5, 0.75), new AnomalyNormalizationOptions { MapColumnName = nameof(Row.Features) }).Fit(data);
        IDataView keyed = _mlContext.Transforms.Conversion.MapValueToKey("Key", nameof(Row.Name)).Fit(data).Transform(data);
        ITransformer chain = _mlContext.Transforms.Concatenate("All", nameof(Row.Features), nameof(Row.Score))
            .Append(_mlContext.Transforms.NormalizeAnomaly(new AnomalyThresholds(0.5, 0.5)))
            .Fit(keyed);
        return [Saved(alone, data.Schema), Saved(chain, keyed.Schema)];

        byte[] Saved(ITransformer model, DataViewSchema schema)
        {
            using var stream = new MemoryStream();
            _mlContext.Model.Save(model, schema, stream);
            return stream.ToArray();
        }
    }

    private void TryStates(int count)
    {
        var images = new ImageEvaluator();
        var weighted = new ImageEvaluator();
        for (int i = 0; i < 12; i++)
        {
            images.Add(i * 7 % 5f, i % 3 == 0 ? null : i % 2 == 0);
            weighted.Add(i * 7 % 5d, i % 2 == 0, weight: i);
        }

        PixelEvaluator exact = Pixels(EvaluationPrecision.Exact), grid = Pixels(EvaluationPrecision.Grid);
        (byte Kind, Action<Stream> Write)[] states =
            [(1, images.WriteTo), (1, weighted.WriteTo), (2, exact.WriteTo), (2, grid.WriteTo)];
        byte[][] seeds = Array.ConvertAll(states, state => new byte[] { state.Kind }.Concat(ContentOf(state.Write)).ToArray());

        // A grid takes constant memory: five counts of 8 bytes for each of a million bins.
        DamagedFiles.Try(count, seeds, TestContext, MostBytes, bytes =>
        {
            using var stream = new MemoryStream();
            byte kind = (byte)(bytes is [1, ..] ? 1 : 2);
            using (var writer = new StateWriter(stream, kind))
            {
                writer.Write<byte>(bytes.AsSpan(Math.Min(1, bytes.Length)));
                writer.Complete();
            }

            stream.Position = 0;
            if (kind == 1)
                Assert.IsGreaterThanOrEqualTo(0, ImageEvaluator.ReadFrom(stream).Compute().Counts.Total);
            else if (PixelEvaluator.ReadFrom(stream) is { Options.PerImageOverlapThresholds: <= 1 << 16 } pixels)
                Assert.IsGreaterThanOrEqualTo(0, pixels.Compute().Counts.Total);
        });
    }

    private static PixelEvaluator Pixels(EvaluationPrecision precision)
    {
        var evaluator = new PixelEvaluator(FewThresholds with { Precision = precision });
        evaluator.Add([1, 2, 3, 4, 5, 6], [0, 1, 1, 0, 0, 9], 2, 3);
        evaluator.Add([.. Enumerable.Range(0, 60).Select(i => i * 7 % 60 / 8f)], new byte[60], 6, 10);
        evaluator.Add([float.NaN, 1], [0, 1], 1, 2);
        return evaluator;
    }

    // A header of 8 bytes, one block with its length before it, an empty block, and a sum.
    private static IEnumerable<byte> ContentOf(Action<Stream> write)
    {
        using var stream = new MemoryStream();
        write(stream);
        return stream.ToArray().AsSpan(12..^36).ToArray();
    }

    private void TryThresholds(int count)
    {
        byte[][] seeds =
        [
            """{"image_threshold": 1.5, "pixel_threshold": 2}"""u8.ToArray(),
            """{"task": "segmentation", "image_threshold": -14e-3, "pixel_threshold": 0, "min": 1, "names": ["\u00e9", {"a": null}]}"""u8.ToArray(),
        ];
        DamagedFiles.Try(count, seeds, TestContext, MostBytes, bytes =>
        {
            using var stream = new MemoryStream(bytes);
            Assert.IsTrue(double.IsFinite(AnomalyThresholds.Load(stream).Image));
        });
    }

    private sealed class Row
    {
        public float Score { get; set; }

        public string Name { get; set; } = "";

        [VectorType(3)]
        public float[] Features { get; set; } = [];
    }
}
