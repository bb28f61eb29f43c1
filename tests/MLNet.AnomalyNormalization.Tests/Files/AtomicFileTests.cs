using System.Diagnostics;
using System.Runtime.Versioning;
using MLNet.AnomalyNormalization.Files;

namespace MLNet.AnomalyNormalization.Tests.Files;

[TestClass]
public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void A_file_is_written_or_replaced_and_nothing_else_is_left()
    {
        Write("file", "one");
        Write("file", "two");
        Assert.AreEqual("two", File.ReadAllText(_folder["file"]));
        Assert.HasCount(1, Directory.GetFileSystemEntries(_folder[""]));
    }

    [TestMethod]
    public void The_old_file_survives_a_failure()
    {
        Write("file", "old");
        Assert.ThrowsExactly<InvalidOperationException>(() => AtomicFile.Write(_folder["file"], stream =>
        {
            stream.Write("new"u8);
            throw new InvalidOperationException();
        }));
        Assert.AreEqual("old", File.ReadAllText(_folder["file"]));
        Assert.HasCount(1, Directory.GetFileSystemEntries(_folder[""]));
    }

    [TestMethod]
    [OSCondition(ConditionMode.Exclude, OperatingSystems.Windows)]
    [UnsupportedOSPlatform("windows")]
    public void Permissions_stay_and_links_stay_links()
    {
        Write("file", "secret");
        File.SetUnixFileMode(_folder["file"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.CreateSymbolicLink(_folder["link"], _folder["file"]);
        File.CreateSymbolicLink(_folder["chain"], "link");
        Write("chain", "new");
        Assert.AreEqual("new", File.ReadAllText(_folder["file"]));
        Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder["file"]));
        Assert.IsNotNull(new FileInfo(_folder["link"]).LinkTarget);
        Assert.IsNotNull(new FileInfo(_folder["chain"]).LinkTarget);

        File.CreateSymbolicLink(_folder["dangling"], "made");
        Write("dangling", "there");
        Assert.AreEqual("there", File.ReadAllText(_folder["made"]));
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public void What_is_no_regular_file_is_refused_and_stays()
    {
        using (Process make = Process.Start("mkfifo", _folder["pipe"]))
            make.WaitForExit();
        File.CreateSymbolicLink(_folder["device"], "/dev/null");
        Directory.CreateDirectory(_folder["folder"]);
        foreach (string name in (string[])["pipe", "device", "folder"])
            StringAssert.Contains(Assert.ThrowsExactly<IOException>(() => Write(name, "x")).Message, "expected a file");
        Assert.IsFalse(RegularFile.IsRegular("/dev/null"));
        Assert.IsFalse(RegularFile.IsRegular(_folder["pipe"]));
        Assert.ThrowsExactly<InvalidDataException>(() => RegularFile.ReadAllBytes(_folder["pipe"]));
        Assert.ThrowsExactly<InvalidDataException>(() => RegularFile.ReadAllBytes("/dev/zero"));
    }

    [TestMethod]
    public void What_a_killed_process_left_is_swept_and_what_a_living_one_writes_stays()
    {
        File.WriteAllText(_folder[".file.dead.unfinished"], "left");
        File.WriteAllText(_folder[".file.young.unfinished"], "just made");
        File.WriteAllText(_folder["mine.unfinished"], "somebody's own");
        using var living = new FileStream(_folder[".file.living.unfinished"], FileMode.Create, FileAccess.ReadWrite, FileShare.Delete);
        foreach (string name in (string[])[".file.dead.unfinished", "mine.unfinished", ".file.living.unfinished"])
            File.SetLastWriteTimeUtc(_folder[name], new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Write("file", "new");
        CollectionAssert.AreEquivalent(
            new[] { "file", "mine.unfinished", ".file.young.unfinished", ".file.living.unfinished" },
            Directory.GetFiles(_folder[""]).Select(file => Path.GetFileName(file)).ToArray());
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public void Two_folders_change_places_in_one_step()
    {
        foreach (string name in (string[])["a", "b"])
        {
            Directory.CreateDirectory(_folder[name]);
            File.WriteAllText(_folder[$"{name}/name"], name);
        }

        Assert.IsTrue(Posix.TryExchange(_folder["a"], _folder["b"]));
        Assert.AreEqual("b", File.ReadAllText(_folder["a/name"]));
        Assert.AreEqual("a", File.ReadAllText(_folder["b/name"]));
        Assert.IsFalse(Posix.TryExchange(_folder["a"], _folder["none"]));
    }

    private void Write(string name, string text) => AtomicFile.Write(_folder[name], stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(text)));
}
