using Microsoft.DotNet.Interactive.Formatting;

namespace Notebooks.Tests;

[TestClass]
public sealed class NotebookTests
{
    [TestMethod]
    [DataRow("int x = 1;", "Cell 1 shows nothing", DisplayName = "a statement")]
    [DataRow("\"\"", "Cell 1 shows nothing", DisplayName = "an empty text")]
    [DataRow("1 +", "Cell 1 fails: (1,4): error CS1733", DisplayName = "a syntax error")]
    [DataRow("int.Parse(\"x\")", "Cell 1 fails: System.FormatException", DisplayName = "an exception")]
    [DataRow("#r \"nuget: MLNet.AnomalyNormalization.Imaging, 1.0.1\"\n1", "or another version", DisplayName = "another version of ours")]
    [DataRow("#r \"nuget: SkiaSharp, 3.0.0\"\n1", "or another version", DisplayName = "another version than the pinned one")]
    [DataRow("#r \"nuget: Newtonsoft.Json, 13.0.3\"\n1", "no package of this repository", DisplayName = "a package of others")]
    public async Task A_cell_that_fails_or_shows_nothing_is_found_out(string cell, string message)
    {
        Exception e = await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => Notebook.Run([cell]));
        StringAssert.Contains(e.Message, message);
    }

    [TestMethod]
    public async Task Cells_see_what_the_cells_before_them_made()
    {
        IReadOnlyList<FormattedValue> shown = await Notebook.Run(["int x = 7;\n$\"{x}\"", "$\"{2 * x}\""]);
        CollectionAssert.AreEqual(new[] { "7", "14" }, shown.Select(value => value.Value).ToArray());
    }
}
