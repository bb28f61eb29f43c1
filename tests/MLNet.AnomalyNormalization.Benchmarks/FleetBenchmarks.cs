using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Engines;
using Microsoft.ML;
using MLNet.AnomalyNormalization.DataViews;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Evaluation.State;
using MLNet.AnomalyNormalization.Orleans;
using MLNet.AnomalyNormalization.Orleans.Tests;
using VisualInspection;

namespace MLNet.AnomalyNormalization.Benchmarks;

/// <summary>
/// The drawn set of the main job, 50 images of 256 x 256, evaluated by one process and by clusters of one and two silos, in 25 shards; what a
/// shard costs beside its rows; and what merging costs the caller.
/// </summary>
[SimpleJob(RunStrategy.Monitoring, warmupCount: 1, iterationCount: 7)]
public class FleetBenchmarks
{
    private const int TinyShards = 200;

    private static readonly AnomalyEvaluationOptions s_options = new() { MaskColumnName = "Mask", ResizeMasks = true };

    private readonly MLContext _mlContext = new(seed: 0);
    private DirectoryInfo _folder = null!;
    private string _modelPath = null!;
    private ShardImage[] _images = null!;
    private EvaluationShard[] _shards = null!;
    private EvaluationShard[] _tinyShards = null!;
    private ITransformer _model = null!;
    private Cluster _one = null!;
    private Cluster _two = null!;
    private byte[] _exact = null!;
    private byte[] _grid = null!;

    [GlobalSetup]
    public async Task Start()
    {
        _folder = Directory.CreateTempSubdirectory("FleetBenchmarks");
        (_modelPath, _) = DrawnModel.Train(_folder.FullName);
        _model = _mlContext.Model.LoadAnomalyModel(_modelPath, out _);
        _images = [.. Directory.GetDirectories(Path.Combine(_folder.FullName, "drawn", "test")).SelectMany(ShardImage.InFolder)];
        _shards = [.. _images.Chunk(2).Select((part, i) => EvaluationShard.Images($"{i}", part, nameof(Row.Path)))];
        _tinyShards = [.. Enumerable.Range(0, TinyShards).Select(TinyShard)];
        (_one, _two) = (await Cluster.Start(silos: 1), await Cluster.Start(silos: 2));
        (_exact, _grid) = (State(EvaluationPrecision.Exact), State(EvaluationPrecision.Grid));
    }

    [GlobalCleanup]
    public async Task Stop()
    {
        await _one.DisposeAsync();
        await _two.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Benchmark(Baseline = true)]
    public AnomalyEvaluation Alone() => _mlContext.AnomalyDetection.EvaluateNormalized(_model.Transform(Rows(_images)), s_options);

    [Benchmark]
    public Task<FleetEvaluation> OneSilo() => _one.Grains.EvaluateNormalizedAsync(_modelPath, _shards, s_options);

    [Benchmark]
    public Task<FleetEvaluation> TwoSilos() => _two.Grains.EvaluateNormalizedAsync(_modelPath, _shards, s_options);

    [Benchmark]
    public Task<FleetEvaluation> TwoHundredShardsOfOneScore() => _two.Grains.EvaluateNormalizedAsync(null, _tinyShards);

    [Benchmark]
    public long MergeTwoImagesExact() => Merge(_exact, EvaluationPrecision.Exact);

    [Benchmark]
    public long MergeTwoImagesOnTheGrid() => Merge(_grid, EvaluationPrecision.Grid);

    private static AnomalyEvaluationOptions WithPrecision(EvaluationPrecision precision)
        => new() { MaskColumnName = "Mask", ResizeMasks = true, Pixel = new() { Precision = precision } };

    private static long Merge(byte[] state, EvaluationPrecision precision)
    {
        var all = new EvaluationPart(WithPrecision(precision));
        using var stream = new MemoryStream(state);
        all.Merge(EvaluationPart.ReadFrom(stream));
        return all.RowCount;
    }

    private byte[] State(EvaluationPrecision precision)
    {
        using var stream = new MemoryStream();
        new DataViewEvaluation(_model.Transform(Rows(_images[..2])), WithPrecision(precision), progress: null)
            .Read(threads: 1, CancellationToken.None).WriteTo(stream);
        Console.WriteLine($"The state of two images, {precision}: {stream.Length:N0} bytes");
        return stream.ToArray();
    }

    private IDataView Rows(ShardImage[] images)
    {
        IDataView rows = _mlContext.Data.LoadFromEnumerable(
            images.Select(image => new Row { Path = image.Path, Label = image.IsAnomalous == true, Mask = image.MaskPath ?? "" }));
        return _mlContext.Transforms.LoadImages(nameof(Row.Mask), imageFolder: "").Fit(rows).Transform(rows);
    }

    private EvaluationShard TinyShard(int number)
    {
        string path = Path.Combine(_folder.FullName, $"{number}.csv");
        File.WriteAllText(path, $"Label,Score\n{number % 2},{number}\n");
        return EvaluationShard.Scores(path);
    }

    private sealed class Row
    {
        public string Path { get; set; } = "";

        public bool Label { get; set; }

        public string Mask { get; set; } = "";
    }
}
