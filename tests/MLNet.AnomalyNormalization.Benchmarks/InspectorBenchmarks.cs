using BenchmarkDotNet.Attributes;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using MLNet.AnomalyNormalization.Onnx;
using MLNet.AnomalyNormalization.Vision;
using VisualInspection;

namespace MLNet.AnomalyNormalization.Benchmarks;

/// <summary>
/// One inspection of a picture of 900 x 900 by a PatchCore of ten photos: by the inspector, by ML.NET's prediction engine, and by OnnxRuntime
/// alone, which runs the same file on the same pixels, and neither decodes nor normalises.
/// </summary>
[MemoryDiagnoser]
public class InspectorBenchmarks
{
    private const int Side = 900;

    private readonly byte[] _pixels = new byte[Side * Side * 3];
    private DirectoryInfo _folder = null!;
    private string _photo = "";
    private AnomalyInspector _inspector = null!;
    private InferenceSession _session = null!;
    private PredictionEngine<Photo, Scored> _engine = null!;

    [Params(1, 2)]
    public int Threads { get; set; }

    [GlobalSetup]
    public void Train()
    {
        _folder = Directory.CreateTempSubdirectory("InspectorBenchmarks");
        _photo = Path.Combine(_folder.FullName, "photo.png");
        string model = Path.Combine(_folder.FullName, "model.onnx");
        new Random(0).NextBytes(_pixels);
        byte[] opaque = [.. _pixels.Chunk(3).SelectMany(pixel => (byte[])[.. pixel, byte.MaxValue])];
        using (MLImage image = MLImage.CreateFromPixels(Side, Side, MLPixelFormat.Rgba32, opaque))
            image.Save(_photo);

        var mlContext = new MLContext(seed: 0);
        IDataView photos = mlContext.Data.LoadFromEnumerable(Enumerable.Range(0, 10).Select(i => Draw(i)).ToArray());
        using (PatchCoreTransformer trained = mlContext.AnomalyDetection.Trainers.PatchCore().Fit(photos))
            trained.SaveOnnx(model);

        _inspector = AnomalyInspector.Open(model, new() { Threads = Threads });
        _session = Open(model, Threads);
        AnomalyOnnxModel opened = AnomalyOnnxModel.Open(model);
        IDataView first = mlContext.Data.LoadFromEnumerable([new Photo { Image = _photo }]);
        ITransformer pipeline = mlContext.Transforms.ApplyAnomalyOnnxModel(opened, nameof(Photo.Image))
            .Append(mlContext.Transforms.NormalizeAnomaly(opened)).Fit(first);
        _engine = mlContext.Model.CreatePredictionEngine<Photo, Scored>(pipeline);
    }

    [GlobalCleanup]
    public void Clean()
    {
        _engine.Dispose();
        _session.Dispose();
        _inspector.Dispose();
        _folder.Delete(recursive: true);
    }

    [Benchmark(Baseline = true)]
    public int OnnxRuntimeOfBuffer()
    {
        using var run = new RunOptions();
        using OrtValue picture = OrtValue.CreateTensorValueFromMemory(_pixels, [1, Side, Side, 3]);
        using IDisposableReadOnlyCollection<OrtValue> results = _session.Run(run, _session.InputNames, [picture], _session.OutputNames);
        return results.Count;
    }

    [Benchmark]
    public float InspectorOfBuffer() => _inspector.Inspect(_pixels, Side, Side, Side * 3, PixelFormat.Rgb24).NormalizedScore;

    [Benchmark]
    public float InspectorOfPng() => _inspector.Inspect(_photo).NormalizedScore;

    /// <summary>It takes a thread for each core, whatever <see cref="Threads"/> says.</summary>
    [Benchmark]
    public float EngineOfPng() => _engine.Predict(new() { Image = _photo }).NormalizedScore[0];

    private static InferenceSession Open(string model, int threads)
    {
        using var options = new SessionOptions { IntraOpNumThreads = threads };
        return new(model, options);
    }

    private Photo Draw(int i)
    {
        string path = Path.Combine(_folder.FullName, $"{i}.png");
        using MLImage image = MLImage.CreateFromPixels(Fabric.Size, Fabric.Size, MLPixelFormat.Rgba32, new Fabric((ulong)i).Pixels);
        image.Save(path);
        return new() { Image = path };
    }

    private sealed class Photo
    {
        public string Image { get; set; } = "";
    }

    private sealed class Scored
    {
        public float[] NormalizedScore { get; set; } = [];
    }
}
