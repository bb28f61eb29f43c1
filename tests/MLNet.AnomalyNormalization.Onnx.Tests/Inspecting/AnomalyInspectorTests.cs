using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Imaging;
using MLNet.AnomalyNormalization.Onnx.Format;
using MLNet.AnomalyNormalization.Onnx.Graphs;
using MLNet.AnomalyNormalization.Onnx.Scoring;
using MLNet.AnomalyNormalization.Tests;

namespace MLNet.AnomalyNormalization.Onnx.Tests.Inspecting;

[TestClass]
public sealed class AnomalyInspectorTests : IDisposable
{
    private const int Height = 20;
    private const int Width = 30;

    private readonly TemporaryFolder _folder = new();

    public AnomalyInspectorTests() => File.WriteAllText(_folder["model.json"], """{"image_threshold": 0.5, "pixel_threshold": 0.25}""");

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void A_file_a_stream_an_image_and_raw_pixels_get_the_bits_of_the_pipeline()
    {
        byte[] rgb = Noise();
        string path = _folder["photo.png"];
        Png.Write(path, Width, Height, 8, Png.Rgb, rgb);
        using AnomalyInspector inspector = AnomalyInspector.Open(SaveModel());

        var mlContext = new MLContext();
        IDataView photos = mlContext.Data.LoadFromEnumerable([new AnomalyOnnxCatalogTests.PhotoFile { Path = path }]);
        IDataView scored = mlContext.Transforms.ApplyAnomalyOnnxModel(inspector.Model!, "Path")
            .Append(mlContext.Transforms.NormalizeAnomaly(inspector.Model!)).Fit(photos).Transform(photos);
        float raw = scored.GetColumn<float[]>("Score").Single()[0];
        float normalized = scored.GetColumn<float[]>("NormalizedScore").Single()[0];
        float[] map = scored.GetColumn<float[]>("NormalizedMap").Single();
        bool label = scored.GetColumn<bool[]>("PredictedLabel").Single()[0];

        using MLImage image = MLImage.CreateFromFile(path);
        using FileStream stream = File.OpenRead(path);
        byte[] bgr = [.. rgb.Chunk(3).SelectMany(pixel => (byte[])[pixel[2], pixel[1], pixel[0]])];
        byte[] rgba = [.. rgb.Chunk(3).SelectMany(pixel => (byte[])[.. pixel, 7])];
        byte[] bgra = [.. bgr.Chunk(3).SelectMany(pixel => (byte[])[.. pixel, 7])];
        byte[] padded = [.. rgb.Chunk(Width * 3).SelectMany(row => (byte[])[.. row, 1, 2, 3, 4, 5])];
        foreach ((string what, Inspection inspection) in ((string, Inspection)[])
        [
            ("file", inspector.Inspect(path)),
            ("task", inspector.InspectAsync(path).GetAwaiter().GetResult()),
            ("stream", inspector.Inspect(stream)),
            ("image", inspector.Inspect(image)),
            ("RGB", inspector.Inspect(rgb, Width, Height, Width * 3, PixelFormat.Rgb24)),
            ("RGB, padded", inspector.Inspect(padded.AsSpan()[..^5], Width, Height, (Width * 3) + 5, PixelFormat.Rgb24)),
            ("BGR", inspector.Inspect(bgr, Width, Height, Width * 3, PixelFormat.Bgr24)),
            ("RGBA", inspector.Inspect(rgba, Width, Height, Width * 4, PixelFormat.Rgba32)),
            ("BGRA", inspector.Inspect(bgra, Width, Height, Width * 4, PixelFormat.Bgra32)),
        ])
        {
            Same.Bits<float>([raw, normalized], [inspection.RawScore, inspection.NormalizedScore], what);
            Same.Bits<float>(map, inspection.NormalizedMap!.Values, what);
            Assert.AreEqual((label, label ? Decision.Reject : Decision.Pass), (inspection.IsAnomalous, inspection.Decision), what);
            CollectionAssert.AreEqual(map.Select(value => value >= 100 ? (byte)1 : (byte)0).ToArray(), inspection.GetMask());
            CollectionAssert.AreEqual(AnomalyRegions.Find(inspection.NormalizedMap).ToArray(), inspection.Regions.ToArray());
        }

        // The image is still the caller's.
        Assert.AreEqual(Height, image.Height);
    }

    [TestMethod]
    public void Grey_pixels_of_eight_and_sixteen_bits_are_three_equal_channels()
    {
        using AnomalyInspector inspector = AnomalyInspector.Open(SaveModel());
        byte[] grey = [.. Noise().Where((_, i) => i % 3 == 0)];
        byte[] colour = [.. grey.SelectMany(value => (byte[])[value, value, value])];
        byte[] wide = [.. grey.SelectMany(value => (byte[])[99, value])];
        float expected = inspector.Inspect(colour, Width, Height, Width * 3, PixelFormat.Rgb24).RawScore;
        Assert.AreEqual(expected, inspector.Inspect(grey, Width, Height, Width, PixelFormat.Gray8).RawScore);
        Assert.AreEqual(expected, inspector.Inspect(wide, Width, Height, Width * 2, PixelFormat.Gray16).RawScore);
    }

    [TestMethod]
    public void Many_threads_get_the_answers_of_one_while_thresholds_change()
    {
        using AnomalyInspector inspector = AnomalyInspector.Open(SaveModel());
        byte[][] pictures = [.. Enumerable.Range(0, 8).Select(Noise)];
        float[] raw = [.. pictures.Select(picture => Inspect(picture).RawScore)];
        AnomalyThresholds[] thresholds = [new(0.5, 0.25), new(0.25, 0.5)];
        Parallel.For(0, 400, i =>
        {
            if (i % 10 == 0)
                inspector.Thresholds = thresholds[i / 10 % 2];
            Inspection inspection = Inspect(pictures[i % pictures.Length]);
            Assert.AreEqual(raw[i % pictures.Length], inspection.RawScore);
            Assert.AreEqual(new ScoreNormalizer(inspection.Thresholds.Image).Normalize(inspection.RawScore), inspection.NormalizedScore);
            Assert.AreEqual(
                new ScoreNormalizer(inspection.Thresholds.Pixel).Normalize(inspection.RawMap!.Values[7]), inspection.NormalizedMap!.Values[7]);
        });

        Inspection Inspect(byte[] picture) => inspector.Inspect(picture, Width, Height, Width * 3, PixelFormat.Rgb24);
    }

    [TestMethod]
    public void Options_choose_thresholds_band_regions_and_whether_there_is_a_map()
    {
        byte[] picture = Noise();
        using AnomalyInspector inspector = AnomalyInspector.Open(SaveModel(), new()
        {
            Thresholds = new(0.6, 0.6),
            ReviewBand = new(1, 1000),
            Regions = new() { MinimumArea = 1000 },
        });
        Inspection inspection = inspector.Inspect(picture, Width, Height, Width * 3, PixelFormat.Rgb24);
        Assert.AreEqual(Decision.Review, inspection.Decision);
        Assert.AreEqual(new AnomalyThresholds(0.6, 0.6), inspection.Thresholds);
        Assert.IsEmpty(inspection.Regions);
        Assert.DoesNotContain((byte)1, inspection.GetMask(), "specks don't count");

        using AnomalyInspector scoreAlone = AnomalyInspector.Open(SaveModel(), new() { IncludeMap = false });
        Inspection small = scoreAlone.Inspect(picture, Width, Height, Width * 3, PixelFormat.Rgb24);
        Assert.AreEqual(inspection.RawScore, small.RawScore);
        Assert.IsNull(small.NormalizedMap);
        Assert.IsEmpty(small.GetMask());
        Assert.IsEmpty(small.Regions);
    }

    [TestMethod]
    public void The_mask_is_that_of_the_regions_that_count()
    {
        byte[] picture = Noise();
        using AnomalyInspector plain = AnomalyInspector.Open(SaveModel());
        AnomalyMap map = plain.Inspect(picture, Width, Height, Width * 3, PixelFormat.Rgb24).NormalizedMap!;
        byte[] valid = [.. map.Values.Select((_, i) => (byte)(i % 3 == 0 ? 0 : 9))];
        foreach (AnomalyRegionOptions regions in (AnomalyRegionOptions[])
        [
            new() { MinimumArea = 2 }, new() { ValidArea = valid }, new() { BorderMargin = 1, Connectivity = RegionConnectivity.Four },
            new() { MinimumPeak = map.Values.Order().ElementAt(map.Values.Length / 2), MinimumArea = 2 }, new() { Threshold = 50 },
        ])
        {
            using AnomalyInspector inspector = AnomalyInspector.Open(SaveModel(), new() { Regions = regions });
            Inspection inspection = inspector.Inspect(picture, Width, Height, Width * 3, PixelFormat.Rgb24);
            byte[] mask = inspection.GetMask();
            Assert.AreEqual(inspection.Regions.Sum(region => region.Area), mask.Sum(pixel => pixel), $"{regions}");
            AnomalyMap masked = new([.. mask.Select(pixel => 100f * pixel)], map.Height, map.Width);
            CollectionAssert.AreEqual(
                inspection.Regions.Select(region => (region.Top, region.Left, region.Area)).ToArray(),
                AnomalyRegions.Find(masked, new() { Connectivity = regions.Connectivity }).Select(region => (region.Top, region.Left, region.Area)).ToArray(), $"{regions}");
        }
    }

    [TestMethod]
    public void An_inspection_tells_itself_in_a_line_and_as_JSON()
    {
        Png.Write(_folder["photo.png"], Width, Height, 8, Png.Rgb, Noise());
        using AnomalyInspector inspector = AnomalyInspector.Open(_folder["model.onnx"] is var path && File.Exists(path) ? path : SaveModel());
        Inspection inspection = inspector.Inspect(_folder["photo.png"]);
        StringAssert.StartsWith(inspection.ToString(), "photo.png: ");
        StringAssert.Contains(inspection.ToString(), "threshold 0.5)");
        using JsonDocument json = JsonDocument.Parse(inspection.ToJson());
        Assert.AreEqual(inspection.NormalizedScore, json.RootElement.GetProperty("normalizedScore").GetSingle());
        Assert.AreEqual(inspection.Regions.Count, json.RootElement.GetProperty("regions").GetArrayLength());
        Assert.AreEqual("reject", json.RootElement.GetProperty("decision").GetString());
    }

    [TestMethod]
    public void A_folder_is_opened_by_its_model_and_what_cannot_be_is_refused()
    {
        SaveModel();
        using (AnomalyInspector inspector = AnomalyInspector.Open(_folder[""]))
            Assert.AreEqual("model.onnx", Path.GetFileName(inspector.Model!.Path));

        File.Delete(_folder["model.json"]);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => AnomalyInspector.Open(_folder[""])).Message, "without thresholds");
        Directory.CreateDirectory(_folder["empty"]);
        StringAssert.Contains(Assert.ThrowsExactly<FileNotFoundException>(() => AnomalyInspector.Open(_folder["empty"])).Message, "0 ONNX files");

        using AnomalyInspector given = AnomalyInspector.Open(_folder[""], new() { Thresholds = new(1, 1) });
        Assert.ThrowsExactly<ArgumentException>(() => given.Inspect(new byte[10], 2, 2, 6, PixelFormat.Rgb24));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => given.Inspect(new byte[12], 2, 2, 5, PixelFormat.Rgb24));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => given.Inspect(new byte[12], 0, 2, 6, PixelFormat.Rgb24));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => given.Inspect(new byte[12], 2, 2, 6, (PixelFormat)9));
        using var nothing = new MemoryStream([1, 2, 3]);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => given.Inspect(nothing)).Message, "holds no picture");
        Assert.ThrowsExactly<FileNotFoundException>(() => given.Inspect(_folder["none.png"]));
    }

    [TestMethod]
    public void An_overlay_is_the_picture_with_its_map_and_the_borders_of_what_is_anomalous()
    {
        string photo = _folder["photo.png"];
        Png.Write(photo, Width, Height, 8, Png.Rgb, Noise());
        string model = SaveModel();
        using AnomalyInspector inspector = AnomalyInspector.Open(model);
        using AnomalyInspector keeping = AnomalyInspector.Open(model, new() { KeepPicture = true });
        Inspection inspection = inspector.Inspect(photo);
        using MLImage image = MLImage.CreateFromFile(photo);
        (float[] map, int height, int width) = inspection.NormalizedMap!;
        using MLImage coloured = HeatMap.Overlay(image, map, height, width);
        using MLImage outlined = HeatMap.Outline(coloured, map, height, width);
        byte[] expected = HeatMap.EncodePng(outlined);

        using FileStream stream = File.OpenRead(photo);
        byte[] pixels = Noise();
        Inspection[] inspections = [inspection, keeping.Inspect(stream), keeping.Inspect(image), keeping.Inspect(pixels, Width, Height, Width * 3, PixelFormat.Rgb24)];
        Array.Clear(pixels);
        foreach (Inspection each in inspections)
        {
            each.SaveOverlay(_folder["overlay.png"]);
            CollectionAssert.AreEqual(expected, File.ReadAllBytes(_folder["overlay.png"]));
        }
    }

    [TestMethod]
    public void An_overlay_shows_the_regions_that_are_told_and_what_is_ignored()
    {
        string photo = _folder["photo.png"];
        Png.Write(photo, Width, Height, 8, Png.Rgb, Noise());
        string model = SaveModel();
        using AnomalyInspector plain = AnomalyInspector.Open(model);
        (float[] map, int height, int width) = plain.Inspect(photo).NormalizedMap!;
        float[] scores = [.. map.Order()];
        var regions = new AnomalyRegionOptions
        {
            Threshold = scores[scores.Length / 2],
            MinimumArea = 3,
            ValidArea = [.. Enumerable.Range(0, map.Length).Select(i => (byte)(i % width < width / 2 ? 1 : 0))],
        };
        using AnomalyInspector inspector = AnomalyInspector.Open(model, new() { Regions = regions });
        Inspection inspection = inspector.Inspect(photo);
        inspection.SaveOverlay(_folder["overlay.png"]);

        Assert.IsNotEmpty(inspection.Regions);
        using MLImage image = MLImage.CreateFromFile(photo);
        using MLImage coloured = HeatMap.Overlay(image, map, height, width, regions: regions);
        using MLImage outlined = HeatMap.Outline(coloured, map, height, width, regions.Threshold, regions: regions);
        using MLImage every = HeatMap.Outline(coloured, map, height, width);
        CollectionAssert.AreEqual(HeatMap.EncodePng(outlined), File.ReadAllBytes(_folder["overlay.png"]));
        CollectionAssert.AreNotEqual(HeatMap.EncodePng(every), File.ReadAllBytes(_folder["overlay.png"]));
    }

    [TestMethod]
    public void An_overlay_without_pixels_or_map_is_refused_with_what_to_set()
    {
        string model = SaveModel();
        using AnomalyInspector inspector = AnomalyInspector.Open(model);
        using AnomalyInspector scoreAlone = AnomalyInspector.Open(model, new() { IncludeMap = false, KeepPicture = true });
        foreach ((AnomalyInspector each, string option) in ((AnomalyInspector, string)[])[(inspector, "KeepPicture"), (scoreAlone, "IncludeMap")])
        {
            Inspection inspection = each.Inspect(Noise(), Width, Height, Width * 3, PixelFormat.Rgb24);
            StringAssert.Contains(
                Assert.ThrowsExactly<InvalidOperationException>(() => inspection.SaveOverlay(_folder["overlay.png"])).Message, option);
            Assert.IsFalse(File.Exists(_folder["overlay.png"]));
        }
    }

    [TestMethod]
    public void Many_files_are_inspected_in_their_order_up_to_the_first_that_is_no_picture()
    {
        using AnomalyInspector inspector = AnomalyInspector.Open(SaveModel());
        string[] paths = [.. Enumerable.Range(0, 20).Select(i => _folder[$"{i}.png"])];
        for (int i = 0; i < paths.Length; i++)
            Png.Write(paths[i], Width, Height, 8, Png.Rgb, Noise(i));
        Inspection[] inspections = [.. inspector.InspectAll(paths)];
        CollectionAssert.AreEqual(paths, inspections.Select(inspection => inspection.Path).ToArray());
        CollectionAssert.AreEqual(
            paths.Select(path => inspector.Inspect(path).RawScore).ToArray(), inspections.Select(inspection => inspection.RawScore).ToArray());
        Assert.AreEqual(paths[0], inspector.InspectAll(paths).First().Path);
        Assert.IsEmpty(inspector.InspectAll([]));

        File.WriteAllText(paths[12], "no picture");
        var seen = new List<string?>();
        InvalidDataException refused = Assert.ThrowsExactly<InvalidDataException>(() =>
        {
            foreach (Inspection inspection in inspector.InspectAll(paths))
                seen.Add(inspection.Path);
        });
        StringAssert.Contains(refused.Message, "12.png");
        CollectionAssert.AreEqual(paths[..12], seen);
    }

    [TestMethod]
    public async Task An_inspection_can_be_stopped()
    {
        string photo = _folder["photo.png"];
        Png.Write(photo, Width, Height, 8, Png.Rgb, Noise());
        using AnomalyInspector inspector = AnomalyInspector.Open(SaveModel());
        using FileStream stream = File.OpenRead(photo);
        var stopped = new CancellationToken(canceled: true);
        await Assert.ThrowsAsync<OperationCanceledException>(() => inspector.InspectAsync(photo, stopped));
        await Assert.ThrowsAsync<OperationCanceledException>(() => inspector.InspectAsync(stream, stopped));
        Assert.Throws<OperationCanceledException>(() => _ = inspector.InspectAll([photo], stopped).Count());
    }

    [TestMethod, Timeout(60_000)]
    public void A_model_that_runs_can_be_stopped()
    {
        using var scorer = new AnomalyScorer(AnomalyOnnxModel.Open(SaveEndlessModel()), null, default, "none");
        using AnomalyInspector other = AnomalyInspector.Open(SaveModel());
        using var stop = new CancellationTokenSource();
        using var begun = new ManualResetEventSlim();
        Exception? end = null;
        var runner = new Thread(() =>
        {
            begun.Set();
            try
            {
                scorer.Score(new(Noise(), Height, Width), [], stop.Token);
            }
            catch (Exception e)
            {
                end = e;
            }
        })
        { IsBackground = true };
        runner.Start();
        begun.Wait();
        for (int i = 0; i < 100; i++)
            other.Inspect(Noise(), Width, Height, Width * 3, PixelFormat.Rgb24);  // by now it is within the model
        Assert.IsNull(end);
        stop.Cancel();
        runner.Join();
        Assert.IsInstanceOfType<OperationCanceledException>(end);
    }

    [TestMethod]
    public void A_picture_of_too_many_pixels_is_refused_before_it_is_decoded()
    {
        string photo = _folder["photo.png"];
        Png.Write(photo, Width, Height, 8, Png.Rgb, Noise());
        using AnomalyInspector inspector = AnomalyInspector.Open(SaveModel(), new() { MaximumPixels = (Width * Height) - 1 });
        using FileStream stream = File.OpenRead(photo);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => inspector.Inspect(photo)).Message, "at most 599");
        Assert.ThrowsExactly<InvalidDataException>(() => inspector.Inspect(stream));
        using AnomalyInspector enough = AnomalyInspector.Open(_folder["model.onnx"], new() { MaximumPixels = Width * Height });
        Assert.IsFalse(float.IsNaN(enough.Inspect(photo).RawScore));
    }

    [TestMethod]
    [DataRow(ExecutionProvider.Cuda, "Microsoft.ML.OnnxRuntime.Gpu", DisplayName = "CUDA")]
    [DataRow(ExecutionProvider.DirectML, "Microsoft.ML.OnnxRuntime.DirectML", DisplayName = "DirectML")]
    [DataRow(ExecutionProvider.OpenVino, "Intel.ML.OnnxRuntime.OpenVino", DisplayName = "OpenVINO")]
    [DataRow(ExecutionProvider.CoreML, "macOS", DisplayName = "CoreML")]
    public void A_missing_provider_is_an_error_that_names_its_package(ExecutionProvider provider, string package)
    {
        if (provider == ExecutionProvider.CoreML && OperatingSystem.IsMacOS())
            Assert.Inconclusive("This system has CoreML.");
        string model = SaveModel();
        StringAssert.Contains(
            Assert.ThrowsExactly<InvalidOperationException>(() => AnomalyInspector.Open(model, new() { Provider = provider })).Message, package);
    }

    [TestMethod]
    public void One_thread_gives_the_bits_of_many_and_options_out_of_range_are_refused()
    {
        string model = SaveModel();
        using AnomalyInspector many = AnomalyInspector.Open(model);
        using AnomalyInspector one = AnomalyInspector.Open(model, new() { Threads = 1 });
        Assert.AreEqual(
            many.Inspect(Noise(), Width, Height, Width * 3, PixelFormat.Rgb24).RawScore,
            one.Inspect(Noise(), Width, Height, Width * 3, PixelFormat.Rgb24).RawScore);
        foreach (AnomalyInspectorOptions options in (AnomalyInspectorOptions[])
            [new() { Threads = 0 }, new() { DeviceId = -1 }, new() { MaximumPixels = 0 }, new() { Provider = (ExecutionProvider)9 }])
        {
            Assert.ThrowsExactly<ArgumentException>(() => AnomalyInspector.Open(model, options));
        }
    }

    // The map is the mean of the channels of the middle of the picture, resized.
    private string SaveModel()
    {
        ModelProto model = ModelFile.Empty();
        model.Graph.Input.Add(ModelFile.Value("input", typeof(float), 1, 3, 8, 8));
        model.Graph.Node.Add(ModelFile.Node("ReduceMean", ["input"], ["anomaly_map"], GraphEditor.Attribute("axes", [1L])));
        model.Graph.Output.Add(ModelFile.Value("anomaly_map", typeof(float), 1, 1, 8, 8));
        return model.Save(_folder["model.onnx"]);
    }

    // The mean, after as many turns of a loop as nobody waits for; none for a black picture, with which a model is tried when it is opened.
    private string SaveEndlessModel()
    {
        ModelProto model = ModelFile.Empty();
        model.Graph.Input.Add(ModelFile.Value("input", typeof(float), 1, 3, 8, 8));
        model.Graph.Node.Add(ModelFile.Node("ReduceMean", ["input"], ["mean"], GraphEditor.Attribute("keepdims", 0L)));
        model.Graph.Node.Add(ModelFile.Node("Constant", [], ["many"], GraphEditor.Attribute("value", ModelFile.Tensor("many", typeof(float), [1e15], []))));
        model.Graph.Node.Add(ModelFile.Node("Mul", ["mean", "many"], ["product"]));
        model.Graph.Node.Add(ModelFile.Node("Cast", ["product"], ["turns"], GraphEditor.Attribute("to", (long)TensorProto.Types.DataType.Int64)));
        GraphProto body = new() { Name = "turn" };
        body.Input.Add(ModelFile.Value("turn", typeof(long)));
        body.Input.Add(ModelFile.Value("goes_on", typeof(bool)));
        body.Input.Add(ModelFile.Value("before", typeof(float)));
        body.Node.Add(ModelFile.Node("Identity", ["goes_on"], ["goes_on_then"]));
        body.Node.Add(ModelFile.Node("Identity", ["before"], ["after"]));
        body.Output.Add(ModelFile.Value("goes_on_then", typeof(bool)));
        body.Output.Add(ModelFile.Value("after", typeof(float)));
        model.Graph.Node.Add(ModelFile.Node(
            "Loop", ["turns", "", "mean"], ["pred_score"],
            new AttributeProto { Name = "body", Type = AttributeProto.Types.AttributeType.Graph, G = body }));
        model.Graph.Output.Add(ModelFile.Value("pred_score", typeof(float)));
        return model.Save(_folder["endless.onnx"]);
    }

    private static byte[] Noise(int seed = 0)
    {
        byte[] pixels = new byte[Height * Width * 3];
        new Random(seed).NextBytes(pixels);
        return pixels;
    }
}
