using System.Diagnostics;
using System.Text;
using System.Text.Json;
using MLNet.AnomalyNormalization.Files;

namespace MLNet.AnomalyNormalization.Tests.Files;

[TestClass]
public sealed class JsonFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow("[]", "an array at the top level; expected an object with a", DisplayName = "an array")]
    [DataRow("\"x\"", "a text at", DisplayName = "a text")]
    [DataRow("1", "a number at", DisplayName = "a number")]
    [DataRow("null", "holds null at", DisplayName = "null")]
    [DataRow("true", "holds true at", DisplayName = "true")]
    public void What_is_no_object_is_called_by_its_name(string json, string message)
        => StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => Read(Encoding.UTF8.GetBytes(json))).Message, message);

    [TestMethod]
    [DataRow("utf-16", true, DisplayName = "little-endian, with a byte order mark")]
    [DataRow("utf-16BE", true, DisplayName = "big-endian, with a byte order mark")]
    [DataRow("utf-16", false, DisplayName = "little-endian, without a mark")]
    [DataRow("utf-16BE", false, DisplayName = "big-endian, without a mark")]
    public void UTF_16_is_called_so(string encoding, bool hasMark)
    {
        var utf16 = Encoding.GetEncoding(encoding);
        var e = Assert.ThrowsExactly<InvalidDataException>(
            () => Read([.. hasMark ? utf16.GetPreamble() : [], .. utf16.GetBytes("""{"a": 1}""")]));
        StringAssert.Contains(e.Message, "UTF-16");
        StringAssert.Contains(e.Message, "Save it as UTF-8");
    }

    [TestMethod]
    public void What_is_no_JSON_is_told_with_its_place_once_counted_from_one()
    {
        string message = Assert.ThrowsExactly<InvalidDataException>(() => Read("{\n\"a\": NaN}"u8.ToArray())).Message;
        StringAssert.EndsWith(message, "is not valid JSON at line 2, byte 6: 'N' is an invalid start of a value.");
    }

    [TestMethod]
    public void Comments_and_trailing_commas_are_allowed()
        => Assert.AreEqual(1, Read("/* from the line */ {\"a\": 1, // raw\n}"u8.ToArray()));

    [TestMethod]
    public void A_reader_that_finds_another_value_says_what_the_file_has()
    {
        var e = Assert.ThrowsExactly<InvalidDataException>(() => Read("""{"a": [1]}"""u8.ToArray()));
        StringAssert.EndsWith(e.Message, "has 'a': [1]; expected a finite number.");
    }

    [TestMethod]
    [Timeout(30_000)]
    public void A_pipe_and_a_device_are_refused_before_they_are_opened()
    {
        if (OperatingSystem.IsWindows())
            Assert.Inconclusive("needs mkfifo and /dev/zero");

        string pipe = _folder["pipe.json"], link = _folder["link.json"];
        using (Process make = Process.Start("mkfifo", [pipe]))
            make.WaitForExit();
        File.CreateSymbolicLink(link, "/dev/zero");
        foreach (string path in (string[])[pipe, link, "/dev/zero"])
        {
            var e = Assert.ThrowsExactly<InvalidDataException>(() => AnomalyThresholds.Load(path));
            StringAssert.Contains(e.Message, path);
            StringAssert.Contains(e.Message, "no regular file");
        }
    }

    [TestMethod]
    public void A_link_is_read_as_its_target()
    {
        File.WriteAllText(_folder["target.json"], """{"a": 1}""");
        File.CreateSymbolicLink(_folder["link.json"], "target.json");
        Assert.AreEqual(1, JsonFile.Read(_folder["link.json"], "an object", RequireA));
    }

    private static double RequireA(JsonElement root) => JsonFile.RequireNumber(root, "a");

    private double Read(byte[] content)
    {
        string path = _folder["file.json"];
        File.WriteAllBytes(path, content);
        return JsonFile.Read(path, "an object with a", RequireA);
    }
}
