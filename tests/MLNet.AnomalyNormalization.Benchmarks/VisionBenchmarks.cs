using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Engines;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Vision;
using VisualInspection;

namespace MLNet.AnomalyNormalization.Benchmarks;

/// <summary>
/// PatchCore at 224 x 224 on drawn linen of 256 x 256: training by the number of photos, thresholds included, and the inspection of 10 of
/// them from their files.
/// </summary>
[SimpleJob(RunStrategy.Monitoring, warmupCount: 1, iterationCount: 3)]
[MemoryDiagnoser]
public class VisionBenchmarks
{
    private readonly MLContext _mlContext = new(seed: 0);
    private DirectoryInfo _folder = null!;
    private IDataView _photos = null!;
    private IDataView _scored = null!;
    private PatchCoreTransformer _model = null!;

    [Params(10, 100, 1000)]
    public int Photos { get; set; }

    [GlobalSetup]
    public void Draw()
    {
        _folder = Directory.CreateTempSubdirectory("VisionBenchmarks");
        Row[] rows = [.. Enumerable.Range(0, Photos).Select(i =>
        {
            string path = Path.Combine(_folder.FullName, $"{i}.png");
            using MLImage image = MLImage.CreateFromPixels(Fabric.Size, Fabric.Size, MLPixelFormat.Rgba32, new Fabric((ulong)i).Pixels);
            image.Save(path);
            return new Row { Image = path };
        })];
        _photos = _mlContext.Data.LoadFromEnumerable(rows);
        _model = Train();
        _scored = _model.Transform(_mlContext.Data.LoadFromEnumerable(rows[..10]));
        string file = Path.Combine(_folder.FullName, "model.onnx");
        _model.SaveOnnx(file);
        Console.WriteLine($"{Photos} photos: {_model.BankSize} patches, {new FileInfo(file).Length:N0} bytes");
    }

    [GlobalCleanup]
    public void Clean()
    {
        _model.Dispose();
        _folder.Delete(recursive: true);
    }

    [Benchmark]
    public int Training()
    {
        using PatchCoreTransformer model = Train();
        return model.BankSize;
    }

    [Benchmark(OperationsPerInvoke = 10)]
    public int Inspection() => _scored.GetColumn<float[]>("AnomalyMap").Count();

    private PatchCoreTransformer Train() => _mlContext.AnomalyDetection.Trainers.PatchCore().Fit(_photos);

    private sealed class Row
    {
        public string Image { get; set; } = "";
    }
}
