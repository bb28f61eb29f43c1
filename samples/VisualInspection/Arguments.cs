namespace VisualInspection;

/// <summary>What the user asked for on the command line.</summary>
/// <param name="Images">A folder in the layout of the MVTec data sets; null to draw one.</param>
/// <param name="Output">Where the program writes; made if need be.</param>
internal sealed record Arguments(string? Images, string Output)
{
    private const string Usage = "Usage: VisualInspection [--images DIR] [--output DIR]";

    private static readonly string DefaultOutput = Path.Combine("artifacts", "VisualInspection");

    /// <exception cref="InputException">An argument is unknown, given twice or without its value.</exception>
    public static Arguments Parse(string[] args)
    {
        (string? images, string? output) = (null, null);
        for (int i = 0; i < args.Length; i += 2)
        {
            string? value = i + 1 < args.Length ? args[i + 1] : null;
            if (args[i] is not ("--images" or "--output"))
                throw new InputException($"Unknown argument '{args[i]}'. {Usage}");
            if (string.IsNullOrEmpty(value) || value.StartsWith("--", StringComparison.Ordinal))
                throw new InputException($"{args[i]} needs a folder after it. {Usage}");
            if ((args[i] == "--images" ? images : output) is { } earlier)
                throw new InputException($"{args[i]} is given twice, as '{earlier}' and '{value}'. {Usage}");

            (images, output) = args[i] == "--images" ? (value, output) : (images, value);
        }

        return new Arguments(images, Path.GetFullPath(output ?? DefaultOutput));
    }
}
