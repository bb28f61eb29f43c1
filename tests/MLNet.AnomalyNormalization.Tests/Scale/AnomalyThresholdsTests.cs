using System.Text;
using System.Text.Json;

namespace MLNet.AnomalyNormalization.Tests;

[TestClass]
public sealed class AnomalyThresholdsTests : IDisposable
{
    private const string Quadra = """
        {"input_size": [224, 224], "classes": null, "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225],
         "image_threshold": 1.2400000095367432, "pixel_threshold": 0.8, "anomaly_method": "padim"}
        """;

    private const string Anomalib = """
        {"task": "segmentation", "transform": {"transform": {"image_threshold": 5, "transforms": []}},
         "pixel_threshold": -2.5, "image_threshold": 14, "min": 3.2, "max": 53.1}
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow(Quadra, 1.2400000095367432, 0.8, DisplayName = "quadra's model.json")]
    [DataRow(Anomalib, 14, -2.5, DisplayName = "anomalib's metadata.json, with a nested key of the same name")]
    [DataRow("\uFEFF" + """{"image_threshold":1e-3,"pixel_threshold":0}""", 0.001, 0, DisplayName = "with a byte order mark")]
    public void Load_reads_the_two_numbers_and_ignores_other_keys(string json, double image, double pixel)
        => Assert.AreEqual(new AnomalyThresholds(image, pixel), AnomalyThresholds.Load(Write(json)));

    [TestMethod]
    [DataRow("", "is empty", DisplayName = "empty")]
    [DataRow("{\"image_threshold\": 1,\n \"pixel_thr", "line 2", DisplayName = "truncated")]
    [DataRow("PK\u0003\u0004 zip", "line 1", DisplayName = "another kind of file")]
    [DataRow("""{"image_threshold": NaN, "pixel_threshold": 1}""", "line 1", DisplayName = "a bare NaN, which Python writes")]
    [DataRow("""{"image_threshold": 1, "pixel_threshold": -Infinity}""", "line 1", DisplayName = "a bare Infinity")]
    [DataRow("""{"image_threshold": 1}""", "pixel_threshold", DisplayName = "a missing key")]
    [DataRow("""{"image_threshold": "1.5", "pixel_threshold": 1}""", "image_threshold", DisplayName = "text in place of a number")]
    [DataRow("""{"image_threshold": null, "pixel_threshold": 1}""", "image_threshold", DisplayName = "null in place of a number")]
    [DataRow("""{"image_threshold": 1, "pixel_threshold": 1e999}""", "pixel_threshold", DisplayName = "a number beyond the range of a double")]
    [DataRow("[1, 2]", "an array", DisplayName = "an array at the top level")]
    [DataRow("3", "a number", DisplayName = "a number at the top level")]
    public void Load_refuses_what_holds_no_thresholds_and_names_the_file_and_the_place(string content, string place)
    {
        string path = Write(content);
        var e = Assert.ThrowsExactly<InvalidDataException>(() => AnomalyThresholds.Load(path));
        StringAssert.Contains(e.Message, path);
        StringAssert.Contains(e.Message, place);
    }

    [TestMethod]
    public void Load_refuses_text_that_is_not_UTF_8()
    {
        string path = Write("");
        File.WriteAllBytes(path, [.. "{\"image_threshold\": \""u8, 0x80, .. "\", \"pixel_threshold\": 1}"u8]);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => AnomalyThresholds.Load(path)).Message, path);
    }

    [TestMethod]
    public void Load_refuses_deep_nesting_and_huge_files()
    {
        string deep = Write(new string('[', 100_000));
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => AnomalyThresholds.Load(deep)).Message, deep);

        string huge = Write("");
        using (FileStream stream = File.OpenWrite(huge))
            stream.SetLength(3L << 30);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => AnomalyThresholds.Load(huge)).Message, "3221225472 bytes");
    }

    [TestMethod]
    public void Load_names_a_file_that_is_missing()
    {
        string path = _folder["nowhere.json"];
        var e = Assert.ThrowsExactly<FileNotFoundException>(() => AnomalyThresholds.Load(path));
        Assert.AreEqual(path, e.FileName);
        StringAssert.Contains(e.Message, path);
    }

    [TestMethod]
    [DataRow(double.NaN, DisplayName = "NaN")]
    [DataRow(double.PositiveInfinity, DisplayName = "infinite")]
    public void Thresholds_that_are_not_finite_are_refused_also_by_with(double value)
    {
        Assert.AreEqual("Image", Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new AnomalyThresholds(value, 1)).ParamName);
        Assert.AreEqual("Pixel", Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new AnomalyThresholds(1, value)).ParamName);
        Assert.AreEqual(value, Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new AnomalyThresholds(1, 1) with { Pixel = value }).ActualValue);
    }

    private string Write(string content)
    {
        string path = _folder[$"{content.Length}.json"];
        File.WriteAllText(path, content, new UTF8Encoding(false));
        return path;
    }

    [TestMethod]
    public void Saved_thresholds_are_read_back_bit_by_bit_from_a_file_a_text_and_a_stream()
    {
        var thresholds = new AnomalyThresholds(0.1 + 0.2, -5e-324);
        thresholds.Save(_folder["saved.json"]);
        Assert.AreEqual(thresholds, AnomalyThresholds.Load(_folder["saved.json"]));
        Assert.AreEqual(thresholds, AnomalyThresholds.Parse(File.ReadAllText(_folder["saved.json"])));
        using FileStream stream = File.OpenRead(_folder["saved.json"]);
        Assert.AreEqual(thresholds, AnomalyThresholds.Load(stream));
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => AnomalyThresholds.Load(stream)).Message, "read to its end");
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => AnomalyThresholds.Parse("[]")).Message, "an array");
    }

    [TestMethod]
    public void Saving_into_a_file_keeps_what_else_it_holds_and_refuses_one_that_is_no_object()
    {
        File.WriteAllText(_folder["model.json"],
            """{"image_threshold": 1, "mean": [0.485, 1e-7], "nested": {"image_threshold": 7}, "pixel_threshold": 2, "name": "é"} // of quadra""");
        new AnomalyThresholds(3, 4).Save(_folder["model.json"]);
        Assert.AreEqual(new(3, 4), AnomalyThresholds.Load(_folder["model.json"]));
        JsonElement root = JsonDocument.Parse(File.ReadAllText(_folder["model.json"])).RootElement;
        CollectionAssert.AreEqual(
            new[] { "mean", "nested", "name", "image_threshold", "pixel_threshold" }, root.EnumerateObject().Select(property => property.Name).ToArray());
        Assert.AreEqual("1e-7", root.GetProperty("mean")[1].GetRawText());
        Assert.AreEqual(7, root.GetProperty("nested").GetProperty("image_threshold").GetInt32());
        Assert.AreEqual("é", root.GetProperty("name").GetString());

        File.WriteAllText(_folder["list.json"], "[1]");
        Assert.ThrowsExactly<InvalidDataException>(() => new AnomalyThresholds(3, 4).Save(_folder["list.json"]));
        Assert.AreEqual("[1]", File.ReadAllText(_folder["list.json"]));
    }

    [TestMethod]
    public void A_review_band_is_kept_with_the_thresholds_of_its_scale_and_goes_with_them()
    {
        string path = _folder["model.json"];
        File.WriteAllText(path, """{"image_threshold": 1, "pixel_threshold": 2, "name": "line 4"}""");
        Assert.IsNull(ReviewBand.Load(path));
        new AnomalyThresholds(3, 4).Save(path, reviewBand: new(89.1, 120.3));
        Assert.AreEqual(new ReviewBand(89.1, 120.3), ReviewBand.Load(path));
        Assert.AreEqual(new(3, 4), AnomalyThresholds.Load(path));
        new AnomalyThresholds(5, 6).Save(path);
        Assert.IsNull(ReviewBand.Load(path));
        StringAssert.Contains(File.ReadAllText(path), "line 4");
    }

    [TestMethod]
    [DataRow("""{"review_from": 80}""", "review_to", DisplayName = "half a band")]
    [DataRow("""{"review_from": 80, "review_to": "all"}""", "review_to", DisplayName = "a text")]
    [DataRow("""{"review_from": 0, "review_to": 100}""", "0 < review_from", DisplayName = "from 0 on nothing passes")]
    [DataRow("""{"review_from": 120, "review_to": 80}""", "review_to of 80", DisplayName = "ends before it begins")]
    [DataRow("[]", "an array", DisplayName = "no object")]
    public void A_kept_band_that_cannot_be_is_refused_by_file_and_key(string content, string named)
    {
        string path = Write(content);
        string message = Assert.ThrowsExactly<InvalidDataException>(() => ReviewBand.Load(path)).Message;
        StringAssert.Contains(message, path);
        StringAssert.Contains(message, named);
    }

    [TestMethod]
    [DataRow(3 << 20, true, DisplayName = "numbers that a line each would make too long a file of")]
    [DataRow((16 << 20) - 20, false, DisplayName = "no room for the thresholds")]
    public void What_is_saved_can_be_loaded_or_is_left_as_it_was(int length, bool isSaved)
    {
        string path = _folder["model.json"];
        string before = isSaved ? $$"""{"bank":[1{{string.Concat(Enumerable.Repeat(",1", length / 2))}}]}""" : $$"""{"name":"{{new string('x', length - 11)}}"}""";
        File.WriteAllText(path, before);
        if (isSaved)
        {
            new AnomalyThresholds(3, 4).Save(path);
            Assert.AreEqual(new(3, 4), AnomalyThresholds.Load(path));
            new AnomalyThresholds(5, 6).Save(path);
            Assert.AreEqual(new(5, 6), AnomalyThresholds.Load(path));
        }
        else
        {
            StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => new AnomalyThresholds(3, 4).Save(path)).Message, path);
            Assert.AreEqual(before, File.ReadAllText(path));
        }
    }
}
