using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Tests.Evaluation;

/// <summary>Anomaly maps and their masks, all of one size.</summary>
internal sealed record ImageSet(float[][] Maps, byte[][] Masks, int Height, int Width)
{
    public int Count => Maps.Length;

    public PixelEvaluator Evaluator(PixelEvaluatorOptions? options = null) => Evaluator(options, Enumerable.Range(0, Count));

    public PixelEvaluator Evaluator(PixelEvaluatorOptions? options, IEnumerable<int> images)
    {
        var evaluator = new PixelEvaluator(options);
        foreach (int i in images)
            evaluator.Add(Maps[i], Masks[i], Height, Width);
        return evaluator;
    }
}
