using System.Text;
using Google.Protobuf;
using MLNet.AnomalyNormalization.Onnx.Files;
using MLNet.AnomalyNormalization.Onnx.Format;
using MLNet.AnomalyNormalization.Tests;

namespace MLNet.AnomalyNormalization.Onnx.Tests.Files;

[TestClass]
public sealed class OnnxFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow("", DisplayName = "empty")]
    [DataRow("PK\u0003\u0004 a zip", DisplayName = "another kind of file")]
    [DataRow("version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 123456\n", DisplayName = "a pointer that git-lfs left")]
    [DataRow("{\"image_threshold\": 1}", DisplayName = "JSON")]
    [DataRow("\0\0\0\0", DisplayName = "zeros")]
    [DataRow("\u0008\u0008", DisplayName = "a version of the format and nothing else")]
    public void What_is_no_ONNX_model_is_refused_with_its_name(string content)
    {
        string path = _folder["model.onnx"];
        File.WriteAllBytes(path, Encoding.UTF8.GetBytes(content));
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => OnnxFile.Read(path)).Message, path);
    }

    [TestMethod]
    public void A_truncated_model_is_refused_with_the_place()
    {
        string path = _folder["model.onnx"];
        byte[] whole = ModelFile.Vision().ToByteArray();
        File.WriteAllBytes(path, whole[..^100]);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => OnnxFile.Read(path)).Message, "truncated");
    }

    [TestMethod]
    public void A_huge_file_is_refused_by_its_length()
    {
        string path = _folder["model.onnx"];
        using (FileStream stream = File.Create(path))
            stream.SetLength(3L << 30);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => OnnxFile.Read(path)).Message, "3221225472 bytes");
    }

    [TestMethod]
    public void A_file_that_is_there_is_replaced_and_nothing_is_left_beside_it()
    {
        File.WriteAllText(_folder["model.onnx"], "old");
        OnnxFile.Write(ModelFile.Vision(), _folder[""], _folder["model.onnx"]);
        Assert.AreEqual(ModelFile.Vision(), OnnxFile.Read(_folder["model.onnx"]));
        Assert.HasCount(1, Directory.GetFiles(_folder[""]));
    }

    [TestMethod]
    public void A_write_that_fails_leaves_everything_as_it_was()
    {
        Directory.CreateDirectory(_folder["model.onnx"]);
        Directory.CreateDirectory(_folder["source"]);
        ModelProto model = ModelFile.Vision().WithExternalData("weight", "data/weights", bytes =>
        {
            Directory.CreateDirectory(_folder["source/data"]);
            File.WriteAllBytes(_folder["source/data/weights"], bytes);
        });
        try
        {
            OnnxFile.Write(model, _folder["source"], _folder["model.onnx"]);
            Assert.Fail("A folder stands in the place of the file.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Assert.IsEmpty(Directory.GetFiles(_folder[""]));
            Assert.IsFalse(File.Exists(_folder["data/weights"]));
        }
    }
}
