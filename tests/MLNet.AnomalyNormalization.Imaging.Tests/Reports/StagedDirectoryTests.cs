using MLNet.AnomalyNormalization.Imaging.Reports;

namespace MLNet.AnomalyNormalization.Imaging.Tests.Reports;

[TestClass]
public sealed class StagedDirectoryTests
{
    [TestMethod]
    public void What_is_complete_appears_in_its_place_and_nothing_else_stays()
    {
        using var folder = new TemporaryFolder();
        using (var staged = new StagedDirectory(folder["report"]))
        {
            File.WriteAllText(staged["folder/deep/er"], "1");
            Assert.IsFalse(Directory.Exists(folder["report"]));
            staged.MoveIntoPlace();
        }

        Assert.AreEqual("1", File.ReadAllText(folder["report/folder/deep/er"]));
        Assert.HasCount(1, Directory.GetFileSystemEntries(folder["."]));
    }

    [TestMethod]
    public void What_is_incomplete_goes_and_the_old_one_survives()
    {
        using var folder = new TemporaryFolder();
        Write(folder["report"], ("file", "old"));
        using (var staged = new StagedDirectory(folder["report"]))
            File.WriteAllText(staged["file"], "half");

        Assert.AreEqual("old", File.ReadAllText(folder["report/file"]));
        Assert.HasCount(1, Directory.GetFileSystemEntries(folder["."]));
    }

    [TestMethod]
    public void An_old_one_is_replaced_as_a_whole()
    {
        using var folder = new TemporaryFolder();
        Write(folder["report"], ("folder/old", "old"), ("file", "old"));
        Write(folder["report"], ("file", "new"), ("other/file", "new"));
        AssertHolds(folder["report"], "file", "other/file");
        Assert.AreEqual("new", File.ReadAllText(folder["report/file"]));
        Assert.IsFalse(Directory.Exists(folder["report/folder"]));
        Assert.HasCount(1, Directory.GetFileSystemEntries(folder["."]));
    }

    [TestMethod]
    [DataRow("thesis.tex", "is no part of a report", DisplayName = "beside the files of the report")]
    [DataRow("folder/notes.csv", "is no part of a report", DisplayName = "in a folder of the report")]
    [DataRow("folder/2024/notes.csv", "is no part of a report", DisplayName = "deeper")]
    [DataRow(".hidden", "is no part of a report", DisplayName = "hidden")]
    [DataRow("folder/file", "was changed since", DisplayName = "a file of the report that somebody edited")]
    public void A_folder_with_anything_of_somebody_else_is_never_touched(string file, string why)
    {
        using var folder = new TemporaryFolder();
        Write(folder["report"], ("file", "old"), ("folder/file", "old"));
        Directory.CreateDirectory(Path.GetDirectoryName(folder[$"report/{file}"])!);
        File.WriteAllText(folder[$"report/{file}"], "years of work");
        var e = Assert.ThrowsExactly<IOException>(() => new StagedDirectory(folder["report"]));
        StringAssert.Contains(e.Message, $"'{file}', which {why}");
        Assert.AreEqual("years of work", File.ReadAllText(folder[$"report/{file}"]));
        Assert.AreEqual("old", File.ReadAllText(folder["report/file"]));
        Assert.HasCount(1, Directory.GetFileSystemEntries(folder["."]));
    }

    [TestMethod]
    public void A_folder_that_only_looks_like_a_report_is_never_touched()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["report/predictions/2024"]);
        File.WriteAllText(folder["report/predictions/2024/notes.csv"], "years of work");
        Assert.ThrowsExactly<IOException>(() => new StagedDirectory(folder["report"]));
        Assert.AreEqual("years of work", File.ReadAllText(folder["report/predictions/2024/notes.csv"]));

        File.WriteAllText(folder["file"], "a file");
        StringAssert.Contains(Assert.ThrowsExactly<IOException>(() => new StagedDirectory(folder["file"])).Message, "is a file");
    }

    [TestMethod]
    public void What_comes_in_while_it_is_written_is_not_lost()
    {
        using var folder = new TemporaryFolder();
        Write(folder["report"], ("file", "old"));
        using (var staged = new StagedDirectory(folder["report"]))
        {
            File.WriteAllText(staged["file"], "new");
            File.WriteAllText(folder["report/late"], "somebody's");
            Assert.ThrowsExactly<IOException>(staged.MoveIntoPlace);
        }

        AssertHolds(folder["report"], "file", "late");
        Assert.AreEqual("old", File.ReadAllText(folder["report/file"]));
    }

    [TestMethod]
    public void The_current_folder_is_replaced_file_by_file()
    {
        using var folder = new TemporaryFolder();
        Write(folder["report"], ("gone/old", "old"), ("file", "old"));
        string before = Environment.CurrentDirectory;
        try
        {
            Environment.CurrentDirectory = folder["report"];
            Write(".", ("file", "new"), ("deep/file", "new"));
            AssertHolds(".", "file", "deep/file");
            Assert.AreEqual("new", File.ReadAllText("file"));
        }
        finally
        {
            Environment.CurrentDirectory = before;
        }
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public void A_link_to_a_folder_stays_and_what_it_leads_to_is_replaced()
    {
        using var folder = new TemporaryFolder();
        Write(folder["report"], ("file", "old"));
        Directory.CreateSymbolicLink(folder["link"], folder["report"]);
        Write(folder["link"], ("file", "new"));
        Assert.IsNotNull(new FileInfo(folder["link"]).LinkTarget);
        Assert.AreEqual("new", File.ReadAllText(folder["report/file"]));

        File.CreateSymbolicLink(folder["report/elsewhere"], "/");
        StringAssert.Contains(Assert.ThrowsExactly<IOException>(() => new StagedDirectory(folder["report"])).Message, "'elsewhere'");
    }

    [TestMethod]
    public void What_a_killed_process_left_is_swept_or_put_back()
    {
        using var folder = new TemporaryFolder();
        Write(folder["report"], ("file", "old"));
        Directory.Move(folder["report"], folder[".report.previous"]);
        Directory.CreateDirectory(folder[".report.dead.unfinished"]);
        File.WriteAllText(folder[".report.dead.unfinished/.lock"], "");
        Directory.CreateDirectory(folder[".stranger.unfinished"]);
        using (var staged = new StagedDirectory(folder["report"]))
            Assert.AreEqual("old", File.ReadAllText(folder["report/file"]), "put back");
        CollectionAssert.AreEquivalent(
            new[] { "report", ".stranger.unfinished" }, Directory.GetDirectories(folder["."]).Select(path => Path.GetFileName(path)).ToArray());

        Write(folder["report"], ("file", "new"));
        Write(folder[".report.previous"], ("file", "old"));
        Write(folder["report"], ("file", "newer"));
        Assert.IsFalse(Directory.Exists(folder[".report.previous"]));
    }

    private static void Write(string target, params (string Name, string Text)[] files)
    {
        using var staged = new StagedDirectory(target);
        foreach ((string name, string text) in files)
            File.WriteAllText(staged[name], text);
        staged.MoveIntoPlace();
    }

    private static void AssertHolds(string folder, params string[] files)
        => CollectionAssert.AreEquivalent(
            files.Append("report.sha256").ToArray(),
            Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder, file).Replace('\\', '/')).ToArray());
}
