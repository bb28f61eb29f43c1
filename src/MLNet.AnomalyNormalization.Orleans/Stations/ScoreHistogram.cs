namespace MLNet.AnomalyNormalization.Orleans.Stations;

/// <summary>Counts of normalised scores in steps of 1, so that 100 is a step's begin and decisions are counted exactly.</summary>
[GenerateSerializer, Alias("MLNet.AnomalyNormalization.ScoreHistogram")]
internal sealed class ScoreHistogram
{
    private const int Steps = (int)ScoreNormalizer.MaximumScore + 1;

    /// <summary>How many scores lie in [i, i + 1).</summary>
    [Id(0)]
    public long[] Counts { get; set; } = new long[Steps];

    /// <summary>The number of scores.</summary>
    public long Count => Counts.Sum();

    /// <summary>The number of scores at or above the threshold.</summary>
    public long AnomalousCount => Counts.AsSpan((int)ScoreNormalizer.DecisionScore).ToArray().Sum();

    /// <summary>Adds a score that <see cref="Require"/> gave.</summary>
    public void Add(float score) => Counts[(int)score]++;

    public void Add(ScoreHistogram other)
    {
        for (int i = 0; i < Steps; i++)
            Counts[i] += other.Counts[i];
    }

    /// <summary>Checks a score.</summary>
    /// <param name="score">The score.</param>
    /// <param name="countNaNAsAnomalous">Whether NaN becomes the highest score.</param>
    /// <param name="where">What the score belongs to.</param>
    public static float Require(float score, bool countNaNAsAnomalous, string where)
    {
        if (float.IsNaN(score))
        {
            return countNaNAsAnomalous
                ? (float)ScoreNormalizer.MaximumScore
                : throw new ArgumentException($"{where} has a score of NaN. Find out why the model gave it, or set CountNaNAsAnomalous.", nameof(score));
        }

        return score is >= 0 and <= (float)ScoreNormalizer.MaximumScore
            ? score
            : throw new ArgumentOutOfRangeException(nameof(score), score, $"{where} has a score outside 0..1000. Normalise the scores first.");
    }
}
