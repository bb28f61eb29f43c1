using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using MLNet.AnomalyNormalization.Onnx.Format;
using MLNet.AnomalyNormalization.Onnx.Graphs;
using MLNet.AnomalyNormalization.Onnx.Models;
using MLNet.AnomalyNormalization.Onnx.Pictures;
using MLNet.AnomalyNormalization.Onnx.Scoring;
using MLNet.AnomalyNormalization.Onnx.Tests.Pictures;
using MLNet.AnomalyNormalization.Tests;
using SkiaSharp;

namespace MLNet.AnomalyNormalization.Onnx.Tests.Verification;

/// <summary>
/// References that a Python with some fault would write, made with our own preparation (which other tests compare with Python's): the
/// report has to find the stage and the fault.
/// </summary>
[TestClass]
public sealed class AnomalyVerificationTests : IDisposable
{
    private const double Threshold = 0.5;

    private readonly TemporaryFolder _folder = new();

    public AnomalyVerificationTests()
    {
        for (int photo = 0; photo < 3; photo++)
            SavePhoto(_folder[$"{photo}.png"], photo);
    }

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void What_agrees_agrees_at_every_stage()
    {
        AnomalyOnnxModel model = Model();
        AnomalyVerification report = model.Verify(Write(model));
        Assert.IsTrue(report.Agrees, report.ToString());
        Assert.IsNull(report.FirstDifference);
        Assert.IsNull(report.Cause);
        Assert.AreEqual(true, report.IsSameModel);
        Assert.AreEqual(3, report.PictureCount);
        CollectionAssert.AreEqual(Enum.GetValues<VerificationStage>(), report.Stages.Select(stage => stage.Stage).ToArray());
        foreach (StageVerification stage in report.Stages)
            Assert.AreEqual(3, stage.PictureCount, $"{stage}");
        StringAssert.Contains(report.ToString(), "All stages agree.");
    }

    [TestMethod]
    public void Stages_that_the_reference_leaves_out_are_not_compared()
    {
        AnomalyOnnxModel model = Model();
        string reference = Write(model, change: picture =>
        {
            foreach (string stage in new[] { "decoded", "prepared", "map", "anomalous" })
                picture.Remove(stage);
        });
        AnomalyVerification report = model.Verify(reference);
        CollectionAssert.AreEqual(new[] { 0, 0, 3, 0, 0 }, report.Stages.Select(stage => stage.PictureCount).ToArray());
        Assert.IsTrue(report.Agrees);
    }

    [TestMethod]
    [DataRow("nearest", "the nearest pixel", DisplayName = "nearest neighbour")]
    [DataRow("aliased", "antialiasing is missing", DisplayName = "missing antialias")]
    [DataRow("bicubic", "bicubic, antialiased", DisplayName = "another resize")]
    [DataRow("blue", "BGR", DisplayName = "BGR")]
    [DataRow("whole", "the crop is missing in Python", DisplayName = "crop missing")]
    [DataRow("raw", "not normalised", DisplayName = "not normalised at all")]
    [DataRow("twice", "normalised twice", DisplayName = "normalised twice")]
    [DataRow("bytes", "0..255", DisplayName = "0..255")]
    public void A_fault_of_the_preparation_is_named(string fault, string cause)
    {
        AnomalyOnnxModel model = Model();
        ImagePreprocessing own = model.Preprocessing;
        string reference = Write(model, fault switch
        {
            "nearest" => own with { Interpolation = ImageInterpolation.Nearest },
            "aliased" => own with { Antialias = false },
            "bicubic" => own with { Interpolation = ImageInterpolation.Bicubic },
            "blue" => own with { IsBlueFirst = true },
            "whole" => own with { Height = 16, Width = 20, CropHeight = null, CropWidth = null },
            "raw" => own with { Mean = [0], StandardDeviation = [1] },
            // ((x - m) / s - m) / s = (x - (m + m s)) / s^2
            "twice" => own with { Mean = [0.3, 0.375, 0.6], StandardDeviation = [0.25, 0.0625, 0.25] },
            _ => own with { PixelDivisor = 1 },
        });
        if (fault == "bytes")
            reference = Write(model, scale: 255);
        AssertFinds(model, reference, VerificationStage.Prepared, cause);
    }

    [TestMethod]
    [DataRow("blue", "BGR", DisplayName = "BGR")]
    [DataRow("aliased", "antialiasing is missing", DisplayName = "missing antialias")]
    public void Where_only_scores_are_told_the_preparation_is_tried_by_them(string fault, string cause)
    {
        AnomalyOnnxModel model = Model();
        ImagePreprocessing own = model.Preprocessing;
        string reference = Write(model, fault == "blue" ? own with { IsBlueFirst = true } : own with { Antialias = false }, picture =>
        {
            picture.Remove("decoded");
            picture.Remove("prepared");
        });
        AssertFinds(model, reference, VerificationStage.Score, cause);
    }

    [TestMethod]
    public void Bytes_in_the_order_blue_green_red_are_named()
    {
        AnomalyOnnxModel model = Model();
        string reference = Write(model, change: picture =>
        {
            picture["decoded"]!.AsObject().Remove("sha256");
            foreach (JsonNode? value in picture["decoded"]!["values"]!.AsArray())
                (value![2], value[4]) = (value[4]!.DeepClone(), value[2]!.DeepClone());
        });
        AssertFinds(model, reference, VerificationStage.Decoded, "BGR");
    }

    [TestMethod]
    public void A_photo_that_Python_turned_is_named()
    {
        AnomalyOnnxModel model = Model();
        for (int photo = 0; photo < 3; photo++)
        {
            using SKBitmap bitmap = SKBitmap.Decode(_folder[$"{photo}.png"]);
            using SKData jpeg = bitmap.Encode(SKEncodedImageFormat.Jpeg, 100);
            File.WriteAllBytes(_folder[$"{photo}.jpg"], PictureFileTests.WithOrientation(jpeg.ToArray(), 6));
        }

        string turned = Write(model, extension: "jpg", library: ImageLibrary.OpenCv);
        AssertFinds(model, turned, VerificationStage.Decoded, "EXIF");
        Assert.IsTrue(model.Verify(Write(model, extension: "jpg")).Agrees);
    }

    [TestMethod]
    public void A_score_that_the_model_itself_clips_is_named()
    {
        // As anomalib 2: clip((raw - 0.5) / 0.25 + 0.5, 0, 1), of the score and of the map.
        ModelProto proto = Network();
        foreach ((string raw, string output) in new[] { ("raw_score", "pred_score"), ("raw_map", "anomaly_map") })
        {
            proto.Graph.Node.Add(ModelFile.Node("Sub", [raw, "half"], [$"{output}_sub"]));
            proto.Graph.Node.Add(ModelFile.Node("Div", [$"{output}_sub", "quarter"], [$"{output}_div"]));
            proto.Graph.Node.Add(ModelFile.Node("Add", [$"{output}_div", "half"], [$"{output}_add"]));
            proto.Graph.Node.Add(ModelFile.Node("Clip", [$"{output}_add", "zero", "one"], [output]));
        }

        AnomalyOnnxModel model = Open(proto);
        Assert.AreEqual(0.25, model.ScorePostProcessing!.Range);
        Assert.IsTrue(model.Verify(Write(model)).Agrees, "raw scores");
        string clipped = Write(model, change: picture
            => picture["score"] = Math.Clamp((((double)picture["score"]! - 0.5) / 0.25) + 0.5, 0, 1));
        AssertFinds(model, clipped, VerificationStage.Score, "a clipped score");
    }

    [TestMethod]
    public void Scores_on_the_scale_of_this_library_are_named()
    {
        AnomalyOnnxModel model = Model();
        var normalizer = new ScoreNormalizer(Threshold);
        string reference = Write(model, change: picture => picture["score"] = normalizer.Normalize((double)picture["score"]!));
        AssertFinds(model, reference, VerificationStage.Score, "normalised scores");
    }

    [TestMethod]
    public void Labels_of_another_threshold_are_named()
    {
        AnomalyOnnxModel model = Model();
        string reference = Write(model, change: picture => picture["anomalous"] = (double)picture["score"]! >= 0.01);
        AssertFinds(model, reference, VerificationStage.Label, "another threshold");
    }

    [TestMethod]
    public void A_difference_that_no_usual_fault_explains_is_called_so()
    {
        AnomalyOnnxModel model = Model();
        AnomalyVerification report = model.Verify(Write(model, change: picture => picture["score"] = (double)picture["score"]! + 0.125));
        Assert.AreEqual(VerificationStage.Score, report.FirstDifference!.Stage);
        Assert.AreEqual(0.125, report.FirstDifference.LargestDifference, 1e-6);
        Assert.AreEqual(3, report.FirstDifference.DifferingCount);
        Assert.IsNull(report.Cause);
        StringAssert.Contains(report.ToString(), "none of the usual ones");
    }

    [TestMethod]
    [DataRow("{}", "no \"format\"", DisplayName = "another file")]
    [DataRow("""{"format": "anomaly-reference", "version": 2, "pictures": []}""", "another version", DisplayName = "a later version")]
    [DataRow("""{"format": "anomaly-reference", "version": 1, "pictures": []}""", "no 'pictures'", DisplayName = "no pictures")]
    [DataRow("""{"format": "anomaly-reference", "version": 1, "pictures": [{}]}""", "no 'file' in pictures[0]", DisplayName = "no file")]
    [DataRow("""{"format": "anomaly-reference", "version": 1, "pictures": [{"file": "0.png", "score": "high"}]}""", "a text in 'score'",
        DisplayName = "a score that is a text")]
    [DataRow("""
        {"format": "anomaly-reference", "version": 1,
         "pictures": [{"file": "0.png", "map": {"height": 2, "width": 2, "values": [[2, 0, 1]]}}]}
        """, "a value at 2 of 2", DisplayName = "a value outside")]
    [DataRow("""
        {"format": "anomaly-reference", "version": 1, "pictures": [{"file": "0.png", "prepared": {"shape": [3, 2, 2], "means": [1]}}]}
        """, "1 'means' for 3 channels", DisplayName = "means of other channels")]
    public void What_is_no_reference_is_refused_by_its_place(string content, string reason)
    {
        AnomalyOnnxModel model = Model();
        File.WriteAllText(_folder["reference.json"], content);
        var e = Assert.ThrowsExactly<InvalidDataException>(() => model.Verify(_folder["reference.json"]));
        StringAssert.Contains(e.Message, reason);
        StringAssert.Contains(e.Message, _folder["reference.json"]);
        Assert.ThrowsExactly<FileNotFoundException>(() => model.Verify(_folder["none.json"]));
    }

    private static void AssertFinds(AnomalyOnnxModel model, string reference, VerificationStage stage, string cause)
    {
        AnomalyVerification report = model.Verify(reference);
        Assert.AreEqual(stage, report.FirstDifference?.Stage, report.ToString());
        Assert.IsNotNull(report.Cause, report.ToString());
        StringAssert.Contains(report.Cause, cause);
        StringAssert.Contains(report.ToString(), cause);
    }

    // A network that minds position and channel, behind a preparation with everything: resize, crop, mean and deviation.
    private AnomalyOnnxModel Model()
    {
        ModelProto proto = Network();
        proto.Graph.Node.Add(ModelFile.Node("Identity", ["raw_score"], ["pred_score"]));
        proto.Graph.Node.Add(ModelFile.Node("Identity", ["raw_map"], ["anomaly_map"]));
        return Open(proto.WithMetadata("image_threshold", "0.5").WithMetadata("pixel_threshold", "0.5"));
    }

    private AnomalyOnnxModel Open(ModelProto proto)
    {
        ModelMetadata.WritePreparation(proto, new()
        {
            Height = 18,
            Width = 24,
            CropHeight = 16,
            CropWidth = 20,
            Mean = [0.2, 0.3, 0.4],
            StandardDeviation = [0.5, 0.25, 0.5],
        });
        return AnomalyOnnxModel.Open(proto.Save(_folder["model.onnx"]));
    }

    private static ModelProto Network()
    {
        ModelProto proto = ModelFile.Empty();
        GraphProto graph = proto.Graph;
        var random = new Random(3);
        graph.Input.Add(ModelFile.Value("input", typeof(float), 1, 3, 16, 20));
        double[] weights = [.. Enumerable.Range(0, 27).Select(_ => random.NextDouble() - 0.4)];
        graph.Initializer.Add(ModelFile.Tensor("weights", typeof(float), weights, [1, 3, 3, 3]));
        foreach ((string name, double value) in new[] { ("zero", 0.0), ("quarter", 0.25), ("half", 0.5), ("one", 1) })
            graph.Initializer.Add(ModelFile.Tensor(name, typeof(float), [value], []));
        graph.Node.Add(ModelFile.Node("Conv", ["input", "weights"], ["filtered"], GraphEditor.Attribute("pads", [1, 1, 1, 1])));
        graph.Node.Add(ModelFile.Node("Mul", ["filtered", "quarter"], ["smaller"]));
        graph.Node.Add(ModelFile.Node("Abs", ["smaller"], ["raw_map"]));
        graph.Node.Add(ModelFile.Node("ReduceMean", ["raw_map"], ["raw_score"],
            GraphEditor.Attribute("axes", [1, 2, 3]), GraphEditor.Attribute("keepdims", 0L)));
        graph.Output.Add(ModelFile.Value("pred_score", typeof(float), []));
        graph.Output.Add(ModelFile.Value("anomaly_map", typeof(float), 1, 1, 16, 20));
        return proto;
    }

    /// <summary>Writes what a Python would see that prepares photos so.</summary>
    private string Write(
        AnomalyOnnxModel model, ImagePreprocessing? preprocessing = null, Action<JsonObject>? change = null, float scale = 1,
        string extension = "png", ImageLibrary library = ImageLibrary.Torchvision)
    {
        using var scorer = new AnomalyScorer(model, preprocessing, default, nameof(model));
        var pictures = new JsonArray();
        for (int photo = 0; photo < 3; photo++)
        {
            RgbPicture rgb = PictureFile.Read(_folder[$"{photo}.{extension}"], library);
            float[] prepared = Array.ConvertAll(scorer.Prepare(rgb), value => value * scale);
            float[] map = new float[16 * 20];
            float score = scorer.ScorePrepared(prepared, map);
            var picture = new JsonObject
            {
                ["file"] = $"{photo}.{extension}",
                ["decoded"] = new JsonObject
                {
                    ["height"] = rgb.Height,
                    ["width"] = rgb.Width,
                    ["sha256"] = Convert.ToHexString(SHA256.HashData(rgb.Bytes.Span)),
                    ["values"] = Rows(12, i
                        => (int[])[i, i, .. rgb.Pixels.Skip(((i * rgb.Width) + i) * 3).Take(3).Select(level => (int)level)]),
                },
                ["prepared"] = new JsonObject
                {
                    ["shape"] = JsonSerializer.SerializeToNode((int[])[3, 16, 20]),
                    ["means"] = JsonSerializer.SerializeToNode(
                        prepared.Chunk(16 * 20).Select(channel => channel.Average(value => (double)value))),
                    ["values"] = Rows(48, i => (float[])[i % 3, i / 3, i / 3, prepared[(i % 3 * 320) + (i / 3 * 21)]]),
                },
                ["score"] = (double)score,
                ["map"] = new JsonObject
                {
                    ["height"] = 16,
                    ["width"] = 20,
                    ["minimum"] = map.Min(),
                    ["maximum"] = map.Max(),
                    ["mean"] = map.Average(value => (double)value),
                    ["values"] = Rows(16, i => (float[])[i, i, map[i * 21]]),
                },
                ["anomalous"] = score >= Threshold,
            };
            change?.Invoke(picture);
            pictures.Add(picture);
        }

        string path = _folder["reference.json"];
        File.WriteAllText(path, new JsonObject
        {
            ["format"] = "anomaly-reference",
            ["version"] = 1,
            ["pictures"] = pictures,
            ["model"] = new JsonObject { ["sha256"] = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(model.Path))) },
        }.ToJsonString());
        return path;

        static JsonNode? Rows<T>(int count, Func<int, T> row) => JsonSerializer.SerializeToNode(Enumerable.Range(0, count).Select(row));
    }

    private static void SavePhoto(string path, int seed)
    {
        var random = new Random(seed);
        using var bitmap = new SKBitmap(64, 48)
        {
            Pixels = [.. Enumerable.Range(0, 64 * 48).Select(i => new SKColor(
                (byte)random.Next(60 * (seed + 1), 256), (byte)random.Next(50 * (seed + 1)), (byte)(i % 251)))],
        };
        using SKData png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        File.WriteAllBytes(path, png.ToArray());
    }
}
