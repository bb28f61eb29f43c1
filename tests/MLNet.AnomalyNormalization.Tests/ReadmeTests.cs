using System.Diagnostics;
using System.Text.RegularExpressions;

namespace MLNet.AnomalyNormalization.Tests;

[TestClass]
public sealed partial class ReadmeTests
{
    private static readonly string Readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));
    private const string Core = "MLNet.AnomalyNormalization";

    private static readonly string Pages = Path.Combine(Repository.Root, "samples", "howto");

    [TestMethod]
    public void The_first_program_in_the_README_is_the_quickstart_and_prints_what_the_README_says()
    {
        string program = Block("csharp");
        Assert.AreEqual(File.ReadAllText(Path.Combine(Repository.Root, "samples", "Quickstart", "Program.cs")).Trim(), program);

        using var folder = new TemporaryFolder();
        string path = Path.Combine(Repository.Root, "samples", "Quickstart", "bin", BuildFolder(), "Quickstart.dll");
        using Process child = Process.Start(new ProcessStartInfo("dotnet", path) { RedirectStandardOutput = true, WorkingDirectory = folder[""] })!;
        string output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        Assert.AreEqual(0, child.ExitCode);
        Assert.AreEqual(Block("text"), output.Trim());
        Assert.IsTrue(File.Exists(folder["model.zip"]));
    }

    [TestMethod]
    public void Every_other_example_in_the_README_and_its_pages_is_compiled_and_run()
    {
        string compiled = Lines(string.Concat(
            Directory.GetFiles(Path.Combine(Repository.Root, "tests"), "ReadmeExamples.cs", SearchOption.AllDirectories).Select(File.ReadAllText)));
        foreach (string example in Blocks("csharp").Skip(1).Concat(Directory.GetFiles(Pages, "*.md").Concat(Directory.GetFiles(Path.Combine(Repository.Root, "src"), "README.md", SearchOption.AllDirectories))
                .SelectMany(page => Blocks("csharp", File.ReadAllText(page)))))
            StringAssert.Contains(compiled, Lines(example));

        static string Lines(string text) => string.Join('\n', text.Split('\n').Select(line => line.Trim()));
    }

    [TestMethod]
    public void The_first_programs_are_short()
    {
        string[] programs = [.. Blocks("csharp", File.ReadAllText(Path.Combine(Pages, "first-programs.md")))];
        Assert.HasCount(5, programs);
        foreach (string program in programs)
            Assert.IsLessThan(15, program.Split('\n').Count(line => line.Length > 0), program);
    }

    [TestMethod]
    public void Files_and_folders_that_the_README_and_its_pages_name_are_there()
    {
        string[] pages = [Path.Combine(Repository.Root, "README.md"), Path.Combine(Repository.Root, "CONTRIBUTING.md"), .. Directory.GetFiles(Pages, "*.md")];
        string[] missing = [.. pages.SelectMany(page => PathsInRepository().Matches(File.ReadAllText(page))).Select(match => match.Groups[1].Value).Distinct()
            .Where(path => !Path.Exists(Path.Combine(Repository.Root, path)))];
        Assert.IsEmpty(missing, string.Join(", ", missing));
    }

    [TestMethod]
    public void Files_that_the_page_of_the_source_names_are_there()
    {
        string source = Path.Combine(Repository.Root, "src");
        HashSet<string> present = [.. Directory.GetFiles(source, "*.cs", SearchOption.AllDirectories).Select(path => Path.GetFileName(path))];
        string[] named = [.. SourceFile().Matches(File.ReadAllText(Path.Combine(source, "README.md"))).Select(match => match.Value).Distinct()];
        Assert.IsNotEmpty(named);
        CollectionAssert.IsSubsetOf(named, present.ToArray());
    }

    [TestMethod]
    public void Packages_depend_on_each_other_as_the_picture_of_the_source_says()
    {
        string source = Path.Combine(Repository.Root, "src");
        string[] drawn = [.. Arrow().Matches(File.ReadAllText(Path.Combine(source, "README.md"))).Select(match => $"{match.Groups[1]} {match.Groups[2]}").Order()];
        string[] actual = [.. Directory.GetDirectories(source).SelectMany(folder => Directory.GetFiles(folder, "*.csproj")).SelectMany(project =>
            ProjectReference().Matches(File.ReadAllText(project)).Select(match => $"{NameOf(project)} {NameOf(match.Groups[1].Value)}")).Order()];
        CollectionAssert.AreEqual(drawn, actual);

        static string NameOf(string project)
            => Path.GetFileNameWithoutExtension(project) is var name && name.Length > Core.Length ? name[(Core.Length + 1)..] : "Core";
    }

    [TestMethod]
    public void Every_page_is_named_in_the_README()
    {
        foreach (string page in Directory.GetFiles(Pages, "*.md"))
            StringAssert.Contains(Readme, $"(samples/howto/{Path.GetFileName(page)})");
    }

    [TestMethod]
    public void Samples_ask_for_packages_as_their_copies_elsewhere_do_in_the_versions_that_are_tested_here()
    {
        string samples = Path.Combine(Repository.Root, "samples");
        string[] tested = [.. PackageVersions().Matches(File.ReadAllText(Path.Combine(Repository.Root, "Directory.Packages.props"))).Select(Asked)];
        string[] projects = Directory.GetFiles(samples, "*.csproj", SearchOption.AllDirectories);
        Assert.IsNotEmpty(projects);
        foreach (string project in projects)
        {
            string text = File.ReadAllText(project);
            string[] asked = [.. PackageReferences().Matches(text).Select(Asked)];
            CollectionAssert.IsSubsetOf(asked.Where(package => !package.StartsWith(Core, StringComparison.Ordinal)).ToArray(), tested, project);
            Assert.IsTrue(asked.Where(package => package.StartsWith(Core, StringComparison.Ordinal)).All(package => package.EndsWith(" *-*", StringComparison.Ordinal)), project);
            Assert.DoesNotContain("../../", text, $"{project} needs files that its copy lacks");
        }

        static string Asked(Match match) => $"{match.Groups[1]} {match.Groups[2]}";
    }

    [TestMethod]
    public void Every_program_of_the_pages_is_named_on_one_is_run_from_the_packages_and_asks_for_versions_that_are_tested_here()
    {
        string pages = string.Concat(Directory.GetFiles(Pages, "*.md").Select(File.ReadAllText));
        string run = File.ReadAllText(Path.Combine(Repository.Root, "tests", "Packages", "run"));
        Dictionary<string, string> tested = PackageVersions().Matches(File.ReadAllText(Path.Combine(Repository.Root, "Directory.Packages.props")))
            .ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
        string[] programs = Directory.GetFiles(Pages, "*.cs");
        Assert.IsNotEmpty(programs);
        foreach (string program in programs)
        {
            StringAssert.Contains(pages, $"({Path.GetFileName(program)})");
            StringAssert.Contains(run, Path.GetFileNameWithoutExtension(program));
            foreach (Match asked in AskedPackages().Matches(File.ReadAllText(program)))
            {
                string id = asked.Groups[1].Value, version = asked.Groups[2].Value;
                Assert.AreEqual(id.StartsWith(Core, StringComparison.Ordinal) ? "*-*" : tested.GetValueOrDefault(id, version), version, $"{program}: {id}");
            }
        }
    }

    // Debug/net10.0 or Release/net10.0, as this assembly itself was built.
    private static string BuildFolder()
        => string.Join(Path.DirectorySeparatorChar, AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar).Split(Path.DirectorySeparatorChar)[^2..]);

    private static string Block(string language) => Blocks(language).First();

    private static IEnumerable<string> Blocks(string language) => Blocks(language, Readme);

    private static IEnumerable<string> Blocks(string language, string page)
        => Regex.Matches(page, $"```{language}\n(.*?)```", RegexOptions.Singleline).Select(match => match.Groups[1].Value.Trim());

    [GeneratedRegex(@"((?:src|tests|samples)/[A-Za-z0-9_./-]*[A-Za-z0-9])")]
    private static partial Regex PathsInRepository();

    [GeneratedRegex(@"<PackageVersion Include=""([^""]+)"" Version=""([^""]+)""")]
    private static partial Regex PackageVersions();

    [GeneratedRegex(@"<PackageReference Include=""([^""]+)""(?: Version=""([^""]+)"")?")]
    private static partial Regex PackageReferences();

    [GeneratedRegex(@"\w+\.cs\b")]
    private static partial Regex SourceFile();

    [GeneratedRegex(@"^#:package (\S+)@(\S+)", RegexOptions.Multiline)]
    private static partial Regex AskedPackages();

    [GeneratedRegex(@"(\w+) --> (\w+)")]
    private static partial Regex Arrow();

    // Not those to tools that run at build time.
    [GeneratedRegex(@"<ProjectReference Include=""([^""]+)"" */>")]
    private static partial Regex ProjectReference();
}
