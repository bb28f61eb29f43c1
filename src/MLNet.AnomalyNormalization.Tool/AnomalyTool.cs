using System.CommandLine;

namespace MLNet.AnomalyNormalization.Tool;

/// <summary>The command <c>anomaly</c>.</summary>
internal static class AnomalyTool
{
    /// <summary>It did what was asked for.</summary>
    public const int Done = 0;

    /// <summary>It couldn't; one line on the error stream says why.</summary>
    public const int Failed = 1;

    /// <summary>It could, and what it found misses a limit that was given, or differs.</summary>
    public const int Missed = 2;

    /// <summary>Runs a command.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="output">Gets what was asked for.</param>
    /// <param name="error">Gets progress, remarks and errors.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string[] args, TextWriter output, TextWriter error)
    {
        var console = new ToolConsole(output, error);
        var root = new RootCommand("Trains, inspects, evaluates and keeps anomaly models. 100 is the decision threshold of every normalised score.")
        {
            TrainCommand.Create(console),
            DescribeCommand.Create(console),
            InspectCommand.Create(console),
            EvaluateCommand.CreateEvaluate(console),
            EvaluateCommand.CreateReport(console),
            ThresholdCommand.Create(console),
            BakeCommand.Create(console),
            VerifyCommand.Create(console),
        };
        try
        {
            return root.Parse(args).Invoke(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false });
        }
        catch (Exception e) when (e is IOException or InvalidDataException or ArgumentException or InvalidOperationException or UnauthorizedAccessException)
        {
            error.WriteLine(e.Message);
            return Failed;
        }
        catch (OperationCanceledException)
        {
            error.WriteLine("Stopped.");
            return Failed;
        }
    }
}
