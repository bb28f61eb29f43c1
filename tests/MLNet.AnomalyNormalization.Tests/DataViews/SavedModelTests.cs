using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.DataViews;

namespace MLNet.AnomalyNormalization.Tests.DataViews;

[TestClass]
public sealed class SavedModelTests : IDisposable
{
    private readonly MLContext _mlContext = new(seed: 1);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow("paren40000.zip", "an expression", DisplayName = "an expression of forty thousand parentheses, which ended the process")]
    [DataRow("zip_hang_candidate.zip", "the vector of column 'Map'", DisplayName = "one changed byte, which was read for ever")]
    public void Models_from_the_field_that_harm_are_refused(string file, string reason)
    {
        string path = Path.Combine(Repository.Root, "..", "shared", "cases", file);
        if (!File.Exists(path))
            Assert.Inconclusive($"The case {file} is not on this machine.");
        StringAssert.Contains(AssertRefused(path), reason);
    }

    [TestMethod]
    [DataRow("Schema", 0x135, 0x11, "the vector of column 'Map'", DisplayName = "more sizes than a vector has")]
    [DataRow("Schema", 0x33, 0x7F, "the schema claims", DisplayName = "more columns than there can be")]
    [DataRow("Schema", 0x1B, 0x7F, "leads out of it", DisplayName = "columns elsewhere")]
    [DataRow("TransformerChain/Transform_000/Model.key", 0x23, 0x7F, "leads out of it", DisplayName = "a table of strings elsewhere")]
    [DataRow("TransformerChain/Transform_000/Model.key", 0x2A, 0x7F, "leads out of it", DisplayName = "a table of strings without an end")]
    [DataRow("TransformerChain/Model.key", 0x110, (int)'X', "not a model", DisplayName = "an assembly that there isn't")]
    public void A_changed_byte_is_found_before_it_harms(string entry, int offset, int value, string reason)
    {
        SaveModel();
        Change(entry, bytes => bytes[offset] = (byte)value);
        StringAssert.Contains(AssertRefused(_folder["model.zip"]), reason);
    }

    [TestMethod]
    public void No_byte_of_a_model_harms_whatever_it_becomes()
    {
        SaveModel();
        byte[] good = File.ReadAllBytes(_folder["model.zip"]);
        var random = new Random(8);
        int refused = 0;
        for (int i = 0; i < 60; i++)
        {
            File.WriteAllBytes(_folder["model.zip"], good);
            string[] entries = ["Schema", "TransformerChain/Model.key", "TransformerChain/Transform_000/Model.key", "TransformerChain/Transform_002/Model.key"];
            Change(entries[random.Next(entries.Length)], bytes =>
            {
                int at = random.Next(bytes.Length);
                bytes[at] ^= (byte)(1 << random.Next(8));
            });
            try
            {
                _ = _mlContext.Model.LoadAnomalyModel(_folder["model.zip"], out _);
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }

        Console.WriteLine($"{refused} of 60 refused");
        Assert.IsGreaterThan(10, refused);
    }

    [TestMethod]
    [DataRow(250, false, DisplayName = "as deep as is read")]
    [DataRow(251, true, DisplayName = "one deeper")]
    public void Expressions_are_read_to_a_depth(int depth, bool isRefused)
    {
        byte[] part = Part($"x => {new string('(', depth)}x{new string(')', depth)}");
        if (isRefused)
            StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => ModelPart.Check(part)).Message, "nested more than 250");
        else
            ModelPart.Check(part);
    }

    [TestMethod]
    public void Expressions_are_read_to_a_length()
        => StringAssert.Contains(
            Assert.ThrowsExactly<InvalidDataException>(() => ModelPart.Check(Part($"x => x{string.Concat(Enumerable.Repeat("+1f", 20_000))}"))).Message,
            "60006 characters");

    [TestMethod]
    public void A_file_with_too_many_or_too_deep_parts_or_one_that_expands_without_measure_is_refused()
    {
        Write(archive =>
        {
            for (int i = 0; i <= 10_000; i++)
                archive.CreateEntry($"{i}");
        });
        StringAssert.Contains(AssertRefused(_folder["model.zip"]), "10001 parts");

        Write(archive => archive.CreateEntry(string.Concat(Enumerable.Repeat("TransformerChain/", 40)) + "Model.key"));
        StringAssert.Contains(AssertRefused(_folder["model.zip"]), "32 parts deep");

        Write(archive =>
        {
            using Stream entry = archive.CreateEntry("Model.key", CompressionLevel.SmallestSize).Open();
            for (int i = 0; i < 70; i++)
                entry.Write(new byte[1 << 20]);
        });
        StringAssert.Contains(AssertRefused(_folder["model.zip"]), "would expand");

        void Write(Action<ZipArchive> fill)
        {
            using FileStream file = File.Create(_folder["model.zip"]);
            using var archive = new ZipArchive(file, ZipArchiveMode.Create);
            fill(archive);
        }
    }

    [TestMethod]
    public void A_model_is_saved_whole_or_not_at_all()
    {
        IDataView data = Data();
        ITransformer model = Model(data);
        _mlContext.Model.SaveAnomalyModel(model, data.Schema, _folder["model.zip"]);
        Assert.IsNotNull(_mlContext.Model.LoadAnomalyModel(_folder["model.zip"], out DataViewSchema? schema).FindAnomalyNormalization());
        Assert.IsNotNull(schema!.GetColumnOrNull("Map"));

        byte[] before = File.ReadAllBytes(_folder["model.zip"]);
        Assert.ThrowsExactly<InvalidOperationException>(
            () => _mlContext.Model.SaveAnomalyModel(new Unsavable(), data.Schema, _folder["model.zip"]));
        CollectionAssert.AreEqual(before, File.ReadAllBytes(_folder["model.zip"]));
        Assert.HasCount(1, Directory.GetFiles(_folder[""]));
    }

    private string AssertRefused(string path)
        => Assert.ThrowsExactly<InvalidDataException>(() => _mlContext.Model.LoadAnomalyModel(path, out _)).Message;

    private IDataView Data() => _mlContext.Data.LoadFromEnumerable([new Row()]);

    private AnomalyNormalizationTransformer Model(IDataView data)
        => _mlContext.Transforms.NormalizeAnomaly(new AnomalyThresholds(1.5, 0.75), new AnomalyNormalizationOptions { MapColumnName = "Map" }).Fit(data);

    private void SaveModel()
    {
        IDataView data = Data();
        _mlContext.Model.Save(Model(data), data.Schema, _folder["model.zip"]);
    }

    private void Change(string name, Action<byte[]> change)
    {
        using ZipArchive archive = ZipFile.Open(_folder["model.zip"], ZipArchiveMode.Update);
        ZipArchiveEntry entry = archive.GetEntry(name)!;
        byte[] bytes = ModelPart.Read(entry);
        change(bytes);
        entry.Delete();
        using Stream stream = archive.CreateEntry(name).Open();
        stream.Write(bytes);
    }

    // A component of expressions with one string.
    private static byte[] Part(string expression)
    {
        byte[] characters = Encoding.Unicode.GetBytes(expression);
        byte[] part = new byte[256 + 8 + characters.Length + 8];
        Encoding.ASCII.GetBytes("EXPRTRNF").CopyTo(part, 64);
        foreach ((int field, long value) in ((int, long)[])
            [(16, 256), (24, 0), (32, 256), (40, 8), (48, 264), (56, characters.Length), (128, part.Length - 8), (256, characters.Length)])
            BinaryPrimitives.WriteInt64LittleEndian(part.AsSpan(field), value);
        characters.CopyTo(part, 264);
        return part;
    }

    private sealed class Row
    {
        public float Score { get; set; }

        [VectorType(4)]
        public float[] Map { get; set; } = new float[4];
    }

    private sealed class Unsavable : ITransformer
    {
        public bool IsRowToRowMapper => false;

        public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => inputSchema;

        public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => throw new InvalidOperationException();

        public void Save(ModelSaveContext ctx) => throw new InvalidOperationException("half-way");

        public IDataView Transform(IDataView input) => input;
    }
}
