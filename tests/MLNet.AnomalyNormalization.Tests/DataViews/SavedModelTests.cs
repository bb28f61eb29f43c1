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
    [DataRow("TransformerChain/Model.key", 0x103, 0x7F, "transformers, in", DisplayName = "a chain of more transformers than the file has")]
    [DataRow("TransformerChain/Model.key", 0x103, 0xFF, "transformers, in", DisplayName = "a chain of less than none")]
    public void A_changed_byte_is_found_before_it_harms(string entry, int offset, int value, string reason)
    {
        SaveModel();
        Change(entry, bytes => bytes[offset] = (byte)value);
        StringAssert.Contains(AssertRefused(_folder["model.zip"]), reason);
    }

    [TestMethod]
    public void A_byte_that_changed_after_saving_is_found_by_the_sum_of_its_part()
    {
        SaveModel();
        byte[] good = File.ReadAllBytes(_folder["model.zip"]);
        int part = good.AsSpan().IndexOf("TransformerChain/Transform_000/Model.key"u8);
        Assert.IsGreaterThan(0, part);
        for (int at = part + 60; at < part + 260; at += 20)
        {
            byte[] damaged = [.. good];
            damaged[at] ^= 0x10;
            StringAssert.Matches(
                Assert.ThrowsExactly<InvalidDataException>(() => _mlContext.Model.LoadAnomalyModel(new MemoryStream(damaged), out _)).Message,
                new("is damaged|not a model"), $"byte {at}");
        }
    }

    [TestMethod]
    public void The_types_of_annotations_are_checked_as_those_of_columns_are()
    {
        IDataView data = _mlContext.Data.LoadFromEnumerable([new NamedRow()]);
        data = _mlContext.Transforms.Conversion.MapValueToKey("Key", "Name").Fit(data).Transform(data);
        _mlContext.Model.Save(Model(data), data.Schema, _folder["model.zip"]);
        Assert.IsNotNull(_mlContext.Model.LoadAnomalyModel(_folder["model.zip"], out _));

        // After the annotation's name stand its codec and the length of that, its items' codec, and the number of sizes.
        Change("Schema", bytes =>
        {
            int annotation = bytes.AsSpan().IndexOf("KeyValues"u8);
            int sizes = annotation + bytes.AsSpan(annotation).IndexOf("TextSpan"u8) + "TextSpan".Length + 1;
            Assert.AreEqual(1, BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(sizes)));
            bytes[sizes + 3] = 0x10;
        });
        StringAssert.Contains(AssertRefused(_folder["model.zip"]), "the vector of column 'Key.KeyValues'");
    }

    [TestMethod]
    public void The_schema_that_a_trainer_saves_is_checked_as_the_models_own_is()
    {
        IDataView data = _mlContext.Data.LoadFromEnumerable([.. Enumerable.Range(0, 20).Select(i => new Row { Map = [i, i * i % 7, i % 5, 1] })]);
        _mlContext.Model.Save(_mlContext.AnomalyDetection.Trainers.RandomizedPca("Map", rank: 2).Fit(data), data.Schema, _folder["model.zip"]);
        string schema;
        using (ZipArchive archive = ZipFile.OpenRead(_folder["model.zip"]))
            schema = archive.Entries.Single(entry => entry.Name == "TrainSchema").FullName;
        Change(schema, bytes => bytes[bytes.AsSpan().IndexOf("VBuffer"u8) + "VBuffer".Length + 1 + "\u0006Single\0".Length + 3] = 0x10);
        StringAssert.Contains(AssertRefused(_folder["model.zip"]), "the vector of column 'Map'");
    }

    [TestMethod]
    [DataRow(2, false, DisplayName = "a vector of keys of numbers")]
    [DataRow(3, true, DisplayName = "one level more")]
    public void Types_are_read_to_a_depth(int depth, bool isRefused)
    {
        byte[] type = [5, .. "Int32"u8, 0];
        for (int i = 0; i < depth; i++)
            type = [7, .. "VBuffer"u8, (byte)(type.Length + 4), .. type, 0, 0, 0, 0];
        byte[] schema = [.. new byte[56], 1, (byte)'x', .. type, 0, 0, .. new byte[16]];
        schema[24] = 56;
        schema[48] = 1;
        if (isRefused)
            StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => SavedSchema.Check(schema)).Message, "more than 2 levels deep");
        else
            SavedSchema.Check(schema);
    }

    [TestMethod]
    [DataRow("TransformerChain/Model.key", DisplayName = "as ML.NET writes it")]
    [DataRow("TransformerChain\\Model.key", DisplayName = "as ML.NET reads it, too")]
    public void A_part_is_checked_however_its_name_is_written(string name)
    {
        byte[] part = Part(new string('(', 2_000));
        using (ZipArchive archive = ZipFile.Open(_folder["model.zip"], ZipArchiveMode.Create))
        using (Stream stream = archive.CreateEntry(name).Open())
            stream.Write(part);
        StringAssert.Contains(AssertRefused(_folder["model.zip"]), "an expression has 2000 words and signs");
    }

    [TestMethod]
    public void What_is_no_regular_file_and_what_cannot_seek_is_refused_at_once()
    {
        Assert.ThrowsExactly<FileNotFoundException>(() => _mlContext.Model.LoadAnomalyModel(_folder["none.zip"], out _));
        using var packed = new DeflateStream(new MemoryStream(), CompressionMode.Decompress);
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => _mlContext.Model.LoadAnomalyModel(packed, out _)).Message, "can't seek");
        if (OperatingSystem.IsLinux())
            StringAssert.Contains(AssertRefused("/dev/zero"), "/dev/zero");
    }

    [TestMethod]
    [DataRow("x => {0}x{1}", "(", ")", 498, DisplayName = "brackets within brackets")]
    [DataRow("x => {0}x", "-", "", 996, DisplayName = "signs in a row")]
    [DataRow("x => x{0}", "+1f", "", 498, DisplayName = "operators in a row")]
    [DataRow("x => {0} x", "not ", "", 996, DisplayName = "words in a row")]
    public void Expressions_are_read_to_a_number_of_words_and_signs(string expression, string before, string after, int most)
    {
        ModelPart.Check(Part(Times(most)), entries: 1);
        StringAssert.Contains(
            Assert.ThrowsExactly<InvalidDataException>(() => ModelPart.Check(Part(Times(most + 1)), entries: 1)).Message, "at most 1000 are read");

        string Times(int count) => expression
            .Replace("{0}", string.Concat(Enumerable.Repeat(before, count)), StringComparison.Ordinal)
            .Replace("{1}", string.Concat(Enumerable.Repeat(after, count)), StringComparison.Ordinal);
    }

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
        byte[] bytes;
        using (ZipArchive before = ZipFile.OpenRead(_folder["model.zip"]))
            bytes = ModelPart.Read(before.GetEntry(name)!);
        change(bytes);
        using ZipArchive archive = ZipFile.Open(_folder["model.zip"], ZipArchiveMode.Update);
        archive.GetEntry(name)!.Delete();
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

    private class Row
    {
        public float Score { get; set; }

        [VectorType(4)]
        public float[] Map { get; set; } = new float[4];
    }

    private sealed class NamedRow : Row
    {
        public string Name { get; set; } = "part";
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
