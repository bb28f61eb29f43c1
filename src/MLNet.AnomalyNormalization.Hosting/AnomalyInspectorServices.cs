using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using MLNet.AnomalyNormalization.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers anomaly inspectors with an application.</summary>
public static class AnomalyInspectorServices
{
    /// <summary>
    /// Adds an inspector by a name: <c>[FromKeyedServices("line4")] HostedInspector</c>. Its model is opened when the application starts,
    /// which fails if it can't be. Metrics and activities are those of the meter and source <c>MLNet.AnomalyNormalization</c>.
    /// </summary>
    /// <param name="services">The services of the application.</param>
    /// <param name="name">The name; empty for one that is injected without a key.</param>
    /// <param name="configure">Sets the options; null where they are bound: <c>.BindConfiguration("Inspection:line4")</c>.</param>
    /// <returns>The options, to be configured further.</returns>
    public static OptionsBuilder<HostedInspectorOptions> AddAnomalyInspector(
        this IServiceCollection services, string name, Action<HostedInspectorOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(name);
        services.TryAddSingleton<InspectionMetrics>();
        if (name.Length == 0)
            services.TryAddSingleton(provider => Create(provider, name));
        else
            services.TryAddKeyedSingleton(name, (provider, _) => Create(provider, name));
        services.AddSingleton<IHostedService>(provider => new Starter(() => Find(provider, name)));
        OptionsBuilder<HostedInspectorOptions> options = services.AddOptions<HostedInspectorOptions>(name);
        return configure is null ? options : options.Configure(configure);
    }

    /// <summary>Checks an inspector's health by running its model on <see cref="HostedInspectorOptions.ReferencePicture"/>.</summary>
    /// <param name="builder">The health checks of the application.</param>
    /// <param name="name">The name that the inspector was added by.</param>
    /// <param name="failureStatus">What a failure is; null for unhealthy.</param>
    public static IHealthChecksBuilder AddAnomalyInspector(this IHealthChecksBuilder builder, string name, HealthStatus? failureStatus = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(name);
        return builder.Add(new(
            name.Length == 0 ? "anomaly-inspector" : $"anomaly-inspector-{name}",
            provider => new InspectorHealthCheck(Find(provider, name)), failureStatus, tags: ["anomaly"]));
    }

    private static HostedInspector Create(IServiceProvider provider, string name)
        => new(
            name,
            provider.GetRequiredService<IOptionsMonitor<HostedInspectorOptions>>(),
            provider.GetRequiredService<InspectionMetrics>(),
            provider.GetRequiredService<ILogger<HostedInspector>>());

    private static HostedInspector Find(IServiceProvider provider, string name)
        => name.Length == 0
            ? provider.GetRequiredService<HostedInspector>()
            : provider.GetRequiredKeyedService<HostedInspector>(name);

    private sealed class Starter(Func<HostedInspector> open) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.Run(open, cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
