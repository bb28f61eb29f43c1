using MLNet.AnomalyNormalization.Onnx.Files;
using MLNet.AnomalyNormalization.Onnx.Format;
using MLNet.AnomalyNormalization.Onnx.Scoring;
using MLNet.AnomalyNormalization.Tests;

namespace MLNet.AnomalyNormalization.Onnx.Tests.Files;

[TestClass]
public sealed class ExternalDataTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow("model.onnx.data", DisplayName = "beside the model")]
    [DataRow("weights/model.bin", DisplayName = "in a folder within")]
    public void External_data_goes_with_a_model_that_is_baked_into_another_folder(string location)
    {
        string path = Save(location);
        string output = Path.Combine(Directory.CreateDirectory(_folder["other"]).FullName, "baked.onnx");
        AnomalyOnnxModel.Open(path).BakeNormalization(output, new(0.6, 0.3));
        CollectionAssert.AreEqual(File.ReadAllBytes(_folder[location]), File.ReadAllBytes(Path.Combine(_folder["other"], location)));
        AssertRuns(output);

        AnomalyOnnxModel.Open(path).BakeNormalization(output, new(0.7, 0.3));
        AssertRuns(output);
        Assert.AreEqual(0.7, AnomalyOnnxModel.Open(output).Thresholds!.Image);
    }

    [TestMethod]
    public void External_data_stays_where_it_is_for_a_model_that_is_baked_into_its_own_folder()
    {
        AnomalyOnnxModel.Open(Save("model.data")).BakeNormalization(_folder["baked.onnx"], new(0.6, 0.3));
        AssertRuns(_folder["baked.onnx"]);
        Assert.HasCount(3, Directory.GetFiles(_folder[""]));
    }

    [TestMethod]
    public void Baking_that_was_told_to_stop_leaves_everything_as_it_was()
    {
        ModelProto model = OnnxFile.Read(Save("model.data"));
        string other = Directory.CreateDirectory(_folder["other"]).FullName;
        string baked = Path.Combine(other, "baked.onnx");
        File.WriteAllText(baked, "of yesterday");
        var stopped = new CancellationToken(canceled: true);
        Assert.ThrowsExactly<OperationCanceledException>(
            () => AnomalyOnnxModel.Open(_folder["model.onnx"]).BakeNormalization(baked, new(0.6, 0.3), cancellationToken: stopped));
        Assert.ThrowsExactly<OperationCanceledException>(() => ExternalData.CopyInto(other, model.Graph, _folder[""], stopped), "within the data");
        Assert.ThrowsExactly<OperationCanceledException>(() => OnnxFile.Write(ModelFile.Vision(), _folder[""], baked, stopped), "within the model");
        CollectionAssert.AreEqual((string[])[baked], Directory.GetFiles(other));
        Assert.AreEqual("of yesterday", File.ReadAllText(baked));
    }

    [TestMethod]
    public void Other_data_in_the_place_of_external_data_is_never_overwritten()
    {
        string path = Save("model.data");
        string other = Directory.CreateDirectory(_folder["other"]).FullName;
        File.WriteAllText(Path.Combine(other, "model.data"), "something else, of the same length");
        var e = Assert.ThrowsExactly<IOException>(() => AnomalyOnnxModel.Open(path)
            .BakeNormalization(Path.Combine(other, "baked.onnx"), new(0.6, 0.3)));
        StringAssert.Contains(e.Message, "holds other data");
        CollectionAssert.AreEqual(new[] { Path.Combine(other, "model.data") }, Directory.GetFiles(other));
    }

    [TestMethod]
    public void A_model_at_the_root_of_the_file_system_finds_its_data()
    {
        ModelProto model = ModelFile.Vision().WithExternalData("weight", _folder["weights.bin"][1..], bytes => File.WriteAllBytes(_folder["weights.bin"], bytes));
        ExternalData.Check(model.Graph, Path.GetPathRoot(_folder["weights.bin"])!);
    }

    [TestMethod]
    public void More_data_than_one_file_can_hold_is_refused_by_the_limit_before_it_is_read()
    {
        ModelProto model = ModelFile.Vision().WithExternalData("weight", "bank.bin", _ => { });
        model.Graph.Initializer.First(tensor => tensor.Name == "weight").ExternalData.Single(entry => entry.Key == "length").Value = $"{3L << 30}";
        using (FileStream sparse = File.Create(_folder["bank.bin"]))
            sparse.SetLength(3L << 30);
        AnomalyOnnxModel opened = AnomalyOnnxModel.Open(model.Save(_folder["model.onnx"]));
        var e = Assert.ThrowsExactly<InvalidDataException>(() => new ScoringGraph(opened));
        StringAssert.Contains(e.Message, "the most that one ONNX file");
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    [DataRow("folder", DisplayName = "a folder that is a link out of the model's")]
    [DataRow("file", DisplayName = "a file that is a link out of the folder")]
    [DataRow("device", DisplayName = "a link to a device without end")]
    public void Data_behind_a_link_that_leads_out_of_the_folder_is_refused(string kind)
    {
        using var elsewhere = new TemporaryFolder();
        string path = Save("sub/weights.bin");
        File.Move(_folder["sub/weights.bin"], elsewhere["weights.bin"]);
        if (kind == "folder")
        {
            Directory.Delete(_folder["sub"]);
            Directory.CreateSymbolicLink(_folder["sub"], elsewhere[""]);
        }
        else
        {
            File.CreateSymbolicLink(_folder["sub/weights.bin"], kind == "file" ? elsewhere["weights.bin"] : "/dev/zero");
        }

        var e = Assert.ThrowsExactly<InvalidDataException>(() => AnomalyOnnxModel.Open(path));
        StringAssert.Contains(e.Message, "leads out of the model's folder");
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public void A_link_within_the_folder_and_a_folder_that_is_a_link_are_followed()
    {
        string path = Save("weights.bin");
        File.Move(_folder["weights.bin"], _folder["blob"]);
        File.CreateSymbolicLink(_folder["weights.bin"], "blob");
        AnomalyOnnxModel.Open(path).BakeNormalization(_folder["baked.onnx"], new(0.6, 0.3));
        AssertRuns(_folder["baked.onnx"]);

        using var elsewhere = new TemporaryFolder();
        Directory.CreateSymbolicLink(elsewhere["link"], _folder[""]);
        _ = AnomalyOnnxModel.Open(Path.Combine(elsewhere["link"], "model.onnx"));
    }

    [TestMethod]
    public void A_model_is_never_written_over_its_own_data_nor_under_a_name_that_OnnxRuntime_takes_for_another_format()
    {
        string path = Save("weights.bin");
        byte[] weights = File.ReadAllBytes(_folder["weights.bin"]);
        AnomalyOnnxModel model = AnomalyOnnxModel.Open(path);
        StringAssert.Contains(
            Assert.ThrowsExactly<IOException>(() => model.BakeNormalization(_folder["weights.bin"], new(1, 1))).Message, "the model's own data");
        Directory.CreateDirectory(_folder["other"]);
        Assert.ThrowsExactly<IOException>(() => model.BakeNormalization(_folder["other/weights.bin"], new(1, 1)));
        Assert.ThrowsExactly<ArgumentException>(() => model.BakeNormalization(_folder["y.ort"], new(1, 1)));
        CollectionAssert.AreEqual(weights, File.ReadAllBytes(_folder["weights.bin"]));
        CollectionAssert.AreEquivalent(
            new[] { "model.onnx", "weights.bin" }, Directory.GetFiles(_folder[""]).Select(file => Path.GetFileName(file)).ToArray());
    }

    [TestMethod]
    public void Models_that_share_their_data_can_be_written_at_once()
    {
        AnomalyOnnxModel model = AnomalyOnnxModel.Open(Save("weights.bin"));
        Directory.CreateDirectory(_folder["other"]);
        Parallel.For(0, 8, i => model.BakeNormalization(_folder[$"other/{i}.onnx"], new(1 + i, 1)));
        for (int i = 0; i < 8; i++)
            AssertRuns(_folder[$"other/{i}.onnx"]);
        Assert.HasCount(9, Directory.GetFiles(_folder["other"]));
    }

    [TestMethod]
    public void Missing_and_truncated_external_data_is_refused_with_the_file_and_the_tensor()
    {
        string path = Save("model.data");
        File.WriteAllBytes(_folder["model.data"], new byte[16]);
        var truncated = Assert.ThrowsExactly<InvalidDataException>(() => AnomalyOnnxModel.Open(path));
        StringAssert.Contains(truncated.Message, "'weight' is at 8 + 16 in 'model.data', which has 16 bytes");

        File.Delete(_folder["model.data"]);
        var missing = Assert.ThrowsExactly<InvalidDataException>(() => AnomalyOnnxModel.Open(path));
        StringAssert.Contains(missing.Message, path);
        StringAssert.Contains(missing.Message, "'model.data' with the data of tensor 'weight' is missing");
    }

    [TestMethod]
    [DataRow("../outside.data", DisplayName = "above the folder")]
    [DataRow("a/../../outside.data", DisplayName = "above the folder, the long way")]
    [DataRow("/etc/hostname", DisplayName = "absolute")]
    [DataRow("", DisplayName = "nothing")]
    [DataRow(".", DisplayName = "the folder itself")]
    [DataRow("a\0b", DisplayName = "no file name")]
    public void External_data_outside_the_folder_of_the_model_is_refused(string location)
    {
        Directory.CreateDirectory(_folder["inner"]);
        ModelProto model = ModelFile.Vision().WithExternalData(
            "weight", location, bytes => File.WriteAllBytes(_folder["outside.data"], bytes));
        string path = model.Save(_folder["inner/model.onnx"]);
        StringAssert.Contains(
            Assert.ThrowsExactly<InvalidDataException>(() => AnomalyOnnxModel.Open(path)).Message, "within the model's folder");
    }

    [TestMethod]
    [DataRow("offset", "many", DisplayName = "an offset that is no number")]
    [DataRow("offset", "-1", DisplayName = "a negative offset")]
    [DataRow("length", "99999999999999999999", DisplayName = "a length beyond all numbers")]
    [DataRow("length", "9223372036854775807", DisplayName = "a length beyond the file")]
    public void Offsets_and_lengths_that_are_none_are_refused(string key, string value)
    {
        ModelProto model = ModelFile.Vision().WithExternalData(
            "weight", "model.data", bytes => File.WriteAllBytes(_folder["model.data"], bytes), offset: 8);
        model.Graph.Initializer.Single(tensor => tensor.Name == "weight").ExternalData.Single(entry => entry.Key == key).Value = value;
        Assert.ThrowsExactly<InvalidDataException>(() => AnomalyOnnxModel.Open(model.Save(_folder["model.onnx"])));
    }

    [TestMethod]
    public void Tensors_within_nodes_and_inner_graphs_are_checked_too()
    {
        ModelProto model = ModelFile.Vision();
        TensorProto tensor = ModelFile.Tensor("hidden", typeof(float), [1], [1]);
        tensor.DataLocation = TensorProto.Types.DataLocation.External;
        tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = "nowhere" });
        var constant = new NodeProto
        {
            OpType = "Constant",
            Output = { "c" },
            Attribute = { new AttributeProto { Name = "value", T = tensor } }
        };
        model.Graph.Node.Add(new NodeProto
        {
            OpType = "If",
            Attribute = { new AttributeProto { Name = "then_branch", G = new GraphProto { Node = { constant } } } },
        });
        StringAssert.Contains(
            Assert.ThrowsExactly<InvalidDataException>(() => AnomalyOnnxModel.Open(model.Save(_folder["model.onnx"]))).Message,
                "'hidden' is missing");
    }

    private static void AssertRuns(string path)
    {
        using var runtime = new Runtime(path);
        Assert.HasCount(1, runtime.Run<float>("normalized_score", ("input", new float[72], [1, 3, 4, 6])));
    }

    private string Save(string location)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[location])!);
        return ModelFile.Vision().WithExternalData("weight", location, bytes => File.WriteAllBytes(_folder[location], bytes), offset: 8)
            .Save(_folder["model.onnx"]);
    }
}
