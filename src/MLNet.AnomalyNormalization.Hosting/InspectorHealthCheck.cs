using Microsoft.Extensions.Diagnostics.HealthChecks;
using MLNet.AnomalyNormalization.Onnx;

namespace MLNet.AnomalyNormalization.Hosting;

/// <summary>Whether a hosted model still decides as is due: runs it on the reference picture.</summary>
internal sealed class InspectorHealthCheck(HostedInspector inspector) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            Inspection inspection = await Task.Run(inspector.InspectReference, cancellationToken).ConfigureAwait(false);
            var data = new Dictionary<string, object>
            {
                ["model"] = inspector.Path,
                ["normalizedScore"] = inspection.NormalizedScore,
                ["decision"] = InspectionMetrics.NameOf(inspection.Decision),
            };
            return HealthCheckResult.Healthy($"The reference picture gets {inspection}.", data);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or ObjectDisposedException or UnauthorizedAccessException)
        {
            return new(context.Registration.FailureStatus, e.Message, e);
        }
    }
}
