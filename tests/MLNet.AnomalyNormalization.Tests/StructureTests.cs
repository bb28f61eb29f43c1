using System.Text.RegularExpressions;

namespace MLNet.AnomalyNormalization.Tests;

[TestClass]
public sealed partial class StructureTests
{
    [TestMethod]
    public void The_kernel_the_thresholds_and_the_evaluators_do_not_know_ML_NET()
    {
        string root = Path.Combine(Repository.Root, "src", "MLNet.AnomalyNormalization");
        string[] offenders = [.. Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(root, path).Replace('\\', '/'))
            .Where(path => !path.StartsWith("DataViews/", StringComparison.Ordinal) && !path.StartsWith("obj/", StringComparison.Ordinal))
            .Where(path => !path.EndsWith("Catalog.cs", StringComparison.Ordinal))
            .Where(path => MicrosoftML().IsMatch(File.ReadAllText(Path.Combine(root, path))))];
        Assert.IsEmpty(offenders, string.Join(", ", offenders));
    }

    [GeneratedRegex(@"\bMicrosoft\.ML\b")]
    private static partial Regex MicrosoftML();
}
