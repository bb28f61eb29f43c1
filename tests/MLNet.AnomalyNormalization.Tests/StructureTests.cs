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
            .Where(source => !source.Path.EndsWith("Catalog.cs", StringComparison.Ordinal))
            .Where(source => MicrosoftML().IsMatch(source.Text))
            .Select(source => source.Path)];
        Assert.IsEmpty(offenders, string.Join(", ", offenders));
    }

    [TestMethod]
    public void Internal_types_live_in_the_namespace_of_their_folder_and_public_ones_in_it_or_above_it()
    {
        string[] offenders = [.. Sources()
            .Where(source => !source.Path.EndsWith("Catalog.cs", StringComparison.Ordinal))
            .Where(source =>
            {
                string folder = $"MLNet.AnomalyNormalization.{Path.GetDirectoryName(source.Path)!.Replace('/', '.')}".TrimEnd('.');
                string declared = Namespace().Match(source.Text).Groups[1].Value;
                return PublicType().IsMatch(source.Text) ? !$"{folder}.".StartsWith($"{declared}.", StringComparison.Ordinal) : folder != declared;
            })
            .Select(source => source.Path)];
        Assert.IsEmpty(offenders, string.Join(", ", offenders));
    }

    private static IEnumerable<(string Path, string Text)> Sources()
    {
        string root = Path.Combine(Repository.Root, "src", "MLNet.AnomalyNormalization");
        return Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Select(path => (Path.GetRelativePath(root, path).Replace('\\', '/'), File.ReadAllText(path)))
            .Where(source => !source.Item1.StartsWith("obj/", StringComparison.Ordinal));
    }

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^public ", RegexOptions.Multiline)]
    private static partial Regex PublicType();

    [GeneratedRegex(@"\bMicrosoft\.ML\b")]
    private static partial Regex MicrosoftML();
}
