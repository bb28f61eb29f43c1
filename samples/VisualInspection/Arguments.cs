using System.Globalization;

namespace VisualInspection;

/// <summary>What the user asked for on the command line.</summary>
/// <param name="Images">A folder in the layout of the MVTec data sets; null to draw one.</param>
/// <param name="Output">Where the program writes; made if need be.</param>
/// <param name="Side">The shorter side that images are brought to: more for small defects, less for faint and wide ones.</param>
internal sealed record Arguments(string? Images, string Output, int Side)
{
    private const string Usage = "Usage: VisualInspection [--images DIR] [--output DIR] [--side PIXELS]";

    /// <summary>The side if none is asked for: at 192 a model is made in seconds, and a defect of 8 pixels is a patch wide.</summary>
    public const int DefaultSide = 192;

    private static readonly string DefaultOutput = Path.Combine("artifacts", "VisualInspection");

    /// <exception cref="InputException">An argument is unknown, given twice, or without its value or with a wrong one.</exception>
    public static Arguments Parse(string[] args)
    {
        var given = new Dictionary<string, string>();
        for (int i = 0; i < args.Length; i += 2)
        {
            string? value = i + 1 < args.Length ? args[i + 1] : null;
            if (args[i] is not ("--images" or "--output" or "--side"))
                throw new InputException($"Unknown argument '{args[i]}'. {Usage}");
            if (string.IsNullOrEmpty(value) || value.StartsWith("--", StringComparison.Ordinal))
                throw new InputException($"{args[i]} needs a {(args[i] == "--side" ? "number" : "folder")} after it. {Usage}");
            if (!given.TryAdd(args[i], value))
                throw new InputException($"{args[i]} is given twice, as '{given[args[i]]}' and '{value}'. {Usage}");
        }

        string? images = given.GetValueOrDefault("--images");
        return new Arguments(
            images,
            Path.GetFullPath(given.GetValueOrDefault("--output", DefaultOutput)),
            given.TryGetValue("--side", out string? side) ? Parse(side) : DefaultSide);

        static int Parse(string text)
            => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int side) && side is >= 32 and <= 1024 && side % 16 == 0
                ? side
                : throw new InputException($"--side is '{text}'; expected a multiple of 16 from 32 to 1024. {Usage}");
    }
}
