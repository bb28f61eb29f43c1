using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Notebooks.Tests;

/// <summary>
/// The packages that a notebook may ask for, which are those of this repository and those that it pins, in their versions. In place of what
/// they hold, notebooks get the assemblies beside the tests: the kernel's own restore writes to the user's folder of packages and keeps
/// what it found in the user's home, so that the tests of one build could run on the packages of another. The packed packages are what
/// Evaluation.cs runs on.
/// </summary>
internal static partial class NotebookPackages
{
    public static IReadOnlyDictionary<string, string> Versions { get; } = ReadVersions();

    public static IReadOnlyList<string> AssemblyPaths { get; } =
    [
        .. Directory.EnumerateFiles(AppContext.BaseDirectory, "*.dll").Where(path => PackageAssembly().IsMatch(Path.GetFileName(path))),
    ];

    /// <summary>Takes the directives for packages out of a cell, which the kernel carries out before it compiles the rest.</summary>
    /// <returns>The rest, and whether there were any.</returns>
    /// <exception cref="InvalidOperationException">A package is not here, or in another version.</exception>
    public static (string Code, bool AsksForPackages) Extract(string cell)
    {
        MatchCollection directives = Directive().Matches(cell);
        foreach (Match directive in directives)
        {
            if (Versions.GetValueOrDefault(directive.Groups["id"].Value) != directive.Groups["version"].Value)
            {
                throw new InvalidOperationException(
                    $"'{directive.Value}' names no package of this repository and none that it pins, or another version.");
            }
        }

        return (Directive().Replace(cell, ""), directives.Count > 0);
    }

    private static Dictionary<string, string> ReadVersions()
    {
        // Of ours, whatever was packed last.
        const string version = "*-*";
        IEnumerable<KeyValuePair<string, string>> own = Directory.GetDirectories(Path.Combine(Repository.Root, "src"))
            .Select(path => KeyValuePair.Create(Path.GetFileName(path), version));
        IEnumerable<KeyValuePair<string, string>> pinned = Build("Directory.Packages.props").Descendants("PackageVersion")
            .Select(package => KeyValuePair.Create(package.Attribute("Include")!.Value, package.Attribute("Version")!.Value));
        return new(own.Concat(pinned));

        static XDocument Build(string fileName) => XDocument.Load(Path.Combine(Repository.Root, fileName));
    }

    [GeneratedRegex("""^#r "nuget: *(?<id>[^,"]*), *(?<version>[^"]*)" *$""", RegexOptions.Multiline)]
    private static partial Regex Directive();

    [GeneratedRegex(@"^(MLNet\.AnomalyNormalization(\.Imaging)?|Microsoft\.ML\..*|SkiaSharp)\.dll$")]
    private static partial Regex PackageAssembly();
}
