namespace VisualInspection;

/// <summary>Shows how far the program is: one line that changes on a terminal, one plain line per stage in a file or a pipe.</summary>
internal static class ProgressLine
{
    /// <summary>Hands the items on, and shows how many have been taken.</summary>
    public static IEnumerable<T> Show<T>(this IEnumerable<T> items, string stage, int count)
    {
        int done = 0;
        try
        {
            foreach (T item in items)
            {
                yield return item;
                done++;
                if (!Console.IsOutputRedirected)
                    Console.Write($"\r{stage}: {done} of {count}");
            }

            if (Console.IsOutputRedirected)
                Console.WriteLine($"{stage}: {done} of {count}");
        }
        finally
        {
            // Whatever comes next, an error perhaps, gets a line of its own.
            if (!Console.IsOutputRedirected)
                Console.WriteLine();
        }
    }
}
