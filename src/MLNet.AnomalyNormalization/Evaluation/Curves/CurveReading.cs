namespace MLNet.AnomalyNormalization.Evaluation.Curves;

/// <summary>The rank metrics of a curve, added up in one walk over its points from the top.</summary>
/// <param name="positives">All anomalous scores.</param>
/// <param name="negatives">All normal scores.</param>
/// <param name="decision">The decision threshold.</param>
/// <param name="falsePositiveCount">How many false positives the detection rate allows.</param>
internal sealed class CurveReading(long positives, long negatives, double decision, int falsePositiveCount)
{
    private CurvePoint _last;
    private UInt128 _rankHalves;
    private CompensatedSum _precision;
    private (long Numerator, long Denominator) _maximumF1 = (0, 1);
    private long _detected;
    private long _aboveAllNormal;
    private CurvePoint _lowestAnomalous;

    /// <summary>The last point that the decision threshold takes for anomalous.</summary>
    public CurvePoint AtDecision { get; private set; }

    /// <summary>The U statistic of Mann and Whitney over all pairs, counted in whole halves.</summary>
    public double AreaUnderRocCurve => (double)_rankHalves / (double)(2 * (UInt128)positives * (UInt128)negatives);

    public double AveragePrecision => positives == 0 ? double.NaN : _precision.Value / positives;

    /// <summary>The exact maximum of 2 TP / (2 TP + FP + FN), compared as fractions.</summary>
    public double MaximumF1Score => positives == 0 ? double.NaN : 2.0 * _maximumF1.Numerator / _maximumF1.Denominator;

    /// <summary>The lowest score that attains the maximum.</summary>
    public double MaximumF1Threshold { get; private set; } = double.NaN;

    public double DetectionRate => (double)_detected / positives;

    /// <summary>Scores from the lowest anomalous to the highest normal one, both included.</summary>
    public long OverlappingScores
        => _lowestAnomalous.FalsePositives == 0 ? 0 : _lowestAnomalous.FalsePositives + positives - _aboveAllNormal;

    public void Add(CurvePoint point)
    {
        if (point.Score >= decision)
            AtDecision = point;
        if (point.FalsePositives <= falsePositiveCount)
            _detected = point.TruePositives;
        if (point.FalsePositives == 0)
            _aboveAllNormal = point.TruePositives;
        if (point.TruePositives > _last.TruePositives)
            AddFound(point, point.TruePositives - _last.TruePositives);
        _last = point;
    }

    private void AddFound(CurvePoint point, long found)
    {
        _rankHalves += (UInt128)found * (UInt128)(2 * negatives - point.FalsePositives - point.FalsePositivesAbove);
        _precision.Add((double)found * point.TruePositives / (point.TruePositives + point.FalsePositives));

        long total = point.TruePositives + point.FalsePositives + positives;
        if ((UInt128)point.TruePositives * (UInt128)_maximumF1.Denominator >= (UInt128)_maximumF1.Numerator * (UInt128)total)
            (_maximumF1, MaximumF1Threshold) = ((point.TruePositives, total), point.Score);

        if (point.TruePositives == positives)
            _lowestAnomalous = point;
    }
}
