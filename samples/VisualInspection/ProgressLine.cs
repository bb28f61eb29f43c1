using MLNet.AnomalyNormalization.Vision;

namespace VisualInspection;

/// <summary>Shows how far the program is: one line that changes on a terminal, one plain line per stage in a file or a pipe.</summary>
internal sealed class ProgressLine(string stage, int count) : IProgress<double>, IDisposable
{
    private int _done;

    /// <summary>Shows the share that is done, 0..1, in whole items.</summary>
    public void Report(double share) => Show((int)(share * count));

    public void Show(int done)
    {
        _done = done;
        if (!Console.IsOutputRedirected)
            Console.Write($"\r{stage}: {done} of {count}");
    }

    /// <summary>Ends the line. Whatever comes next, an error perhaps, gets a line of its own.</summary>
    public void Dispose()
    {
        if (!Console.IsOutputRedirected)
            Console.WriteLine();
        else if (_done == count)
            Console.WriteLine($"{stage}: {count} of {count}");
    }
}

/// <summary>Shows the stages of a training, one after another.</summary>
internal sealed class TrainingProgress : IProgress<PatchCoreProgress>, IDisposable
{
    private readonly List<string> _said = [];
    private (PatchCoreStage Stage, ProgressLine Line)? _current;

    public void Report(PatchCoreProgress value)
    {
        if (_current?.Stage != value.Stage)
        {
            _current?.Line.Dispose();
            _current = (value.Stage, new ProgressLine(NameOf(value.Stage), value.Total ?? 0));
        }

        _current.Value.Line.Show(value.Done);
    }

    /// <summary>Keeps a remark of the trainer until the lines are done.</summary>
    public void Say(string remark) => _said.Add(remark);

    public void Dispose()
    {
        _current?.Line.Dispose();
        _said.ForEach(Console.WriteLine);
    }

    private static string NameOf(PatchCoreStage stage) => stage switch
    {
        PatchCoreStage.Features => "Looking at good images",
        PatchCoreStage.Bank => "Choosing what to remember",
        _ => "Finding the thresholds",
    };
}

/// <summary>Progress of what is taken one by one.</summary>
internal static class ProgressExtensions
{
    /// <summary>Hands the items on, and shows how many have been taken.</summary>
    public static IEnumerable<T> Show<T>(this IEnumerable<T> items, string stage, int count)
    {
        using var line = new ProgressLine(stage, count);
        int done = 0;
        foreach (T item in items)
        {
            yield return item;
            line.Show(++done);
        }
    }
}
