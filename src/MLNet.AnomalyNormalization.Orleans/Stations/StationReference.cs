using MLNet.AnomalyNormalization.Orleans.Stations;

namespace MLNet.AnomalyNormalization.Orleans;

/// <summary>The distribution of normalised scores that a station's are compared with, usually that of the fit, and the limits of the drift.</summary>
/// <remarks>
/// A small reference is not like what it was drawn from: 24 scores differ by a stability index of 0.25 and more nearly always. So an alert
/// needs a drift above its limit and above what chance attains (<see cref="ScoreDrift.PopulationStabilityIndexByChance"/>,
/// <see cref="ScoreDrift.KolmogorovSmirnovDistanceByChance"/>): with windows of 1,000 rows a stability index of 1.46 for 24 scores, 0.80
/// for 50, 0.48 for 100, and the limit itself from 270 on. In simulations without drift, with references of 24, 50 and 100 scores, at most
/// 1 station in 200 raised an alert: in 2,000 rows, in 50 windows of 1,000, and in 100 windows of 100. Give a few hundred scores
/// to see a small drift.
/// </remarks>
[GenerateSerializer, Immutable, Alias("MLNet.AnomalyNormalization.StationReference")]
public sealed class StationReference
{
    /// <summary>Takes the distribution of some scores.</summary>
    /// <param name="normalizedScores">Normalised scores, 0..1000; at least one.</param>
    /// <exception cref="ArgumentException">There is no score, or one is NaN.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A score lies outside 0..1000.</exception>
    public StationReference(IEnumerable<float> normalizedScores)
    {
        ArgumentNullException.ThrowIfNull(normalizedScores);
        foreach (float score in normalizedScores)
            Scores.Add(ScoreHistogram.Require(score, countNaNAsAnomalous: false, "The reference"));
        if (Scores.Count == 0)
            throw new ArgumentException("There are no scores. Give those of the data that the threshold was learned from.", nameof(normalizedScores));
    }

    /// <summary>
    /// The limit of <see cref="ScoreDrift.PopulationStabilityIndex"/>, where chance is no higher; positive. The customary 0.25 stands for a
    /// major shift.
    /// </summary>
    [Id(1)]
    public double PopulationStabilityIndexLimit { get; init => field = RequirePositive(value); } = 0.25;

    /// <summary>The limit of <see cref="ScoreDrift.KolmogorovSmirnovDistance"/>, where chance is no higher; positive.</summary>
    [Id(2)]
    public double KolmogorovSmirnovLimit { get; init => field = RequirePositive(value); } = 0.2;

    /// <summary>How many recent rows the drift rests on, at least; positive. Below this number no alert is raised.</summary>
    [Id(3)]
    public int WindowRows { get; init => field = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(WindowRows), value, "Expected at least 1 row."); } = 1000;

    /// <summary>Whether a score of NaN counts as 1000. Otherwise a batch with one is refused.</summary>
    [Id(4)]
    public bool CountNaNAsAnomalous { get; init; }

    [Id(0)]
    internal ScoreHistogram Scores { get; } = new();

    private static double RequirePositive(double value)
        => value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "A limit of a drift must be positive.");
}
