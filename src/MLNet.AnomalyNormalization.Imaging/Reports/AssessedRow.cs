namespace MLNet.AnomalyNormalization.Imaging.Reports;

/// <summary>A row with its decision.</summary>
/// <param name="Row">The row as it was given.</param>
/// <param name="Score">The normalised score.</param>
/// <param name="IsPredictedAnomalous">The decision.</param>
/// <param name="PicturePath">Where its pictures lie, below the folders of the report; parts are separated by slashes.</param>
internal sealed record AssessedRow(AnomalyReportRow Row, float Score, bool IsPredictedAnomalous, string PicturePath)
{
    /// <summary>The folder that the image lies in; empty if there is none.</summary>
    public string Class { get; } = Path.GetFileName(DirectoryOf(Row.ImagePath));

    public string Directory => DirectoryOf(Row.ImagePath);

    public string FileName => Path.GetFileName(Row.ImagePath);

    /// <summary>Whether the decision is right; null if nobody knows.</summary>
    public bool? IsCorrect => Row.IsAnomalous is { } isAnomalous ? isAnomalous == IsPredictedAnomalous : null;

    private static string DirectoryOf(string path) => path[..Math.Max(0, path.Length - Path.GetFileName(path).Length - 1)];
}
