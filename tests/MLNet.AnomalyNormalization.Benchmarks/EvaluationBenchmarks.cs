using BenchmarkDotNet.Attributes;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Tests.Evaluation;

namespace MLNet.AnomalyNormalization.Benchmarks;

/// <summary>
/// Evaluating the large set of the golden values, 100 maps of 256 x 256 in memory: adding all images and computing every metric. The
/// Python peers need 5.3 s for all but AUPIMO and 70 s for AUPIMO.
/// </summary>
[MemoryDiagnoser]
public class EvaluationBenchmarks
{
    private static readonly PixelEvaluatorOptions s_withoutPerImageOverlap = new() { PerImageOverlapThresholds = 0 };
    private ImageSet _images = null!;

    [GlobalSetup]
    public void Draw() => _images = LargeSet.Draw();

    [Benchmark(Baseline = true)]
    public PixelMetrics Exact() => _images.Evaluator(s_withoutPerImageOverlap).Compute();

    [Benchmark]
    public PixelMetrics ExactOnTwoThreads() => AddOnTwoThreads(s_withoutPerImageOverlap).Compute(threads: 2);

    [Benchmark]
    public PixelMetrics ExactWithPerImageOverlap() => _images.Evaluator().Compute();

    [Benchmark]
    public PixelMetrics ExactWithPerImageOverlapOnTwoThreads() => AddOnTwoThreads(new()).Compute(threads: 2);

    [Benchmark]
    public PixelMetrics Grid() => _images.Evaluator(new() { Precision = EvaluationPrecision.Grid }).Compute();

    private PixelEvaluator AddOnTwoThreads(PixelEvaluatorOptions options)
    {
        var halves = new PixelEvaluator[2];
        Parallel.For(0, 2, half =>
            halves[half] = _images.Evaluator(options, Enumerable.Range(half * _images.Count / 2, _images.Count / 2)));
        halves[0].Merge(halves[1]);
        return halves[0];
    }
}
