using System.Diagnostics;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Notebooks.Tests;

/// <summary>The notebook and the program that says the same, both as a user runs them.</summary>
[TestClass]
public sealed partial class EvaluationTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "samples", "notebooks");

    private static IReadOnlyList<string> Shown = [];

    [ClassInitialize]
    public static async Task Run_the_notebook(TestContext context)
        => Shown = await Notebook.Run(Notebook.CodeCells(Path.Combine(Folder, "Evaluation.ipynb")));

    [TestMethod]
    public void Every_cell_shows_something_and_the_HTML_is_well_formed()
    {
        Assert.HasCount(13, Shown);
        XElement[] html = [.. Shown.Where(text => text.StartsWith('<')).Select(text => XElement.Parse(text))];
        Assert.AreEqual(4, html.Count(element => element.Name == "table"), "fit, thresholds, evaluation, image metrics");
        Assert.AreEqual(4, html.Count(element => element.Name == "div"), "pictures");
    }

    [TestMethod]
    public void The_report_is_where_the_last_cell_says() => Assert.IsTrue(File.Exists(Shown[^1]), Shown[^1]);

    [TestMethod]
    public void The_notebook_is_committed_without_outputs()
    {
        string notebook = File.ReadAllText(Path.Combine(Folder, "Evaluation.ipynb"));
        Assert.AreEqual(Shown.Count, Regex.Count(notebook, @"""outputs"": \[\]"));
        Assert.AreEqual(Shown.Count, Regex.Count(notebook, @"""execution_count"": null"));
    }

    [TestMethod]
    public void The_program_runs_on_the_packages_just_packed_and_prints_the_figures_of_the_notebook()
    {
        using var folder = new TemporaryFolder();
        string configuration = Path.GetFileName(Path.GetDirectoryName(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)))!;
        foreach (string project in new[] { "MLNet.AnomalyNormalization", "MLNet.AnomalyNormalization.Imaging" })
        {
            // What the tests were built with, packed as the README says.
            Dotnet(Repository.Root, "pack", "--no-build", "--configuration", configuration, Path.Combine("src", project),
                "--output", Path.Combine("samples", "packages"));
        }

        string printed = Dotnet(folder[""], "run", Path.Combine(Folder, "Evaluation.cs"));

        Assert.IsTrue(File.Exists(folder["evaluation-report/report.html"]), printed);
        StringAssert.Contains(printed, Shown[3], "the comparison of strategies");
        Dictionary<string, string[]> learned = Table("Learned threshold"), evaluation = Table("Evaluation");
        MatchCollection rows = Row().Matches(printed);
        foreach (Match row in rows)
        {
            string name = row.Groups[1].Value;
            string[] figures = evaluation.GetValueOrDefault(name) ?? learned[name];
            Assert.AreEqual(string.Join(' ', figures).Trim(), Spaces().Replace(row.Groups[2].Value, " ").Trim(), name);
        }

        Assert.HasCount(12, rows, printed);
    }

    private static Dictionary<string, string[]> Table(string caption)
        => NotebookDisplay.Rows(Shown.Single(html => html.StartsWith($"<table><caption>{caption}</caption>", StringComparison.Ordinal)));

    private static string Dotnet(string workingDirectory, params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", arguments)
        {
            WorkingDirectory = workingDirectory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode, $"dotnet {string.Join(' ', arguments)}\n{output}\n{errors.Result}");
        return output.ReplaceLineEndings();
    }

    // A name of the tables, padded to a column of its own, and its figures.
    [GeneratedRegex(@"^((?:Threshold|95 % interval|AUROC|Average precision|Maximum F1|AUPRO|AUPIMO|F1|Precision|Recall|False positives|False negatives)) {2,}(\S.*)$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(" +")]
    private static partial Regex Spaces();
}
