using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Imaging.Reports;

namespace MLNet.AnomalyNormalization.Imaging;

/// <summary>
/// Collects what a model said about a set of images and writes it as a folder that people look at and programs read.
/// </summary>
/// <remarks>
/// <para>These files are those of orobix/quadra, in its formats:</para>
/// <list type="bullet">
/// <item><c>anomaly_test_output.json</c>: every image with its score and decision, the threshold, F1, overlap and confusion matrix.</item>
/// <item><c>test_predictions.csv</c>: image, predicted and true class number, normalised score. Normal is 0, the other classes are numbered
/// in the order of their names, and a last number stands for false defects, if there are at least two classes of defects (1 if not).</item>
/// <item><c>avg_score_by_label.csv</c>: the mean normalised score of each class, in ascending order.</item>
/// <item><c>predictions/class/name.png</c>: the decided mask; <c>heatmaps/class/name.png</c>: the heat map. Both have the image's
/// size.</item>
/// </list>
/// <para>
/// <c>report.html</c> is for people: the verdict, the key figures, the scores with a threshold that can be moved, and the images, those
/// with the worst decisions first. It is one page with everything inside, needs no network and can be mailed.
/// </para>
/// <para>
/// Diagrams, as far as the labels allow, as SVG: <c>cumulative_histogram</c>, <c>confusion_matrix</c>, <c>roc</c> and
/// <c>precision_recall</c> over images, <c>pro</c> (per-region overlap) over the pixels of the images whose defects are known.
/// </para>
/// <para>
/// Names of classes and files that a file system wouldn't take, or that would lead out of the folder, are changed, and a name that is there
/// already gets a number; the JSON file has the names that were given. Rows are kept until the report is written, maps by reference. Not
/// safe for several threads at once.
/// </para>
/// </remarks>
public sealed class AnomalyReport
{
    private readonly AnomalyThresholds _thresholds;
    private readonly AnomalyReportOptions _options;
    private readonly List<AnomalyReportRow> _rows = [];

    /// <summary>Makes a report without rows.</summary>
    /// <param name="thresholds">
    /// The raw thresholds that 100 stands for: that of image scores, and that of maps. quadra uses one for both.
    /// </param>
    /// <param name="options">How to decide and what to look like; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A threshold can't be held by Single, the type of the scores, or an option is out of its range.
    /// </exception>
    public AnomalyReport(AnomalyThresholds thresholds, AnomalyReportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(thresholds);
        RequireSingle(thresholds.Image);
        RequireSingle(thresholds.Pixel);
        _thresholds = thresholds;
        _options = options ?? new();
        _options.Regions?.Check();

        static void RequireSingle(double threshold)
        {
            if (!float.IsFinite((float)threshold) || ((float)threshold == 0 && threshold != 0))
            {
                throw new ArgumentOutOfRangeException(nameof(thresholds), threshold,
                    "A Single can't hold this threshold, and scores and maps are of that type.");
            }
        }
    }

    /// <summary>The number of rows that were added.</summary>
    public int Count => _rows.Count;

    /// <summary>Adds one image.</summary>
    /// <param name="row">The image and what the model said about it.</param>
    /// <exception cref="ArgumentException">
    /// The score is NaN, there is no path, the map is empty, or the mask or the valid area has another size than the map.
    /// </exception>
    public void Add(AnomalyReportRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        ArgumentException.ThrowIfNullOrEmpty(row.ImagePath);
        ArgumentNullException.ThrowIfNull(row.Map);
        if (!IsText(row.ImagePath))
        {
            throw new ArgumentException(
                $"The path of row {Count} has half a surrogate pair, which no file of text can hold. Rename the image.", nameof(row));
        }

        if (float.IsNaN(row.Score))
        {
            throw new ArgumentException(
                $"The score of row {Count}, '{row.ImagePath}', is NaN. Find out why the model gave it.", nameof(row));
        }

        if (row.Map.Values.Length == 0)
        {
            throw new ArgumentException(
                $"The map of row {Count}, '{row.ImagePath}', is empty; it must have at least one pixel.", nameof(row));
        }

        if (row.Mask is { } mask && mask.Length != row.Map.Values.Length)
        {
            throw new ArgumentException(
                $"The mask of row {Count}, '{row.ImagePath}', has {mask.Length} pixels, but the map has "
                + $"{row.Map.Height} x {row.Map.Width} = {row.Map.Values.Length}. Scale the mask to the map's size.", nameof(row));
        }

        if (_options.Regions?.ValidArea is { } valid && valid.Count != row.Map.Values.Length)
        {
            throw new ArgumentException(
                $"The valid area has {valid.Count} pixels, but the map of row {Count}, '{row.ImagePath}', has "
                + $"{row.Map.Height} x {row.Map.Width} = {row.Map.Values.Length}. Scale it to the maps' size.", nameof(row));
        }

        _rows.Add(row);
    }

    // A path on Linux may be any bytes, and .NET makes what is no UTF-8 of them such halves.
    private static bool IsText(string path)
    {
        for (int i = 0; i < path.Length; i++)
        {
            if (i + 1 < path.Length && char.IsSurrogatePair(path[i], path[i + 1]))
                i++;
            else if (char.IsSurrogate(path[i]))
                return false;
        }

        return true;
    }

    /// <summary>
    /// Writes the report. It is made in a temporary folder and comes into its place when it is complete; whatever goes wrong, no half
    /// report stays behind, and an older report in that place survives. On Linux old and new change places in one step, but where the
    /// folder is a mount point, the current folder, or in a folder that can't be written to: there files are replaced one by one.
    /// </summary>
    /// <param name="directory">
    /// The folder that the report becomes, or a link to it. If it exists, it must be empty or an older report, which is replaced: the list
    /// <c>report.sha256</c> in it says which files are of the report, and whatever else is there, or was changed, makes this refuse.
    /// </param>
    /// <param name="progress">Is told how much is done, 0..1.</param>
    /// <param name="cancellationToken">Stops the writing; nothing stays behind.</param>
    /// <exception cref="InvalidOperationException">
    /// There are no rows, or the best F1 is asked for and no row is labelled anomalous or the best threshold isn't within (0, 1000].
    /// </exception>
    /// <exception cref="IOException">
    /// <paramref name="directory"/> holds files that are no part of a report or were changed since, or can't be written.
    /// </exception>
    /// <exception cref="FileNotFoundException">An image is missing.</exception>
    /// <exception cref="InvalidDataException">A file is no image that can be read.</exception>
    /// <exception cref="OperationCanceledException">The writing was stopped.</exception>
    public void Write(string directory, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        if (_rows.Count == 0)
            throw new InvalidOperationException("The report has no rows. Add at least one image.");

        var assessment = new Assessment(_rows, _thresholds, _options.NormalizedThreshold, _options.Regions);
        var page = new HtmlPage(assessment, _options.ModelThresholds);
        using var staged = new StagedDirectory(directory);
        for (int i = 0; i < assessment.Rows.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            AssessedRow row = assessment.Rows[i];
            using var pictures = new RowPictures(row, assessment.NormalizedMap(row), assessment.Decision.Normalized, _options);
            pictures.Save(staged);
            page.AddPictures(row, pictures);
            progress?.Report((i + 1.0) / (assessment.Rows.Count + 1));
        }

        File.WriteAllText(staged["anomaly_test_output.json"], QuadraFiles.TestOutput(assessment));
        File.WriteAllText(staged["test_predictions.csv"], QuadraFiles.TestPredictions(assessment.Rows));
        File.WriteAllText(staged["avg_score_by_label.csv"], QuadraFiles.AverageScores(assessment.Rows));
        cancellationToken.ThrowIfCancellationRequested();
        (PixelMetrics Metrics, ScoreCurve Curve)? pixels = assessment.EvaluatePixels();
        (string FileName, string Svg)[] plots = [.. ReportPlots.Draw(assessment, pixels)];
        foreach ((string fileName, string svg) in plots)
            File.WriteAllText(staged[fileName], svg);
        File.WriteAllText(staged["report.html"], page.Write(pixels?.Metrics, plots));
        staged.MoveIntoPlace();
        progress?.Report(1);
    }
}
