using MLNet.AnomalyNormalization.Imaging.Reports;

namespace MLNet.AnomalyNormalization.Imaging.Tests.Reports;

[TestClass]
public sealed class StagedDirectoryTests
{
    private static readonly string[] s_contents = ["file", "folder"];

    [TestMethod]
    public void What_is_complete_appears_in_its_place_and_nothing_else_stays()
    {
        using var folder = new TemporaryFolder();
        using (var staged = new StagedDirectory(folder["report"], s_contents))
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
        Directory.CreateDirectory(folder["report"]);
        File.WriteAllText(folder["report/file"], "old");
        using (var staged = new StagedDirectory(folder["report"], s_contents))
            File.WriteAllText(staged["file"], "half");

        Assert.AreEqual("old", File.ReadAllText(folder["report/file"]));
        Assert.HasCount(1, Directory.GetFileSystemEntries(folder["."]));
    }

    [TestMethod]
    public void An_old_one_is_replaced_as_a_whole()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["report/folder"]);
        File.WriteAllText(folder["report/folder/old"], "old");
        using (var staged = new StagedDirectory(folder["report"], s_contents))
        {
            File.WriteAllText(staged["file"], "new");
            staged.MoveIntoPlace();
        }

        Assert.AreEqual("new", File.ReadAllText(folder["report/file"]));
        Assert.IsFalse(Directory.Exists(folder["report/folder"]));
        Assert.HasCount(1, Directory.GetFileSystemEntries(folder["."]));
    }

    [TestMethod]
    public void A_folder_with_other_files_is_never_replaced()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["report"]);
        File.WriteAllText(folder["report/thesis.tex"], "years of work");
        StringAssert.Contains(Assert.ThrowsExactly<IOException>(() => new StagedDirectory(folder["report"], s_contents)).Message, "'thesis.tex'");
        StringAssert.Contains(
            Assert.ThrowsExactly<IOException>(() => new StagedDirectory(folder["report/thesis.tex"], s_contents)).Message, "is a file");
        Assert.AreEqual("years of work", File.ReadAllText(folder["report/thesis.tex"]));
    }
}
