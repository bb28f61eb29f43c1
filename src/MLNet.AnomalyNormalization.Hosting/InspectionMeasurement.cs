using System.Diagnostics;
using MLNet.AnomalyNormalization.Onnx;

namespace MLNet.AnomalyNormalization.Hosting;

/// <summary>One inspection as the board sees it; one that doesn't come to its end has failed.</summary>
internal sealed class InspectionMeasurement(InspectionMetrics metrics, string inspector, Activity? activity) : IDisposable
{
    private bool _hasEnded;

    public Inspection End(Inspection inspection)
    {
        _hasEnded = true;
        metrics.Record(inspector, inspection);
        activity?.SetTag("anomaly.inspector", inspector)
            .SetTag("anomaly.score", inspection.NormalizedScore)
            .SetTag("anomaly.decision", InspectionMetrics.NameOf(inspection.Decision));
        return inspection;
    }

    public void Dispose()
    {
        if (!_hasEnded)
        {
            metrics.CountFailure(inspector);
            activity?.SetStatus(ActivityStatusCode.Error);
        }

        activity?.Dispose();
    }
}
