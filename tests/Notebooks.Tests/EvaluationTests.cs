using System.Diagnostics;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.DotNet.Interactive.Formatting;

namespace Notebooks.Tests;

/// <summary>The notebook and the program that says the same, both as a user runs them.</summary>
[TestClass]
public sealed partial class EvaluationTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "samples", "notebooks");

    // Debug or Release, as this assembly itself was built.
    private static readonly string Configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    private static IReadOnlyList<FormattedValue> Shown = [];

    [ClassInitialize]
    public static async Task Run_the_notebook(TestContext context)
        => Shown = await Notebook.Run(Notebook.CodeCells(Path.Combine(Folder, "Evaluation.ipynb")));

    [TestMethod]
    public void Every_cell_shows_text_or_well_formed_HTML_of_our_own()
    {
        Assert.HasCount(15, Shown);
        ILookup<string, string> shown = Shown.ToLookup(value => value.MimeType, value => value.Value);
        XElement[] html = [.. shown["text/html"].Select(text => XElement.Parse(text))];
        Assert.AreEqual(4, html.Count(element => element.Name == "table"), "fit, thresholds, evaluation, image metrics");
        Assert.AreEqual(4, html.Count(element => element.Name == "div"), "pictures");
        Assert.HasCount(7, shown["text/plain"]);
        // The kernel's view of a value without a formatter has classes that begin so.
        Assert.DoesNotContain("dni-", string.Concat(shown["text/html"]));
    }

    [TestMethod]
    public void The_report_is_where_the_last_cell_says() => Assert.IsTrue(File.Exists(Shown[^1].Value), Shown[^1].Value);

    [TestMethod]
    public void The_notebook_is_committed_without_outputs()
    {
        string notebook = File.ReadAllText(Path.Combine(Folder, "Evaluation.ipynb"));
        Assert.AreEqual(Shown.Count, Regex.Count(notebook, @"""outputs"": \[\]"));
        Assert.AreEqual(Shown.Count, Regex.Count(notebook, @"""execution_count"": null"));
    }

    [TestMethod]
    public void The_program_asks_for_the_packages_of_the_notebook()
    {
        string[] program = Packages("Evaluation.cs", "^#:package ([^@]+)@(.+)$");
        Assert.HasCount(2, program);
        CollectionAssert.AreEqual(Packages("Evaluation.ipynb", @"#r \\""nuget: ([^,]+), ([^\\]+)"), program);

        static string[] Packages(string fileName, string pattern) =>
        [
            .. Regex.Matches(File.ReadAllText(Path.Combine(Folder, fileName)), pattern, RegexOptions.Multiline)
                .Select(match => $"{match.Groups[1].Value} {match.Groups[2].Value.Trim()}"),
        ];
    }

    [TestMethod]
    public void The_program_runs_on_the_packages_just_packed_and_prints_the_figures_of_the_notebook()
    {
        using var folder = new TemporaryFolder();
        string core = Path.Combine("src", "MLNet.AnomalyNormalization"), imaging = core + ".Imaging";
        foreach (string project in new[] { core, imaging })
        {
            // What the tests were built with, packed as the README says.
            Dotnet(Repository.Root, "pack", project, "--no-build", "--configuration", Configuration, "--output", "samples/packages");
        }

        string printed = Dotnet(folder[""], "run", Path.Combine(Folder, "Evaluation.cs"));

        string package = Directory.GetDirectories(
            Path.Combine(Repository.Root, "samples", "packages", "extracted", "mlnet.anomalynormalization")).Single();
        string dll = Path.Combine("net10.0", "MLNet.AnomalyNormalization.dll");
        CollectionAssert.AreEqual(
            File.ReadAllBytes(Path.Combine(Repository.Root, core, "bin", Configuration, dll)),
            File.ReadAllBytes(Path.Combine(package, "lib", dll)),
            "not the package that was just made");

        Assert.IsTrue(File.Exists(folder["evaluation-report/report.html"]), printed);
        StringAssert.Contains(printed, Shown[3].Value, "the comparison of strategies");
        StringAssert.Contains(printed, Shown[^3].Value, "what is kept");
        StringAssert.Contains(printed, Shown[^2].Value, "what is decided by it");
        Dictionary<string, string[]> learned = Table("Learned threshold"), evaluation = Table("Evaluation");
        MatchCollection rows = Row().Matches(printed);
        foreach (Match row in rows)
        {
            string name = row.Groups["name"].Value;
            string[] figures = evaluation.GetValueOrDefault(name) ?? learned[name];
            Assert.AreEqual(string.Join(' ', figures).Trim(), Spaces().Replace(row.Groups["figures"].Value, " "), name);
        }

        Assert.HasCount(12, rows, printed);
    }

    private static Dictionary<string, string[]> Table(string caption)
        => NotebookDisplay.Rows(Shown
            .Single(shown => shown.Value.StartsWith($"<table><caption>{caption}</caption>", StringComparison.Ordinal)).Value);

    private static string Dotnet(string workingDirectory, params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", arguments)
        {
            WorkingDirectory = workingDirectory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            // No build server of these commands outlives them.
            Environment = { ["MSBUILDDISABLENODEREUSE"] = "1", ["UseSharedCompilation"] = "false" },
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode, $"dotnet {string.Join(' ', arguments)}\n{output}\n{errors.Result}");
        return output;
    }

    // A name as in the notebook's tables, padded to a column of its own, and its figures.
    [GeneratedRegex(@"^(?<name>[A-Z9]\S*(?: \S+)*) {2,}(?<figures>[0-9].*)$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(" +")]
    private static partial Regex Spaces();
}
