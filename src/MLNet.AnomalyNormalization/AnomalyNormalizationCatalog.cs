using Microsoft.ML.Data;
using MLNet.AnomalyNormalization;
using MLNet.AnomalyNormalization.DataViews;
using MLNet.AnomalyNormalization.Evaluation;

namespace Microsoft.ML;

/// <summary>Where the anomaly normaliser meets ML.NET: <c>mlContext.Transforms</c> and <c>mlContext.Model</c>.</summary>
public static partial class AnomalyNormalizationCatalog
{
    /// <summary>Normalises raw anomaly scores and maps by given thresholds, so that 100 is the threshold.</summary>
    /// <param name="catalog">The transforms catalog.</param>
    /// <param name="thresholds">The raw thresholds, for instance from <see cref="AnomalyThresholds.Load(string)"/>.</param>
    /// <param name="options">Which columns, and by which rule; by default <c>Score</c> gives <c>NormalizedScore</c> and <c>PredictedLabel</c>.</param>
    /// <exception cref="ArgumentOutOfRangeException">An evaluation threshold is out of range; see <see cref="ScoreNormalizer"/>.</exception>
    /// <exception cref="ArgumentException">The options name no column, or names that are in each other's way.</exception>
    public static AnomalyNormalizationEstimator NormalizeAnomaly(
        this TransformsCatalog catalog, AnomalyThresholds thresholds, AnomalyNormalizationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(thresholds);
        return new(catalog, thresholds, options ?? new());
    }

    /// <summary>
    /// Normalises raw anomaly scores and maps by thresholds that are learned from the label column and, if the options name one, the mask
    /// column. The data is read in two passes (four or so for Double scores) and with constant memory, however many pixels it has; the result
    /// is exact.
    /// </summary>
    /// <param name="catalog">The transforms catalog.</param>
    /// <param name="strategy">How a threshold is learned; that of pixels too, unless the options have another one for them.</param>
    /// <param name="options">
    /// Which columns, and by which rule. Without a mask column the pixel threshold is learned from the maps of normal rows, or is the image
    /// threshold if the strategy needs anomalies; without a score column the image threshold is the pixel threshold.
    /// </param>
    /// <remarks>
    /// The rows must not be those that a model before it is trained on, as they are in <c>trainer.Append(NormalizeAnomaly(...)).Fit(train)</c>:
    /// its scores of them are too low, and most new rows can be alarms. Fit it on the scores of rows apart, or use
    /// <see cref="CalibrateThresholds"/>, which needs none.
    /// </remarks>
    /// <exception cref="ArgumentException">
    /// The options name no column, names that are in each other's way, or nothing that a threshold could be learned from.
    /// </exception>
    public static AnomalyNormalizationEstimator NormalizeAnomaly(
        this TransformsCatalog catalog, ThresholdStrategy strategy, AnomalyNormalizationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(strategy);
        return new(catalog, strategy, options ?? new());
    }

    /// <summary>
    /// Normalises raw anomaly scores and maps by the thresholds of the group that a row is of, for instance its product or camera, so that 100 is
    /// the threshold of each.
    /// </summary>
    /// <param name="catalog">The transforms catalog.</param>
    /// <param name="thresholds">The raw thresholds by the text of their group, for instance from <see cref="LearnThresholdsByGroup"/>.</param>
    /// <param name="groupColumnName">Tells the group of a row: text (<c>ConvertType</c> makes it of numbers).</param>
    /// <param name="options">
    /// Which columns, and by which rule; by default <c>Score</c> gives <c>NormalizedScore</c> and <c>PredictedLabel</c>. Without evaluation
    /// thresholds.
    /// </param>
    /// <returns>
    /// An estimator whose transformer gives each row the bits that <see cref="AnomalyNormalizationTransformer"/> gives it by its group's thresholds.
    /// </returns>
    /// <remarks>
    /// A row of a group that has no thresholds is an <see cref="InvalidDataException"/> when it is read. A saved model holds stock components (a
    /// table of thresholds, and Expression) and gives the same bits with and without this package, but no stock component refuses a row: there
    /// the scores of an unknown group are NaN, and their label is anomalous.
    /// </remarks>
    /// <exception cref="ArgumentException">
    /// There is no group, or the options name no column, names that are in each other's way, or an evaluation threshold.
    /// </exception>
    public static IEstimator<ITransformer> NormalizeAnomaly(
        this TransformsCatalog catalog, IReadOnlyDictionary<string, AnomalyThresholds> thresholds, string groupColumnName,
        AnomalyNormalizationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(thresholds);
        ArgumentException.ThrowIfNullOrWhiteSpace(groupColumnName);
        return new GroupNormalizationEstimator(catalog, thresholds, groupColumnName, options ?? new());
    }

    /// <summary>Normalises one column of raw anomaly scores, scalar or vector, and adds nothing else.</summary>
    /// <param name="catalog">The transforms catalog.</param>
    /// <param name="outputColumnName">The column to add.</param>
    /// <param name="inputColumnName">The raw scores, Single or Double; null for <paramref name="outputColumnName"/>, which is then hidden.</param>
    /// <param name="threshold">The raw score that becomes 100: finite; positive, zero or negative.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="threshold"/> is NaN or infinite.</exception>
    public static AnomalyNormalizationEstimator NormalizeAnomalyScore(
        this TransformsCatalog catalog, string outputColumnName, string? inputColumnName, double threshold)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(outputColumnName);
        ScoreNormalizer.RequireFinite(threshold, nameof(threshold));
        return catalog.NormalizeAnomaly(new AnomalyThresholds(threshold, threshold), new()
        {
            ScoreColumnName = inputColumnName ?? outputColumnName,
            NormalizedScoreColumnName = outputColumnName,
            PredictedLabelColumnName = null,
        });
    }

    /// <summary>
    /// Finds the regions of anomaly maps: their boxes, their highest scores, and an image score that decides as the regions do and specks
    /// have no say in.
    /// </summary>
    /// <param name="catalog">The transforms catalog.</param>
    /// <param name="options">
    /// Which columns, and which regions count; by default <c>NormalizedMap</c> gives <c>RegionScore</c>, <c>RegionBoxes</c> and
    /// <c>BoxScores</c>.
    /// </param>
    /// <remarks>
    /// Behind a normaliser, boxes are those at 100, and <c>RegionScore</c> is a normalised score, to be evaluated as it is. Before one, over
    /// the raw map, it is a raw score that a threshold is learned from: name it as the <c>ScoreColumnName</c> of
    /// <see cref="NormalizeAnomaly(TransformsCatalog, ThresholdStrategy, AnomalyNormalizationOptions)"/>, and set its <c>ThresholdType</c> to
    /// Image, for maps and regions to be decided by the threshold that is learned. A minimum peak is on the scale of the map that is searched:
    /// options for both maps differ in it. No stock component of ML.NET finds regions: a saved model
    /// finds them where <c>LoadAnomalyModel</c> has loaded it, and lacks these columns where <c>mlContext.Model.Load</c> has, which what
    /// reads them then says.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="ArgumentException">The options name no column to add, or one name twice.</exception>
    public static IEstimator<ITransformer> FindAnomalyRegions(this TransformsCatalog catalog, AnomalyRegionColumnOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new RegionEstimator(catalog, options ?? new());
    }

    /// <summary>
    /// Makes a raw anomaly score of the scores that a classifier gives its classes, as those of Model Builder and AutoML are: 1 less the score of
    /// the normal class, so the probability of a defect of whatever kind where the scores are probabilities.
    /// </summary>
    /// <param name="catalog">The transforms catalog.</param>
    /// <param name="outputColumnName">
    /// The column to add: a vector of one Single, for no stock component makes a scalar of one. Name it as the <c>ScoreColumnName</c> of
    /// <see cref="NormalizeAnomaly(TransformsCatalog, ThresholdStrategy, AnomalyNormalizationOptions)"/>.
    /// </param>
    /// <param name="normalClass">The label of normal rows, as text, without regard to case: <c>good</c>, <c>0</c>, <c>False</c>.</param>
    /// <param name="scoreColumnName">The scores of a multi-class trainer, a vector of Single that names its classes.</param>
    /// <returns>An estimator whose transformer consists of stock components, as does a model that is saved with it.</returns>
    /// <remarks>
    /// A classifier decides for the class with the highest score, which promises nothing about false alarms; a threshold that is learned for
    /// this score does. Fitting throws an <see cref="ArgumentOutOfRangeException"/> where the column is missing, of another type or has no such
    /// class; the message names the classes.
    /// </remarks>
    public static IEstimator<ITransformer> MapClassScoresToAnomalyScore(
        this TransformsCatalog catalog, string outputColumnName, string normalClass, string scoreColumnName = "Score")
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentException.ThrowIfNullOrWhiteSpace(outputColumnName);
        ArgumentNullException.ThrowIfNull(normalClass);
        ArgumentException.ThrowIfNullOrWhiteSpace(scoreColumnName);
        return new ClassScoreEstimator(catalog, outputColumnName, normalClass, scoreColumnName);
    }

    /// <summary>
    /// Trains a detector on all rows and learns its thresholds by cross-fitting: the rows are divided into folds, each fold is scored by a
    /// detector that was trained on the others, and the thresholds are learned from these held-out scores. A model's scores of its own
    /// training rows are too low to learn from: nearest neighbours give 0 for each of them.
    /// </summary>
    /// <param name="catalog">The anomaly detection catalog.</param>
    /// <param name="detector">
    /// A trainer or pipeline that adds raw scores (and maps, if the options name them). It is fitted <paramref name="folds"/> + 1 times, on
    /// every row that it is given, anomalous ones included.
    /// </param>
    /// <param name="data">The rows; must read the same each time, in the same order (cache what is drawn or shuffled).</param>
    /// <param name="strategy">How a threshold is learned.</param>
    /// <param name="folds">The number of folds, at least 2, at most as many as there are rows or groups.</param>
    /// <param name="groupColumnName">
    /// Rows that agree in this column share a fold, so that no photo is judged by a model that knows another photo of the same part: text, a
    /// key, Boolean or a whole number. Null if the rows are independent.
    /// </param>
    /// <param name="options">
    /// Which columns, and by which rule. Set <see cref="AnomalyNormalizationOptions.LabelColumnName"/> to null if all rows are normal.
    /// </param>
    /// <param name="seed">Decides which rows share a fold; the detector's own seed is that of its context.</param>
    /// <returns>
    /// The detector, trained on all rows, followed by the normaliser: <c>LastTransformer</c> has the thresholds and their fits, which tell of
    /// the held-out scores.
    /// </returns>
    /// <remarks>
    /// What <see cref="ThresholdStrategy.FalsePositiveRate"/> guarantees for scores of a model that has seen none of the rows holds here as
    /// far as the detector is stable, that is, scores a new row much the same with and without one fold of its training rows; a detector
    /// that scores new rows lower the more rows it was trained on gives fewer false alarms than promised. Simulations with RandomizedPca and
    /// nearest neighbours kept the rate. No bound holds for every detector there is: even where the new row is scored by the models of
    /// all folds, the bound without conditions is 2 rate, not rate (Vovk, "Cross-conformal predictors", 2015; Barber, Candès, Ramdas and
    /// Tibshirani, "Predictive inference with the jackknife+", 2021). Where the rate must hold without conditions, train on some rows and
    /// let <c>NormalizeAnomaly</c> learn from the scores of others.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">
    /// There are fewer than 2 folds, or a column is missing or of another type; the message names it and both types.
    /// </exception>
    /// <exception cref="ArgumentException">The options leave nothing to learn from.</exception>
    /// <exception cref="InvalidOperationException">
    /// There are fewer rows or groups than folds, or the strategy needs more rows, or other ones; the message says what was found.
    /// </exception>
    /// <exception cref="InvalidDataException">
    /// A score is NaN, a label is none, or a mask doesn't fit its map; the message names the column and the row of the data.
    /// </exception>
    public static TransformerChain<AnomalyNormalizationTransformer> CalibrateThresholds(
        this AnomalyDetectionCatalog catalog, IEstimator<ITransformer> detector, IDataView data, ThresholdStrategy strategy, int folds = 5,
        string? groupColumnName = null, AnomalyNormalizationOptions? options = null, int seed = 1)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(detector);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(strategy);
        ArgumentOutOfRangeException.ThrowIfLessThan(folds, 2);
        options ??= new();
        return CrossFitting.Fit(detector, data, new ThresholdLearner(strategy, options), options, folds, groupColumnName, seed);
    }

    /// <summary>
    /// Learns thresholds of each group of rows by itself, for instance of each product or camera, as <c>NormalizeAnomaly</c> learns those of
    /// all rows. <c>EvaluateNormalized</c> with the same <c>GroupColumnName</c> tells whether one threshold would do for all.
    /// </summary>
    /// <param name="catalog">The anomaly detection catalog.</param>
    /// <param name="data">Raw scores of rows that the model was not trained on; reads the same each time, and is read anew for each group.</param>
    /// <param name="strategy">How a threshold is learned.</param>
    /// <param name="groupColumnName">Tells the group of a row: text, a key, Boolean or a whole number.</param>
    /// <param name="options">Which columns, and by which rule; those of the normaliser, of which only the ones for learning matter.</param>
    /// <returns>The thresholds by the text of their group, in the order of the texts.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type; the message names it and both types.</exception>
    /// <exception cref="ArgumentException">The options leave nothing to learn from.</exception>
    /// <exception cref="InvalidOperationException">
    /// The strategy needs more rows of a group, or other ones; the message names the group.
    /// </exception>
    /// <exception cref="InvalidDataException">
    /// A score is NaN, a label is none, or a mask doesn't fit its map; the message names the column and the row of the data.
    /// </exception>
    public static IReadOnlyDictionary<string, LearnedThresholds> LearnThresholdsByGroup(
        this AnomalyDetectionCatalog catalog, IDataView data, ThresholdStrategy strategy, string groupColumnName,
        AnomalyNormalizationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(strategy);
        ArgumentException.ThrowIfNullOrWhiteSpace(groupColumnName);
        return new ThresholdLearner(strategy, options ?? new()).LearnByGroup(data, groupColumnName);
    }

    /// <summary>
    /// Measures how well normalised scores and, with masks, normalised maps find the anomalies. The data is streamed, by several cursors at
    /// once; no result depends on their number.
    /// </summary>
    /// <param name="catalog">The anomaly detection catalog.</param>
    /// <param name="data">Data with scores and labels, and with maps and masks if pixels are to be evaluated.</param>
    /// <param name="options">Columns, thresholds and callbacks; by default <c>NormalizedScore</c> and <c>Label</c>, at 100.</param>
    /// <param name="progress">Is told the number of rows that were evaluated so far.</param>
    /// <param name="cancellationToken">Stops the evaluation.</param>
    /// <returns>
    /// The metrics; <see cref="PixelMetrics.AreaUnderPerImageOverlaps"/> has an entry for each row of the data, NaN where the pixels are
    /// unknown.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type; the message names it and both types.</exception>
    /// <exception cref="ArgumentException">The options leave nothing to evaluate, or contradict each other.</exception>
    /// <exception cref="InvalidDataException">
    /// A score is NaN, a label is none, a mask doesn't fit its map, or nothing tells a map's height and width; the message names column and row.
    /// </exception>
    /// <exception cref="OperationCanceledException">The evaluation was cancelled.</exception>
    public static AnomalyEvaluation EvaluateNormalized(
        this AnomalyDetectionCatalog catalog, IDataView data, AnomalyEvaluationOptions? options = null,
        IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(data);
        return new DataViewEvaluation(data, options ?? new(), progress).Run(cancellationToken);
    }

    /// <summary>Reads scored data batch by batch and drives the callbacks by <see cref="AnomalyEvaluationCallback.OnPredictBatchEnd"/>.</summary>
    /// <param name="catalog">The anomaly detection catalog.</param>
    /// <param name="data">Scored data; labels and masks are not read.</param>
    /// <param name="options">The columns, callbacks and the size of a batch; null for the defaults.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The batches as the callbacks leave them, in the order of the data; a batch is read when it is asked for.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type; thrown at once.</exception>
    /// <exception cref="ArgumentException">The options contradict each other; thrown at once.</exception>
    /// <exception cref="InvalidDataException">A row holds what it can't; the message names column and row.</exception>
    public static IEnumerable<AnomalyBatch> PredictNormalized(
        this AnomalyDetectionCatalog catalog, IDataView data, AnomalyEvaluationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(data);
        return new DataViewEvaluation(data, options ?? new(), progress: null, isTest: false).Predict(cancellationToken);
    }

    /// <summary>By what a column of normalised scores or maps was normalised, hence its thresholds and where it is decided.</summary>
    /// <param name="column">A column of a data view's schema.</param>
    /// <returns>
    /// The normaliser; null if the column doesn't say. <see cref="AnomalyNormalizationTransformer"/> writes it into the annotations of the
    /// columns that it adds; the stock components of a model that was loaded without this package don't.
    /// </returns>
    public static ScoreNormalizer? GetScoreNormalizer(this DataViewSchema.Column column) => ColumnAnnotations.NormalizerOf(column);

    /// <summary>The band by which a column of decisions was made, or is made of a column of normalised scores.</summary>
    /// <param name="column">A column of a data view's schema.</param>
    /// <returns>The band; null if there is none, or the column doesn't say; see <see cref="GetScoreNormalizer"/>.</returns>
    public static ReviewBand? GetReviewBand(this DataViewSchema.Column column) => ColumnAnnotations.BandOf(column);

    /// <summary>Which area of its picture a column of anomaly maps covers.</summary>
    /// <param name="column">A column of a data view's schema.</param>
    /// <returns>The area that a model which crops its pictures looks at; null if the column doesn't say, which is the whole picture then.</returns>
    public static PictureArea? GetInspectedArea(this DataViewSchema.Column column) => ColumnAnnotations.AreaOf(column);
}
