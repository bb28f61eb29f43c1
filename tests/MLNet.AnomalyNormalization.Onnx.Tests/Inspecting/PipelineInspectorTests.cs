using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Onnx.Format;
using MLNet.AnomalyNormalization.Onnx.Graphs;
using MLNet.AnomalyNormalization.Tests;

namespace MLNet.AnomalyNormalization.Onnx.Tests.Inspecting;

/// <summary>Saved pipelines that an inspector opens.</summary>
[TestClass]
public sealed class PipelineInspectorTests : IDisposable
{
    private const int Height = 20;
    private const int Width = 30;

    private static readonly AnomalyThresholds Thresholds = new(Image: 0.7, Pixel: 0.4);

    private readonly TemporaryFolder _folder = new();
    private readonly MLContext _mlContext = new();

    public PipelineInspectorTests()
    {
        for (int i = 0; i < 8; i++)
            Png.Write(Photo(i), Width, Height, 8, Png.Rgb, Noise(i));
        ModelProto model = ModelFile.Empty();
        model.Graph.Input.Add(ModelFile.Value("input", typeof(float), 1, 3, 8, 8));
        model.Graph.Node.Add(ModelFile.Node("ReduceMean", ["input"], ["anomaly_map"], GraphEditor.Attribute("axes", [1L])));
        model.Graph.Output.Add(ModelFile.Value("anomaly_map", typeof(float), 1, 1, 8, 8));
        model.Save(_folder["model.onnx"]);
    }

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow(false, ThresholdType.Pixel, false, DisplayName = "a column of images")]
    [DataRow(true, ThresholdType.Pixel, false, DisplayName = "a column of paths")]
    [DataRow(true, ThresholdType.Image, false, DisplayName = "the image threshold decides pixels, too")]
    [DataRow(false, ThresholdType.Pixel, true, DisplayName = "a review band, and the classic formula")]
    public void A_saved_pipeline_gives_its_own_bits_one_by_one_and_on_many_threads(bool isText, ThresholdType type, bool isOther)
    {
        var options = new AnomalyNormalizationOptions
        {
            MapColumnName = "AnomalyMap",
            ThresholdType = type,
            ReviewBand = isOther ? new(50, 150) : null,
            PreserveDecisions = !isOther,
        };
        IDataView scored = Save(isText, options);
        float[][] raw = [.. scored.GetColumn<float[]>("Score")];
        float[][] normalized = [.. scored.GetColumn<float[]>("NormalizedScore")];
        bool[][] labels = [.. scored.GetColumn<bool[]>("PredictedLabel")];
        float[][] maps = [.. scored.GetColumn<float[]>("NormalizedMap")];
        int[][]? decisions = isOther ? [.. scored.GetColumn<int[]>("Decision")] : null;

        using AnomalyInspector inspector = AnomalyInspector.Open(_folder["pipeline.zip"], new() { ImageColumnName = isText ? null : "Picture" });
        Assert.IsNull(inspector.Model);
        Assert.AreEqual(_folder["pipeline.zip"], inspector.Path);
        Assert.AreEqual(Thresholds, inspector.Thresholds);
        Parallel.For(0, 200, turn =>
        {
            int i = turn % 8;
            Inspection inspection = isText || turn % 2 == 0
                ? inspector.Inspect(Photo(i))
                : inspector.Inspect(Noise(i), Width, Height, Width * 3, PixelFormat.Rgb24);
            Same.Bits<float>([raw[i][0], normalized[i][0]], [inspection.RawScore, inspection.NormalizedScore]);
            Same.Bits<float>(maps[i], inspection.NormalizedMap!.Values);
            Assert.AreEqual((8, 8), (inspection.NormalizedMap.Height, inspection.NormalizedMap.Width));
            Assert.AreEqual(labels[i][0], inspection.IsAnomalous);
            Decision due = decisions is null ? labels[i][0] ? Decision.Reject : Decision.Pass : (Decision)decisions[i][0];
            Assert.AreEqual(due, inspection.Decision);
        });
    }

    [TestMethod]
    public void Thresholds_and_options_of_the_caller_take_the_place_of_the_pipelines()
    {
        Save(isText: false, new() { MapColumnName = "AnomalyMap", ThresholdType = ThresholdType.Image });
        using AnomalyInspector inspector = AnomalyInspector.Open(
            _folder["pipeline.zip"], new() { ImageColumnName = "Picture", Thresholds = new(0.25, 0.5), ReviewBand = new(1, 1000) });
        Inspection inspection = inspector.Inspect(Photo(0));
        var normalizer = new ScoreNormalizer(0.25);
        Assert.AreEqual(normalizer.Normalize(inspection.RawScore), inspection.NormalizedScore);
        Assert.AreEqual(normalizer.Normalize(inspection.RawMap!.Values[5]), inspection.NormalizedMap!.Values[5], "pixels by the image threshold, too");
        Assert.AreEqual(Decision.Review, inspection.Decision);

        using AnomalyInspector scores = AnomalyInspector.Open(_folder["pipeline.zip"], new() { ImageColumnName = "Picture", IncludeMap = false });
        Assert.IsNull(scores.Inspect(Photo(0)).NormalizedMap);
        Assert.AreEqual(inspection.RawScore, scores.Inspect(Photo(0)).RawScore);
    }

    [TestMethod]
    public void A_pipeline_of_paths_says_that_it_needs_a_file()
    {
        Save(isText: true, new());
        using AnomalyInspector inspector = AnomalyInspector.Open(_folder["pipeline.zip"]);
        var e = Assert.ThrowsExactly<InvalidOperationException>(() => inspector.Inspect(Noise(0), Width, Height, Width * 3, PixelFormat.Rgb24));
        StringAssert.Contains(e.Message, "reads picture files by their paths");
        Assert.ThrowsExactly<FileNotFoundException>(() => inspector.Inspect(_folder["none.png"]));
        File.WriteAllText(_folder["text.png"], "no picture");
        Assert.ThrowsExactly<InvalidDataException>(() => inspector.Inspect(_folder["text.png"]));
    }

    [TestMethod]
    public void What_can_not_be_a_pipeline_of_pictures_is_refused_with_what_was_due()
    {
        IDataView data = _mlContext.Data.LoadFromEnumerable([new Both { Score = 1, Other = 2 }]);
        Refused(_mlContext.Transforms.CopyColumns("Score2", "Score"), "has no normaliser of image scores");
        Refused(_mlContext.Transforms.NormalizeAnomaly(Thresholds), "needs 'Score' (Single); expected one column, of images");
        Refused(
            _mlContext.Transforms.Expression("Sum", "(a, b) => a + b", "Score", "Other")
                .Append(_mlContext.Transforms.NormalizeAnomaly(Thresholds, new() { ScoreColumnName = "Sum" })),
            "needs 'Score' (Single), 'Other' (Single)");

        Save(isText: false, new());
        Exception unnamed = Assert.ThrowsExactly<InvalidDataException>(() => AnomalyInspector.Open(_folder["pipeline.zip"]));
        StringAssert.Contains(unnamed.Message, "'Picture'");
        StringAssert.Contains(unnamed.Message, "ImageColumnName");
        var e = Assert.ThrowsExactly<ArgumentException>(() => AnomalyInspector.Open(_folder["pipeline.zip"], new() { Threads = 1 }));
        StringAssert.Contains(e.Message, "Leave Preprocessing, Provider, DeviceId and Threads");
        using (FileStream file = File.OpenWrite(_folder["pipeline.zip"]))
            file.SetLength(file.Length / 2);
        Assert.ThrowsExactly<InvalidDataException>(() => AnomalyInspector.Open(_folder["pipeline.zip"]));

        void Refused(IEstimator<ITransformer> pipeline, string why)
        {
            _mlContext.Model.Save(pipeline.Fit(data), data.Schema, _folder["other.zip"]);
            StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => AnomalyInspector.Open(_folder["other.zip"])).Message, why);
        }
    }

    // Saves a pipeline, and gives what stock ML.NET says of the photos by it.
    private IDataView Save(bool isText, AnomalyNormalizationOptions options)
    {
        Row[] rows = [.. Enumerable.Range(0, 8).Select(i => new Row { Part = $"part {i}", Path = Photo(i) })];
        IDataView photos = _mlContext.Data.LoadFromEnumerable(rows);
        if (!isText)
            photos = _mlContext.Transforms.LoadImages("Picture", null, "Path").Fit(photos).Transform(photos);
        string source = isText ? "Path" : "Picture";
        ITransformer fitted = _mlContext.Transforms.ApplyAnomalyOnnxModel(AnomalyOnnxModel.Open(_folder["model.onnx"]), source)
            .Append(_mlContext.Transforms.NormalizeAnomaly(Thresholds, options)).Fit(photos);
        _mlContext.Model.Save(fitted, photos.Schema, _folder["pipeline.zip"]);
        return _mlContext.Model.Load(_folder["pipeline.zip"], out _).Transform(photos);
    }

    private string Photo(int i) => _folder[$"{i}.png"];

    private static byte[] Noise(int seed)
    {
        byte[] pixels = new byte[Height * Width * 3];
        new Random(seed).NextBytes(pixels);
        return pixels;
    }

    private sealed class Row
    {
        public string Part { get; set; } = "";

        public string Path { get; set; } = "";
    }

    private sealed class Both
    {
        public float Score { get; set; }

        public float Other { get; set; }
    }
}
