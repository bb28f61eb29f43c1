using System.Diagnostics;
using BenchmarkDotNet.Attributes;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Tests.Evaluation;

namespace MLNet.AnomalyNormalization.Benchmarks;

/// <summary>
/// The grid at 1, 10 and 100 times the large set (up to 655 million pixels): time grows linearly, memory doesn't. Each case has a process
/// of its own, which ends by printing its peak working set, drawn maps (33 MB) included.
/// </summary>
public class GridBenchmarks
{
    private ImageSet _images = null!;

    [Params(1, 10, 100)]
    public int Times { get; set; }

    [GlobalSetup]
    public void Draw() => _images = LargeSet.Draw();

    [Benchmark]
    public PixelMetrics Grid()
        => _images.Evaluator(
            new() { Precision = EvaluationPrecision.Grid },
            Enumerable.Repeat(Enumerable.Range(0, _images.Count), Times).SelectMany(images => images)).Compute();

    [GlobalCleanup]
    public void PrintPeak()
    {
        using var process = Process.GetCurrentProcess();
        Console.WriteLine($"// Peak working set at {Times} times the data: {process.PeakWorkingSet64 >> 20} MiB");
    }
}
