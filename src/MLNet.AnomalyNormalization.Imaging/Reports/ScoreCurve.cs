namespace MLNet.AnomalyNormalization.Imaging.Reports;

/// <summary>What each distinct score finds as threshold, in descending order of the scores.</summary>
/// <param name="Points">The score, and the anomalous and normal images at or above it.</param>
/// <param name="Positives">All anomalous images.</param>
/// <param name="Negatives">All normal images.</param>
internal sealed record ScoreCurve(IReadOnlyList<(float Score, int TruePositives, int FalsePositives)> Points, int Positives, int Negatives)
{
    public static ScoreCurve Of(IEnumerable<AssessedRow> rows)
    {
        var points = new List<(float, int, int)>();
        (int truePositives, int falsePositives) = (0, 0);
        foreach (IGrouping<float, AssessedRow> ties in rows.Where(row => row.Row.IsAnomalous is not null)
            .GroupBy(row => row.Score).OrderByDescending(ties => ties.Key))
        {
            truePositives += ties.Count(row => row.Row.IsAnomalous is true);
            falsePositives += ties.Count(row => row.Row.IsAnomalous is false);
            points.Add((ties.Key, truePositives, falsePositives));
        }

        return new(points, truePositives, falsePositives);
    }
}
