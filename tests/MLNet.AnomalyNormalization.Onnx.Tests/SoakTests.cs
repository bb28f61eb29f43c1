using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Imaging;
using MLNet.AnomalyNormalization.Tests;

namespace MLNet.AnomalyNormalization.Onnx.Tests;

/// <summary>A process that does everything again and again, the failures too, holds no more at its end than when it was warm.</summary>
[TestClass]
[DoNotParallelize]
public sealed class SoakTests : IDisposable
{
    private const int WarmUpTurns = 20;
    private const int FewTurns = 40;

    // About ten minutes on two cores.
    private const int ManyTurns = 4000;

    // What heaps move to and fro by themselves; more in a process in which hundreds of other tests have run. The long form holds a turn to 2 KB.
    private const long MostManagedBytes = 8 << 20;
    private const long MostResidentBytes = 64 << 20;

    private static readonly AnomalyThresholds Thresholds = new(Image: 0.3, Pixel: 0.2);

    private readonly TemporaryFolder _folder = new();
    private readonly string? _previousTemporary = Environment.GetEnvironmentVariable(TemporaryVariable);
    private readonly PictureRow[] _rows;

    public SoakTests()
    {
        Directory.CreateDirectory(_folder["temporary"]);
        Environment.SetEnvironmentVariable(TemporaryVariable, _folder["temporary"]);
        ModelFile.Vision().WithMetadata("image_threshold", "0.3").WithMetadata("pixel_threshold", "0.2").Save(_folder["model.onnx"]);
        AnomalyOnnxCatalogTests.Photo[] photos = AnomalyOnnxCatalogTests.Photo.Make(4);
        _rows = [.. photos.Select((photo, i) => new PictureRow { Path = _folder[$"{i}.png"], Label = photo.ExpectedMap().Max() >= 0.4f })];
        for (int i = 0; i < photos.Length; i++)
        {
            using MLImage image = photos[i].Image!;
            image.Save(_rows[i].Path);
        }

        File.WriteAllText(_folder["damaged.onnx"], "This was a model once.");
        File.WriteAllText(_folder["damaged.zip"], "This was a pipeline once.");
        File.WriteAllText(_folder["damaged.png"], "This was a picture once.");
        Directory.CreateDirectory(_folder["taken"]);
        File.WriteAllText(_folder["taken/notes.txt"], "mine");
    }

    public TestContext TestContext { get; set; } = null!;

    private static string TemporaryVariable => OperatingSystem.IsWindows() ? "TMP" : "TMPDIR";

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(TemporaryVariable, _previousTemporary);
        _folder.Dispose();
    }

    [TestMethod]
    public void Turns_of_everything_leave_memory_handles_threads_and_files_level() => Soak(FewTurns);

    [TestMethod]
    [TestCategory("Long")]
    public void Turns_of_everything_leave_memory_handles_threads_and_files_level_long() => Soak(ManyTurns);

    private void Soak(int turns)
    {
        for (int i = 0; i < WarmUpTurns; i++)
            Turn();
        Held before = Held.Now(_folder[""]);
        for (int i = 0; i < turns; i++)
            Turn();
        Held after = Held.Now(_folder[""]);
        TestContext.WriteLine($"Before {before}, after {turns} turns {after}");

        // The pool of threads breathes; one lost in every second turn is more.
        Assert.IsLessThan(turns / 2, after.Handles - before.Handles, "handles");
        Assert.IsLessThan(turns / 2, after.Threads - before.Threads, "threads");
        CollectionAssert.AreEqual(before.Files, after.Files, "files, the temporary ones included");
        Assert.IsLessThan(MostManagedBytes, after.ManagedBytes - before.ManagedBytes, "managed memory");
        Assert.IsLessThan(MostResidentBytes, after.ResidentBytes - before.ResidentBytes, "memory of the process");
    }

    private void Turn()
    {
        var mlContext = new MLContext(seed: 1);
        AnomalyOnnxModel model = AnomalyOnnxModel.Open(_folder["model.onnx"]);
        IDataView rows = mlContext.Data.LoadFromEnumerable(_rows);
        AnomalyEvaluation evaluation;
        using (var pipeline = mlContext.Transforms.ApplyAnomalyOnnxModel(model, nameof(PictureRow.Path))
            .Append(mlContext.Transforms.NormalizeAnomaly(model)).Fit(rows))
        {
            evaluation = mlContext.AnomalyDetection.EvaluateNormalized(pipeline.Transform(rows));
            mlContext.Model.SaveAnomalyModel(pipeline, rows.Schema, _folder["pipeline.zip"]);
        }

        ITransformer loaded = mlContext.Model.LoadAnomalyModel(_folder["pipeline.zip"], out _);
        using (loaded as IDisposable)
            Assert.AreEqual(evaluation, mlContext.AnomalyDetection.EvaluateNormalized(loaded.Transform(rows)));

        model.BakeNormalization(_folder["baked.onnx"], Thresholds, new() { AddLabel = true, AddMask = true });
        using (AnomalyInspector baked = AnomalyInspector.Open(_folder["baked.onnx"], new() { Thresholds = Thresholds }))
            baked.Inspect(_rows[0].Path);

        using (AnomalyInspector inspector = AnomalyInspector.Open(_folder["model.onnx"]))
        {
            var report = new AnomalyReport(inspector.Thresholds);
            foreach (PictureRow row in _rows)
            {
                Inspection found = inspector.Inspect(row.Path);
                found.SaveOverlay(_folder["overlay.png"]);
                report.Add(new(row.Path, found.RawScore, found.RawMap!) { IsAnomalous = row.Label });
            }

            report.Write(_folder["report"]);
            Assert.Throws<InvalidDataException>(() => inspector.Inspect(_folder["damaged.png"]));
            Assert.Throws<FileNotFoundException>(() => inspector.Inspect(_folder["missing.png"]));
            Assert.Throws<IOException>(() => report.Write(_folder["taken"]));
        }

        Assert.Throws<InvalidDataException>(() => AnomalyOnnxModel.Open(_folder["damaged.onnx"]));
        Assert.Throws<InvalidDataException>(() => mlContext.Model.LoadAnomalyModel(_folder["damaged.zip"], out _));
        Assert.Throws<IOException>(() => model.BakeNormalization(_folder["taken"], Thresholds));
    }

    /// <summary>What the process holds once all that nobody refers to is gone.</summary>
    private sealed record Held(int Handles, int Threads, string[] Files, long ManagedBytes, long ResidentBytes)
    {
        public static Held Now(string folder)
        {
            for (int i = 0; i < 2; i++)
            {
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
                GC.WaitForPendingFinalizers();
            }

            using var process = Process.GetCurrentProcess();
            return new(
                process.HandleCount, process.Threads.Count,
                [.. Directory.GetFileSystemEntries(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)],
                GC.GetTotalMemory(forceFullCollection: true), process.WorkingSet64);
        }

        public override string ToString()
            => $"{Handles} handles, {Threads} threads, {Files.Length} files, {ManagedBytes >> 10} KB managed, {ResidentBytes >> 20} MB in all";
    }

    private sealed class PictureRow
    {
        public string Path { get; set; } = "";

        public bool Label { get; set; }
    }
}
