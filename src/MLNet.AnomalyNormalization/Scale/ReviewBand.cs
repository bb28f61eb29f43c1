using System.Numerics;
using System.Text.Json;
using System.Text.Json.Serialization;
using MLNet.AnomalyNormalization.Files;

namespace MLNet.AnomalyNormalization;

/// <summary>What becomes of a part.</summary>
public enum Decision
{
    /// <summary>It is good.</summary>
    Pass,

    /// <summary>It is doubtful: a person looks at it.</summary>
    Review,

    /// <summary>It is bad.</summary>
    Reject,
}

/// <summary>
/// Where a person decides: normalised scores below <see cref="From"/> pass, those at or above <see cref="To"/> are rejected, and those between
/// are reviewed. The threshold of the scale stays 100, wherever the band lies.
/// </summary>
public readonly record struct ReviewBand
{
    internal const string FromKey = "review_from";
    internal const string ToKey = "review_to";

    /// <summary>Makes a band.</summary>
    /// <param name="from">The lowest normalised score that doesn't pass: greater than 0, at most 1000.</param>
    /// <param name="to">The lowest that is rejected: at least <paramref name="from"/>, at most 1000.</param>
    /// <exception cref="ArgumentOutOfRangeException">A limit is out of its range.</exception>
    [JsonConstructor]
    public ReviewBand(double from, double to)
    {
        From = from is > 0 and <= ScoreNormalizer.MaximumScore
            ? from
            : throw new ArgumentOutOfRangeException(nameof(from), from, "A band begins at a normalised score greater than 0 and at most 1000.");
        To = to >= from && to <= ScoreNormalizer.MaximumScore
            ? to
            : throw new ArgumentOutOfRangeException(nameof(to), to, $"A band that begins at {from} ends between there and 1000.");
    }

    /// <summary>The lowest normalised score that doesn't pass.</summary>
    public double From { get; }

    /// <summary>The lowest normalised score that is rejected.</summary>
    public double To { get; }

    /// <summary>
    /// Reads the band that was kept with a model's thresholds, in the numbers <c>review_from</c> and <c>review_to</c> of their file: by
    /// <see cref="AnomalyThresholds.Save"/>, or on the page of a report.
    /// </summary>
    /// <param name="path">The JSON file; read as <see cref="AnomalyThresholds.Load(string)"/> reads it.</param>
    /// <returns>The band; null if the file has none.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is no JSON object, or has half a band or an impossible one.</exception>
    public static ReviewBand? Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return JsonFile.Read(path, "an object, which may have a review band", Read);
    }

    /// <summary>Takes the band from an object that has more besides; null if it has none.</summary>
    /// <exception cref="FormatException">It has half a band, or an impossible one.</exception>
    internal static ReviewBand? Read(JsonElement root)
    {
        if (!root.TryGetProperty(FromKey, out _) && !root.TryGetProperty(ToKey, out _))
            return null;

        (double from, double to) = (JsonFile.RequireNumber(root, FromKey), JsonFile.RequireNumber(root, ToKey));
        return from > 0 && from <= to && to <= ScoreNormalizer.MaximumScore
            ? new(from, to)
            : throw new FormatException($"a {FromKey} of {from} and a {ToKey} of {to}; expected 0 < {FromKey} <= {ToKey} <= 1000.");
    }

    /// <summary>Decides by a normalised score; NaN is rejected, since it is never normal.</summary>
    /// <param name="normalizedScore">The score; compared in its own type, to which the limits are rounded.</param>
    public Decision Decide<T>(T normalizedScore)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => normalizedScore < T.CreateSaturating(From) ? Decision.Pass
            : normalizedScore < T.CreateSaturating(To) ? Decision.Review
            : Decision.Reject;

    /// <summary>
    /// The narrowest band that keeps two rates on the rows that it is learned from: at most a share of the anomalous rows pass, and at most a
    /// share of the normal ones are rejected.
    /// </summary>
    /// <param name="normalizedScores">Normalised scores of rows that the model has not seen.</param>
    /// <param name="isAnomalous">For every score whether its row is anomalous.</param>
    /// <param name="escapeRate">The share of the anomalous rows that may pass; at least 0, less than 1.</param>
    /// <param name="falseRejectRate">The share of the normal rows that may be rejected, between 0 and 1, both excluded.</param>
    /// <returns>
    /// The band; where one threshold keeps both rates, a band of no width there, at 100 if that is such a threshold.
    /// </returns>
    /// <remarks>
    /// The lower limit is that of <see cref="ThresholdStrategy.Recall"/>, the upper that of <see cref="ThresholdStrategy.FalsePositiveRate"/>,
    /// which promises its rate for new rows as well and needs enough normal ones for it. What may escape of new rows, <see cref="Fit"/> tells.
    /// </remarks>
    /// <exception cref="ArgumentException">A score is NaN or outside 0..1000, or the spans have different lengths.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A rate is out of its range.</exception>
    /// <exception cref="InvalidOperationException">There are too few rows of a class; the message says how many are needed.</exception>
    public static ReviewBand Learn(
        ReadOnlySpan<float> normalizedScores, ReadOnlySpan<bool> isAnomalous, double escapeRate, double falseRejectRate)
        => Fit(normalizedScores, isAnomalous, escapeRate, falseRejectRate).Band;

    /// <summary>The band of <see cref="Learn"/>, with what is known of it.</summary>
    /// <inheritdoc cref="Learn"/>
    /// <returns>The band, what it does with the rows that it was learned from, and its limits with their intervals.</returns>
    public static ReviewBandFit Fit(
        ReadOnlySpan<float> normalizedScores, ReadOnlySpan<bool> isAnomalous, double escapeRate, double falseRejectRate)
    {
        if (!(escapeRate is >= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(escapeRate), escapeRate, "A rate of escapes must be at least 0 and less than 1.");
        foreach (float score in normalizedScores)
        {
            if (score is < 0 or > (float)ScoreNormalizer.MaximumScore)
                throw new ArgumentException($"A score is {score}; expected normalised ones, 0..1000.", nameof(normalizedScores));
        }

        // 1 - 0.1 is slightly more than 0.9, which one row more would have to be found for.
        double recall = (double)(1 - (decimal)escapeRate);
        ThresholdFit reject = ThresholdStrategy.FalsePositiveRate(falseRejectRate).Fit(normalizedScores, isAnomalous);
        ThresholdFit review = ThresholdStrategy.Recall(recall).Fit(normalizedScores, isAnomalous);
        double from = Math.Clamp(review.Threshold, float.Epsilon, ScoreNormalizer.MaximumScore);
        double to = Math.Clamp(reject.Threshold, float.Epsilon, ScoreNormalizer.MaximumScore);
        double only = Math.Clamp(ScoreNormalizer.DecisionScore, Math.Min(from, to), Math.Max(from, to));
        ReviewBand band = from < to ? new(from, to) : new(only, only);

        long[] counts = new long[6];
        for (int i = 0; i < normalizedScores.Length; i++)
            counts[(isAnomalous[i] ? 3 : 0) + (int)band.Decide(normalizedScores[i])]++;
        return new(band, new(counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]), review, reject);
    }
}
