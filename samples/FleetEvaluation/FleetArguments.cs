using System.Globalization;
using VisualInspection;

namespace Fleet;

/// <summary>What the user asked for on the command line.</summary>
/// <param name="Silos">The number of silos, each a process; this one is the first.</param>
/// <param name="KillOne">Whether one of the other silos is killed while it works.</param>
/// <param name="Output">Where the program writes; made if need be.</param>
/// <param name="Join">The port of the first silo, for a process that this program started to be another one.</param>
internal sealed record FleetArguments(int Silos, bool KillOne, string Output, int? Join)
{
    private const string Usage = "Usage: FleetEvaluation [--silos N] [--kill-one] [--output DIR]";
    private const int MostSilos = 16;

    /// <exception cref="InputException">An argument is unknown, or its value is none.</exception>
    public static FleetArguments Parse(string[] args)
    {
        var arguments = new FleetArguments(Silos: 2, KillOne: false, Path.Combine("artifacts", "FleetEvaluation"), Join: null);
        for (int i = 0; i < args.Length; i++)
        {
            arguments = args[i] switch
            {
                "--kill-one" => arguments with { KillOne = true },
                "--silos" => arguments with { Silos = Number(1, MostSilos) },
                "--join" => arguments with { Join = Number(1, ushort.MaxValue) },
                "--output" => arguments with { Output = Value() },
                var unknown => throw new InputException($"Unknown argument '{unknown}'. {Usage}"),
            };

            string Value() => ++i < args.Length ? args[i] : throw new InputException($"{args[i - 1]} needs a value after it. {Usage}");

            int Number(int lowest, int highest)
            {
                string name = args[i], value = Value();
                return int.TryParse(value, CultureInfo.InvariantCulture, out int number) && number >= lowest && number <= highest
                    ? number
                    : throw new InputException($"{name} is '{value}'; expected a number from {lowest} to {highest}. {Usage}");
            }
        }

        return arguments is { KillOne: true, Silos: 1 }
            ? throw new InputException("--kill-one needs --silos 2 or more: the first silo is this process.")
            : arguments with { Output = Path.GetFullPath(arguments.Output) };
    }
}
