using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Scores;

namespace MLNet.AnomalyNormalization.Tool;

/// <summary>Recorded scores in place of a model and pictures.</summary>
internal static class ScoreFile
{
    public static bool Is(string path)
        => Path.GetExtension(path).Equals(".csv", StringComparison.OrdinalIgnoreCase) || Path.GetExtension(path).Equals(".parquet", StringComparison.OrdinalIgnoreCase);

    /// <summary>The rows whose label is known.</summary>
    public static RecordedScores Read(string path)
    {
        RecordedScores recorded = RecordedScores.Read(path);
        int[] known = [.. Enumerable.Range(0, recorded.Labels.Count).Where(row => !float.IsNaN(recorded.Labels[row]))];
        return known.Length > 0
            ? recorded with { Scores = [.. known.Select(row => recorded.Scores[row])], Labels = [.. known.Select(row => recorded.Labels[row])] }
            : throw new InvalidDataException($"'{path}' has no row whose label is known.");
    }

    /// <summary>Measures recorded raw scores at a raw threshold.</summary>
    public static ImageMetrics Evaluate(string path, double? threshold, ToolConsole console, bool isJson)
    {
        var normalizer = new ScoreNormalizer(threshold
            ?? throw new ArgumentException("Recorded scores come without a threshold. Give --image-threshold, or learn one: anomaly threshold FILE."));
        RecordedScores recorded = Read(path);
        var evaluator = new ImageEvaluator();
        foreach ((double score, float label) in recorded.Scores.Zip(recorded.Labels))
            evaluator.Add(recorded.AreSingle ? normalizer.Normalize((float)score) : normalizer.Normalize(score), label == 1);
        ImageMetrics metrics = evaluator.Compute();
        if (isJson)
            console.WriteJson(new { Rows = recorded.Scores.Count, Image = metrics, Threshold = threshold });
        else
            console.Output.WriteLine(metrics);
        return metrics;
    }
}
