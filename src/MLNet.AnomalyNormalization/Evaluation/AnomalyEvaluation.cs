using System.Diagnostics;
using MLNet.AnomalyNormalization.Notebooks;

namespace MLNet.AnomalyNormalization.Evaluation;

/// <summary>The result of an evaluation.</summary>
[TypeFormatterSource(typeof(HtmlTables))]
[DebuggerDisplay("AUROC of images {Image?.AreaUnderRocCurve}, of pixels {Pixel?.AreaUnderRocCurve}")]
public sealed record AnomalyEvaluation
{
    /// <summary>The metrics of the image scores, or null if there were none to evaluate.</summary>
    public ImageMetrics? Image { get; init; }

    /// <summary>The metrics of the anomaly maps, or null if there were none to evaluate.</summary>
    public PixelMetrics? Pixel { get; init; }

    /// <summary>
    /// How many images pass, are reviewed and are rejected by <see cref="AnomalyEvaluationOptions.ReviewBand"/>, or by the score column's own; null without either, or
    /// without image scores.
    /// </summary>
    public DecisionCounts? Decisions { get; init; }

    /// <summary>What every threshold gives for images; null unless <see cref="AnomalyEvaluationOptions.ComputeCurves"/> is set.</summary>
    public ScoreCurve? ImageCurve { get; init; }

    /// <summary>What every threshold gives for pixels; null unless <see cref="AnomalyEvaluationOptions.ComputeCurves"/> is set.</summary>
    public ScoreCurve? PixelCurve { get; init; }

    /// <summary>
    /// The same of each group of rows, by the text in <see cref="AnomalyEvaluationOptions.GroupColumnName"/>; empty unless that is set.
    /// </summary>
    public IReadOnlyDictionary<string, AnomalyEvaluation> Groups { get; init => field = new EvaluationGroups(value); } = new EvaluationGroups([]);

    /// <summary>Where the threshold of <see cref="Image"/> comes from.</summary>
    public ThresholdOrigin ImageThresholdOrigin { get; init; }

    /// <summary>Where the threshold of <see cref="Pixel"/> comes from.</summary>
    public ThresholdOrigin PixelThresholdOrigin { get; init; }

    /// <summary>A table of several lines, the same in every culture.</summary>
    public override string ToString() => Decisions is { } decisions ? $"{Table.Of(this)}\n{decisions}" : Table.Of(this)!.ToString();
}
