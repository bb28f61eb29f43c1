using System.Text.RegularExpressions;

namespace MLNet.AnomalyNormalization.Tests;

[TestClass]
public sealed partial class StructureTests
{
    [TestMethod]
    public void The_kernel_the_thresholds_and_the_evaluators_do_not_know_ML_NET()
    {
        string[] offenders = [.. Sources()
            .Where(source => !source.Path.StartsWith("DataViews/", StringComparison.Ordinal))
            .Where(source => !source.Path.Contains("Catalog.", StringComparison.Ordinal))
            .Where(source => MicrosoftML().IsMatch(source.Text))
            .Select(source => source.Path)];
        Assert.IsEmpty(offenders, string.Join(", ", offenders));
    }

    [TestMethod]
    public void Internal_types_live_in_the_namespace_of_their_folder_and_public_ones_in_it_or_above_it()
    {
        string[] offenders = [.. AllSources()
            .Where(source => !source.Path.StartsWith("MLNet.AnomalyNormalization.Templates/", StringComparison.Ordinal))
            .Where(source =>
            {
                string folder = Path.GetDirectoryName(source.Path)!.Replace('\\', '/').Replace('/', '.');
                string declared = Namespace().Match(source.Text).Groups[1].Value;
                bool isPublic = PublicType().IsMatch(source.Text);

                // Extension methods live where the caller already is, and programs begin without a namespace.
                return declared == "" ? Path.GetFileName(source.Path) != "Program.cs"
                    : declared.StartsWith("Microsoft.", StringComparison.Ordinal) ? !isPublic || !Extension().IsMatch(source.Text)
                    : isPublic ? !$"{folder}.".StartsWith($"{declared}.", StringComparison.Ordinal) : folder != declared;
            })
            .Select(source => source.Path)];
        Assert.IsEmpty(offenders, string.Join(", ", offenders));
    }

    [TestMethod]
    public void Three_files_know_SkiaSharp()
    {
        string[] expected =
        [
            "MLNet.AnomalyNormalization.Imaging/PictureEncoder.cs",
            "MLNet.AnomalyNormalization.Imaging/Reports/ImageFile.cs",
            "MLNet.AnomalyNormalization.Onnx/Pictures/PictureFile.cs",
        ];
        CollectionAssert.AreEquivalent(expected, AllSources().Where(source => source.Text.Contains("using SkiaSharp", StringComparison.Ordinal))
            .Select(source => source.Path).ToArray());
    }

    [TestMethod]
    public void The_page_of_the_source_says_what_belongs_into_a_folder_of_more_than_a_dozen_files()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "src", "README.md"));
        string[] unsaid = [.. AllSources().GroupBy(source => Path.GetDirectoryName(source.Path)!.Replace('\\', '/'))
            .Where(folder => folder.Count() > 12)
            .Select(folder => folder.Key.Replace("MLNet.AnomalyNormalization/", "Core's `").Replace("MLNet.AnomalyNormalization.", "`"))
            .Where(name => !page.Contains($"\n| {name}` |", StringComparison.Ordinal))];
        Assert.IsEmpty(unsaid, string.Join(", ", unsaid));
    }

    private static IEnumerable<(string Path, string Text)> Sources() => Below(Path.Combine(Repository.Root, "src", "MLNet.AnomalyNormalization"));

    private static IEnumerable<(string Path, string Text)> AllSources() => Below(Path.Combine(Repository.Root, "src"));

    private static IEnumerable<(string Path, string Text)> Below(string root)
        => Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Select(path => (Path.GetRelativePath(root, path).Replace('\\', '/'), File.ReadAllText(path)))
            .Where(source => !source.Item1.Split('/').Contains("obj"));

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^public ", RegexOptions.Multiline)]
    private static partial Regex PublicType();

    [GeneratedRegex(@"\(\s*this ")]
    private static partial Regex Extension();

    [GeneratedRegex(@"\bMicrosoft\.ML\b")]
    private static partial Regex MicrosoftML();
}
