using System.Diagnostics;
using MLNet.AnomalyNormalization.Notebooks;

namespace MLNet.AnomalyNormalization.Evaluation;

/// <summary>
/// What <see cref="ImageMetrics"/> and <see cref="PixelMetrics"/> have in common: how well scores separate anomalous from normal ones, at
/// one threshold and over all of them. A score is taken for anomalous where <c>score &gt;= threshold</c>, everywhere.
/// </summary>
[TypeFormatterSource(typeof(HtmlTables))]
[DebuggerDisplay("AUROC {AreaUnderRocCurve}, F1 {F1Score} at {Threshold}")]
public abstract record DetectionMetrics
{
    /// <summary>The decision threshold of <see cref="Counts"/> and of what follows from them; 100 on the normalised scale.</summary>
    public double Threshold { get; init; }

    /// <summary>Right and wrong decisions at <see cref="Threshold"/>.</summary>
    public ConfusionCounts Counts { get; init; }

    /// <summary>TP / (TP + FP) at <see cref="Threshold"/>; 0 if nothing was taken for anomalous, NaN over no rows.</summary>
    public double Precision => Counts.Precision;

    /// <summary>TP / (TP + FN) at <see cref="Threshold"/>; 0 if nothing is anomalous, NaN over no rows.</summary>
    public double Recall => Counts.Recall;

    /// <summary>2 TP / (2 TP + FP + FN) at <see cref="Threshold"/>; 0 if that denominator is 0, NaN over no rows.</summary>
    public double F1Score => Counts.F1Score;

    /// <summary>(TP + TN) / all at <see cref="Threshold"/>; NaN over no rows.</summary>
    public double Accuracy => Counts.Accuracy;

    /// <summary>
    /// The probability that a random anomalous score lies above a random normal one, ties counting one half (the area under the ROC
    /// curve, AUROC), 0..1. NaN unless there are anomalous and normal scores.
    /// </summary>
    public double AreaUnderRocCurve { get; init; }

    /// <summary>
    /// Average precision: the sum over distinct thresholds, descending, of (R_k - R_(k-1)) * P_k, in 0..1, without interpolation, as
    /// scikit-learn's <c>average_precision_score</c>. NaN without an anomalous score.
    /// </summary>
    public double AreaUnderPrecisionRecallCurve { get; init; }

    /// <summary>The exact maximum of 2 TP / (2 TP + FP + FN) over all thresholds, 0..1. NaN without an anomalous score.</summary>
    public double MaximumF1Score { get; init; }

    /// <summary>
    /// The lowest score that, as threshold, attains <see cref="MaximumF1Score"/>. NaN without an anomalous score. On the grid the lower
    /// edge of the bin that attains the most among bin edges.
    /// </summary>
    public double MaximumF1Threshold { get; init; }

    /// <summary>
    /// The share of anomalous scores found by the lowest score that, as threshold, takes at most <see cref="FalsePositiveCount"/> normal
    /// scores for anomalous (ML.NET's DR@K), 0..1. NaN without an anomalous score. On the grid thresholds are bin edges, so that this is
    /// a lower bound.
    /// </summary>
    public double DetectionRateAtFalsePositiveCount { get; init; }

    /// <summary>The number of false positives that <see cref="DetectionRateAtFalsePositiveCount"/> allows.</summary>
    public int FalsePositiveCount { get; init; }

    /// <summary>
    /// How many scores, whatever their label, lie where the classes overlap: from the lowest anomalous to the highest normal score. 0 if
    /// the classes are separable or one is missing. On the grid whole bins are counted, so that this is an upper bound.
    /// </summary>
    public long OverlappingScores { get; init; }

    /// <summary>Why metrics are NaN: the names of those properties, each with its reason. Empty where everything is defined.</summary>
    public IReadOnlyDictionary<string, string> UndefinedReasons
        => Definitions().Where(metric => double.IsNaN(metric.Value)).ToDictionary(metric => metric.Name, metric => metric.Needs);

    private protected virtual IEnumerable<(string Name, double Value, string Needs)> Definitions()
    {
        const string Anomalies = "needs an anomalous score", Scores = "needs a score with a known label";
        yield return (nameof(AreaUnderRocCurve), AreaUnderRocCurve, "needs anomalous and normal scores");
        yield return (nameof(AreaUnderPrecisionRecallCurve), AreaUnderPrecisionRecallCurve, Anomalies);
        yield return (nameof(MaximumF1Score), MaximumF1Score, Anomalies);
        yield return (nameof(MaximumF1Threshold), MaximumF1Threshold, Anomalies);
        yield return (nameof(DetectionRateAtFalsePositiveCount), DetectionRateAtFalsePositiveCount, Anomalies);
        yield return (nameof(Precision), Precision, Scores);
        yield return (nameof(Recall), Recall, Scores);
        yield return (nameof(F1Score), F1Score, Scores);
        yield return (nameof(Accuracy), Accuracy, Scores);
    }
}
