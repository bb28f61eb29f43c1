using BenchmarkDotNet.Attributes;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Tests.Evaluation;

namespace MLNet.AnomalyNormalization.Benchmarks;

/// <summary>
/// The large set of the golden values, 100 maps of 256 x 256 in memory: adding all images and computing the metrics. On one thread the
/// Python peers need 5.3 s for AUROC, average precision, maximum F1, F1 at 100 and AUPRO, and 70 s for AUPIMO.
/// </summary>
[MemoryDiagnoser]
public class EvaluationBenchmarks
{
    private static readonly PixelEvaluatorOptions s_withoutPerImageOverlap = new() { PerImageOverlapThresholds = 0 };

    private ImageSet _images = null!;
    private PixelEvaluator _filled = null!;

    [GlobalSetup]
    public void Draw()
    {
        _images = LargeSet.Draw();
        _filled = _images.Evaluator();
    }

    [Benchmark(Baseline = true)]
    public PixelMetrics Exact() => _images.Evaluator(s_withoutPerImageOverlap).Compute();

    [Benchmark]
    public PixelMetrics ExactOnTwoThreads() => OnTwoThreads(s_withoutPerImageOverlap);

    [Benchmark]
    public PixelMetrics ExactWithPerImageOverlap() => _images.Evaluator().Compute();

    [Benchmark]
    public PixelMetrics ExactWithPerImageOverlapOnTwoThreads() => OnTwoThreads(new());

    [Benchmark]
    public long WriteAndRead()
    {
        using var stream = new MemoryStream();
        _filled.WriteTo(stream);
        stream.Position = 0;
        PixelEvaluator.ReadFrom(stream);
        return stream.Position;
    }

    private PixelMetrics OnTwoThreads(PixelEvaluatorOptions options)
    {
        var halves = new PixelEvaluator[2];
        int count = _images.Count / 2;
        Parallel.For(0, 2, half => halves[half] = _images.Evaluator(options, Enumerable.Range(half * count, count)));
        halves[0].Merge(halves[1]);
        return halves[0].Compute(threads: 2);
    }
}
