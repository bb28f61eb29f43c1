namespace MLNet.AnomalyNormalization.Hosting;

/// <summary>How a reload of a <see cref="HostedInspector"/> ended.</summary>
/// <param name="problem">Why the former model stays; null if the new one took over.</param>
public sealed class InspectorReloadedEventArgs(Exception? problem) : EventArgs
{
    /// <summary>Why the former model stays; null if the new one took over.</summary>
    public Exception? Problem => problem;
}
