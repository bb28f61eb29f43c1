using System.CommandLine;
using System.CommandLine.Invocation;
using System.Globalization;

namespace VisualInspection;

/// <summary>What the command lines of the samples have in common.</summary>
internal static class CommandLine
{
    /// <summary>An option that takes a folder.</summary>
    public static Option<string?> Folder(string name, string description, string? byDefault = null)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = "DIR" };
        if (byDefault is not null)
            option.DefaultValueFactory = _ => byDefault;
        option.Validators.Add(given =>
        {
            if (given.Tokens is [{ Value: "" }])
                given.AddError($"{name} is empty; expected a folder.");
        });
        return option;
    }

    /// <summary>An option that takes a whole number.</summary>
    public static Option<int> Number(string name, string description, int byDefault, int lowest, int highest, int multipleOf = 1)
        => new(name)
        {
            Description = description,
            HelpName = "N",
            DefaultValueFactory = _ => byDefault,
            CustomParser = given =>
            {
                string text = given.Tokens[0].Value;
                if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                    && number >= lowest && number <= highest && number % multipleOf == 0)
                    return number;

                string kind = multipleOf > 1 ? $"multiple of {multipleOf}" : "number";
                given.AddError($"{name} is '{text}'; expected a {kind} from {lowest} to {highest}.");
                return byDefault;
            },
        };

    /// <summary>Does what the arguments ask for; what they get wrong is told in lines of the error stream, without the help.</summary>
    /// <returns>The exit code.</returns>
    public static Task<int> RunAsync(this RootCommand command, string[] args)
    {
        ParseResult parsed = command.Parse(args);
        if (parsed.Action is ParseErrorAction wrong)
            wrong.ShowHelp = false;

        // The program has its own words for what goes wrong, and its own way to end.
        return parsed.InvokeAsync(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
    }
}
