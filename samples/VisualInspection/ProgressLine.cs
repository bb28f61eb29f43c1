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
