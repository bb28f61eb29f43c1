namespace MLNet.AnomalyNormalization.Orleans;

/// <summary>The scores of a station have drifted past a limit.</summary>
/// <param name="Station">The station's name.</param>
/// <param name="BatchNumber">The batch with which the limit was passed.</param>
/// <param name="Drift">The drift after that batch.</param>
[GenerateSerializer, Immutable, Alias("MLNet.AnomalyNormalization.StationAlert")]
public sealed record StationAlert(string Station, long BatchNumber, ScoreDrift Drift);

/// <summary>Passes alerts on; registered as a service of the silos. Without one, alerts are seen in <see cref="StationStatus.Alert"/> alone.</summary>
public interface IStationAlertHandler
{
    /// <summary>
    /// Is called when a limit is passed, once. Only if this method throws, or the silo crashes before the alert is marked as passed on, it is
    /// called again with the station's next batch. The station waits for it: it may ask for the station's status and evaluator, but must not
    /// await another call of that station.
    /// </summary>
    /// <param name="alert">The alert.</param>
    Task Raise(StationAlert alert);
}
