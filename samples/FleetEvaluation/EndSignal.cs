using System.Runtime.InteropServices;

namespace Fleet;

/// <summary>
/// SIGTERM, as a container's host sends it, and SIGINT, Ctrl+C: the first asks to end in order, so that no silo is left behind; the second
/// ends at once.
/// </summary>
internal sealed class EndSignal : IDisposable
{
    // What a shell makes of a process that a signal ended.
    private const int FirstExitCode = 128;

    private readonly CancellationTokenSource _end = new();
    private readonly PosixSignalRegistration[] _registrations;

    public EndSignal() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, context => End(context, number: 2)),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => End(context, number: 15)),
    ];

    /// <summary>Is cancelled by the first signal.</summary>
    public CancellationToken Token => _end.Token;

    /// <summary>128 and the signal's number.</summary>
    public int ExitCode { get; private set; }

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
        _end.Dispose();
    }

    private void End(PosixSignalContext context, int number)
    {
        if (_end.IsCancellationRequested)
            Environment.Exit(ExitCode);
        context.Cancel = true;
        ExitCode = FirstExitCode + number;
        _end.Cancel();
    }
}
