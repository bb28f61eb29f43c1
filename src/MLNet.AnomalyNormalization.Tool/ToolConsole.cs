using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;

namespace MLNet.AnomalyNormalization.Tool;

/// <summary>Where a command writes: what was asked for to the output, and how far it is to the error stream.</summary>
internal sealed class ToolConsole(TextWriter output, TextWriter error)
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter() },
    };

    public TextWriter Output => output;

    public TextWriter Error => error;

    public void WriteJson(object value) => output.WriteLine(JsonSerializer.Serialize(value, s_json));

    /// <summary>Does something that tells its share, 0..1: with a bar on a terminal, one plain line otherwise.</summary>
    public T Progress<T>(string stage, Func<IProgress<double>, T> work)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(error) });
        if (!console.Profile.Capabilities.Interactive || Console.IsErrorRedirected)
        {
            T result = work(new Nothing());
            error.WriteLine($"{stage}: done.");
            return result;
        }

        return console.Progress().Start(context => work(new Bar(context.AddTask(Markup.Escape(stage), maxValue: 1))));
    }

    /// <summary>Takes what comes one by one, and shows how many have.</summary>
    public List<T> Progress<T>(string stage, IEnumerable<T> items, int count)
        => Progress(stage, progress =>
        {
            var taken = new List<T>(count);
            foreach (T item in items)
            {
                taken.Add(item);
                progress.Report((double)taken.Count / count);
            }

            return taken;
        });

    private sealed class Nothing : IProgress<double>
    {
        public void Report(double value)
        {
        }
    }

    private sealed class Bar(ProgressTask task) : IProgress<double>
    {
        public void Report(double value) => task.Value = value;
    }
}
