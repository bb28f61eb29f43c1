using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Imaging;
using MLNet.AnomalyNormalization.Onnx.Format;
using MLNet.AnomalyNormalization.Onnx.Graphs;
using MLNet.AnomalyNormalization.Tests;

namespace MLNet.AnomalyNormalization.Onnx.Tests.Scoring;

/// <summary>Pictures as they come: of any size, missing, used again, transparent, in files, and through saved pipelines.</summary>
[TestClass]
public sealed class AnomalyScoringTests : IDisposable
{
    private const int Side = 16;

    private readonly TemporaryFolder _folder = new();
    private readonly MLContext _mlContext = new(seed: 1);

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void A_pipeline_that_was_told_to_stop_scores_no_further_row()
    {
        string path = Stripes("0.png", 64, 64);
        using var stop = new CancellationTokenSource();
        AnomalyOnnxModel model = Open(Brightness());
        int asked = 0;
        IDataView data = _mlContext.Data.LoadFromEnumerable(Rows());
        using var pipeline = (IDisposable)_mlContext.Transforms.ApplyAnomalyOnnxModel(model, "Path", new() { CancellationToken = stop.Token })
            .Fit(_mlContext.Data.LoadFromEnumerable([new { Path = path }]));
        IDataView scored = ((ITransformer)pipeline).Transform(data);
        Assert.ThrowsExactly<OperationCanceledException>(() => scored.GetColumn<float[]>("Score").Count());
        Assert.AreEqual(3, asked);
        Assert.ThrowsExactly<OperationCanceledException>(
            () => _mlContext.Transforms.ApplyAnomalyOnnxModel(model, "Path", new() { CancellationToken = stop.Token }));

        IEnumerable<PathRow> Rows()
        {
            for (asked = 1; asked < 1_000; asked++)
            {
                if (asked == 3)
                    stop.Cancel();
                yield return new PathRow { Path = path };
            }
        }
    }

    private sealed class PathRow
    {
        public string Path { get; set; } = "";
    }

    [TestMethod]
    public void Every_picture_is_prepared_from_all_its_pixels_whatever_its_size()
    {
        // Stripes of one pixel are grey to whoever smooths, and black or white to whoever takes the nearest pixel.
        AnomalyOnnxModel model = Open(Brightness());
        string[] paths = [.. new[] { (64, 64), (128, 32), (48, 160), (Side, Side) }.Select((size, i) => Stripes($"{i}.png", size.Item1, size.Item2))];
        float[][] maps = Maps(model, paths);
        foreach (float[] map in maps[..3])
        {
            foreach (float value in map)
                Assert.AreEqual(0.5, value, 0.1);
        }

        Assert.AreEqual(0, maps[3][0]);
        Assert.AreEqual(1, maps[3][1]);
    }

    [TestMethod]
    public void Files_images_and_an_engine_give_the_same_bits()
    {
        AnomalyOnnxModel model = Open(Brightness());
        string[] paths = [Noise("a.png", 40, 50), Noise("b.png", 31, 17)];
        IDataView files = Files(paths);
        float[][] fromFiles = [.. Apply(model, "Path").Fit(files).Transform(files).GetColumn<float[]>("AnomalyMap")];
        IEstimator<ITransformer> loading = _mlContext.Transforms.LoadImages("Image", "", "Path").Append(Apply(model, "Image"));
        ITransformer fitted = loading.Fit(files);
        float[][] fromImages = [.. fitted.Transform(files).GetColumn<float[]>("AnomalyMap")];
        using PredictionEngine<File1, Map> engine = _mlContext.Model.CreatePredictionEngine<File1, Map>(fitted);
        for (int i = 0; i < paths.Length; i++)
        {
            Same.Bits<float>(fromFiles[i], fromImages[i], "images");
            Same.Bits<float>(fromFiles[i], engine.Predict(new() { Path = paths[i] }).AnomalyMap, "engine");
        }
    }

    [TestMethod]
    [DataRow(true, DisplayName = "paths")]
    [DataRow(false, DisplayName = "images")]
    public void A_saved_pipeline_gives_the_same_bits_for_pictures_of_its_size_and_nearly_the_same_for_others(bool isText)
    {
        AnomalyOnnxModel model = Open(Brightness());
        string[] paths = [Noise("a.png", 60, 80), Noise("b.png", 60, 80), Smooth("c.png", 45, 130), Smooth("d.png", 200, 90), Smooth("e.png", 30, 40)];
        IDataView files = Files(paths);
        IEstimator<ITransformer> pipeline = isText ? Apply(model, "Path")
            : _mlContext.Transforms.LoadImages("Image", "", "Path").Append(Apply(model, "Image"));
        ITransformer fitted = pipeline.Fit(files);
        _mlContext.Model.Save(fitted, files.Schema, _folder["pipeline.zip"]);
        ITransformer loaded = _mlContext.Model.Load(_folder["pipeline.zip"], out _);
        float[][] here = [.. fitted.Transform(files).GetColumn<float[]>("AnomalyMap")];
        float[][] there = [.. loaded.Transform(files).GetColumn<float[]>("AnomalyMap")];
        float[][] scores = [.. loaded.Transform(files).GetColumn<float[]>("Score")];
        for (int i = 0; i < 2; i++)
            Same.Bits<float>(here[i], there[i], "the same size");

        for (int i = 2; i < paths.Length; i++)
        {
            double mean = here[i].Zip(there[i], (left, right) => Math.Abs(left - right)).Average();
            double largest = here[i].Zip(there[i], (left, right) => Math.Abs(left - right)).Max();
            Console.WriteLine($"{paths[i]}: {mean:G3} in the mean, {largest:G3} at most, of a range of 1");
            Assert.IsLessThan(0.02, mean);
            Assert.IsLessThan(0.1, largest);
            Assert.AreEqual(there[i].Max(), scores[i][0]);
        }
    }

    [TestMethod]
    public void A_pipeline_that_has_seen_no_picture_needs_a_size_to_be_saved()
    {
        AnomalyOnnxModel model = Open(Brightness());
        ITransformer unseen = Apply(model, "Path").Fit(Files());
        var e = Assert.ThrowsExactly<InvalidOperationException>(() => _mlContext.Model.Save(unseen, Files().Schema, _folder["pipeline.zip"]));
        StringAssert.Contains(e.Message, "PictureHeight and PictureWidth");

        ITransformer told = Apply(model, "Path", new() { PictureHeight = 40, PictureWidth = 50 }).Fit(Files());
        _mlContext.Model.Save(told, Files().Schema, _folder["pipeline.zip"]);
        IDataView files = Files(Noise("a.png", 40, 50));
        Same.Bits<float>(
            told.Transform(files).GetColumn<float[]>("AnomalyMap").Single(),
            _mlContext.Model.Load(_folder["pipeline.zip"], out _).Transform(files).GetColumn<float[]>("AnomalyMap").Single());
        Assert.ThrowsExactly<ArgumentException>(() => Apply(model, "Path", new() { PictureHeight = 40 }));
    }

    [TestMethod]
    public void A_row_without_a_picture_is_refused_by_column_and_row()
    {
        AnomalyOnnxModel model = Open(Brightness());
        foreach (string source in (string[])["Path", "Image"])
        {
            IDataView files = Files(Noise("a.png", 20, 20), "", Noise("b.png", 20, 20));
            IEstimator<ITransformer> pipeline = source == "Path" ? Apply(model, source)
                : _mlContext.Transforms.LoadImages("Image", "", "Path").Append(Apply(model, source));
            IDataView scored = pipeline.Fit(files).Transform(files);
            var e = Assert.ThrowsExactly<InvalidDataException>(() => scored.GetColumn<float[]>("Score").ToArray());
            StringAssert.Contains(e.Message, $"Column '{source}', row 1");
        }

        IDataView broken = Files(Noise("a.png", 20, 20), _folder["none.png"]);
        IDataView all = Apply(model, "Path").Fit(broken).Transform(broken);
        var missing = Assert.ThrowsExactly<InvalidDataException>(() => all.GetColumn<float[]>("Score").ToArray());
        StringAssert.Contains(missing.Message, "row 1");
        StringAssert.Contains(missing.Message, "none.png");
    }

    [TestMethod]
    [DataRow(Side, DisplayName = "of the model's size")]
    [DataRow(40, DisplayName = "of another size")]
    public void Images_in_memory_can_be_used_again(int side)
    {
        using MLImage image = MLImage.CreateFromFile(Noise("a.png", side, side));
        IDataView data = Images(image);
        ITransformer fitted = Apply(Open(Brightness()), "Image").Fit(data);
        float first = fitted.Transform(data).GetColumn<float[]>("Score").Single()[0];
        Assert.AreEqual(side, image.Height);
        Assert.AreEqual(first, fitted.Transform(data).GetColumn<float[]>("Score").Single()[0]);

        MLImage gone = MLImage.CreateFromFile(_folder["a.png"]);
        gone.Dispose();
        var e = Assert.ThrowsExactly<InvalidDataException>(() => fitted.Transform(Images(gone)).GetColumn<float[]>("Score").ToArray());
        StringAssert.Contains(e.Message, "disposed");
    }

    [TestMethod]
    public void Transparent_pictures_are_read_from_files_refused_as_images_and_NaN_in_a_saved_pipeline()
    {
        byte[] lines = [.. Enumerable.Range(0, 20 * 20).SelectMany(i => (byte[])[200, 200, 200, (byte)(i == 210 ? 0 : 255)])];
        Png.Write(_folder["clear.png"], 20, 20, 8, Png.Rgba, lines);
        AnomalyOnnxModel model = Open(Brightness());
        IDataView files = Files(_folder["clear.png"]);
        ITransformer fromFiles = Apply(model, "Path").Fit(files);
        Assert.AreEqual(200 / 255f, fromFiles.Transform(files).GetColumn<float[]>("Score").Single()[0], 1e-6f);

        IEstimator<ITransformer> loading = _mlContext.Transforms.LoadImages("Image", "", "Path").Append(Apply(model, "Image"));
        var e = Assert.ThrowsExactly<InvalidDataException>(
            () => loading.Fit(files).Transform(files).GetColumn<float[]>("Score").ToArray());
        StringAssert.Contains(e.Message, "transparent");

        _mlContext.Model.Save(fromFiles, files.Schema, _folder["pipeline.zip"]);
        IDataView saved = _mlContext.Model.Load(_folder["pipeline.zip"], out _).Transform(files);
        Assert.AreEqual(float.NaN, saved.GetColumn<float[]>("Score").Single()[0]);
        Assert.IsTrue(saved.GetColumn<float[]>("AnomalyMap").Single().All(float.IsNaN));
    }

    [TestMethod]
    public void A_score_alone_does_not_read_the_map_and_nothing_reads_a_picture_that_no_column_needs()
    {
        IDataView files = Files(_folder["none.png"]);
        ITransformer fitted = Apply(Open(Brightness()), "Path", new() { PictureHeight = 1, PictureWidth = 1 }).Fit(files);
        Assert.HasCount(1, fitted.Transform(files).GetColumn<string>("Path").ToArray());
    }

    [TestMethod]
    [DataRow("Score", "Score", DisplayName = "one name for both")]
    [DataRow("Score", " ", DisplayName = "an empty name for the map")]
    [DataRow("", "AnomalyMap", DisplayName = "an empty name for the score")]
    public void Columns_need_names_of_their_own(string score, string map)
    {
        AnomalyOnnxModel model = Open(Brightness());
        var e = Assert.ThrowsExactly<ArgumentException>(() => Apply(model, "Path", new() { ScoreColumnName = score, MapColumnName = map }));
        Assert.AreEqual("options", e.ParamName);
    }

    [TestMethod]
    public void A_column_of_another_type_is_refused_by_name()
    {
        AnomalyOnnxModel model = Open(Brightness());
        foreach (string column in (string[])["Number", "Nothing"])
        {
            var e = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Apply(model, column).Fit(Files()));
            StringAssert.Contains(e.Message, $"Column '{column}'");
            var chained = Assert.ThrowsExactly<ArgumentOutOfRangeException>(
                () => Apply(model, column).Append(_mlContext.Transforms.NormalizeAnomaly(new AnomalyThresholds(1, 1))).Fit(Files()));
            StringAssert.Contains(chained.Message, $"Column '{column}'");
        }
    }

    [TestMethod]
    public void The_models_own_thresholds_normalise_what_it_gives_or_the_message_says_what_to_do()
    {
        AnomalyOnnxModel none = Open(Brightness());
        StringAssert.Contains(
            Assert.ThrowsExactly<InvalidOperationException>(() => _mlContext.Transforms.NormalizeAnomaly(none)).Message, "came without thresholds");

        File.WriteAllText(_folder["model.json"], """{"image_threshold": 0.5, "pixel_threshold": 0.25}""");
        IDataView files = Files(Noise("a.png", 20, 20));
        AnomalyOnnxModel both = Open(Brightness());
        IDataView scored = Apply(both, "Path").Append(_mlContext.Transforms.NormalizeAnomaly(both)).Fit(files).Transform(files);
        Assert.AreEqual(scored.GetColumn<float[]>("Score").Single()[0] * 200, scored.GetColumn<float[]>("NormalizedScore").Single()[0], 1e-3f);
        Assert.AreEqual(scored.GetColumn<float[]>("AnomalyMap").Single()[5] * 400, scored.GetColumn<float[]>("NormalizedMap").Single()[5], 1e-3f);

        AnomalyOnnxModel scoreAlone = AnomalyOnnxModel.Open(ModelFile.Vision(map: null).Save(_folder["score.onnx"]));
        Assert.IsNull(Apply(scoreAlone, "Path").Append(_mlContext.Transforms.NormalizeAnomaly(scoreAlone)).Fit(files)
            .Transform(files).Schema.GetColumnOrNull("NormalizedMap"));
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(
                () => _mlContext.Transforms.NormalizeAnomaly(scoreAlone, new() { MapColumnName = "AnomalyMap" })).Message, "gives no anomaly map");
    }

    [TestMethod]
    public void A_threshold_on_the_cdf_scale_is_brought_back_and_the_one_of_pixels_refused()
    {
        File.WriteAllText(_folder["metadata.json"],
            """{"image_threshold": 2, "pixel_threshold": 3, "image_mean": 1, "image_std": 0.5, "pixel_mean": [[0]], "pixel_std": [[1]], "min": 0, "max": 1}""");
        AnomalyOnnxModel model = Open(Brightness());
        Assert.AreEqual(Math.Exp(2), model.Thresholds!.Image);
        StringAssert.Contains(model.ToString(), "The pixel threshold is 3 on a scale of its own");
        _ = _mlContext.Transforms.NormalizeAnomaly(model);
        var e = Assert.ThrowsExactly<InvalidOperationException>(
            () => _mlContext.Transforms.NormalizeAnomaly(model, new() { MapColumnName = "AnomalyMap" }));
        StringAssert.Contains(e.Message, "cdf");
    }

    [TestMethod]
    public void A_crop_beside_the_model_is_cropped()
    {
        // One white pixel in the corner, which the crop leaves out.
        byte[] lines = new byte[3 * 8 * 8];
        lines.AsSpan(0, 3).Fill(255);
        Png.Write(_folder["corner.png"], 8, 8, 8, Png.Rgb, lines);
        File.WriteAllText(_folder["metadata.json"], """
            {"image_threshold": 0.5, "pixel_threshold": 0.5, "transform": {"transform": {"transforms": [
              {"__class_fullname__": "Resize", "height": 8, "width": 8}, {"__class_fullname__": "CenterCrop", "height": 4, "width": 4}]}}}
            """);
        foreach (long? size in (long?[])[4, null])
        {
            AnomalyOnnxModel model = Open(Brightness(size));
            IDataView files = Files(_folder["corner.png"]);
            Assert.AreEqual(0, Apply(model, "Path").Fit(files).Transform(files).GetColumn<float[]>("Score").Single()[0]);
            StringAssert.Contains(model.ToString(), "centre 4 x 4");
        }
    }

    [TestMethod]
    public void A_transform_that_cannot_be_repeated_is_named_and_refused_unless_the_preparation_is_given()
    {
        File.WriteAllText(_folder["metadata.json"],
            """{"transform": {"transform": {"transforms": [{"__class_fullname__": "albumentations.Equalize"}]}}}""");
        AnomalyOnnxModel model = Open(Brightness());
        StringAssert.Contains(model.ToString(), "The transform 'Equalize' of metadata.json");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Apply(model, "Path")).Message, "Equalize");
        _ = Apply(model, "Path", new() { Preprocessing = new() });
    }

    [TestMethod]
    public void What_a_model_crops_away_is_left_out_of_masks_and_heat_maps_of_the_photos_size()
    {
        // Of the photo's 32 x 32 pixels the middle 16 x 16 are given to the graph, which looks at the 8 x 8 from (3, 5) on.
        const int size = 32, top = 8 + 3, left = 8 + 5, seen = 8;
        File.WriteAllText(_folder["metadata.json"], """
            {"image_threshold": 0.5, "pixel_threshold": 0.5, "transform": {"transform": {"transforms": [
              {"__class_fullname__": "Resize", "height": 32, "width": 32}, {"__class_fullname__": "CenterCrop", "height": 16, "width": 16}]}}}
            """);
        AnomalyOnnxModel model = Open(BrightnessOf(top: 3, left: 5, seen));
        Assert.AreEqual(new PictureArea(11 / 32.0, 13 / 32.0, 0.25, 0.25), model.InspectedArea);

        // Both photos have the same bright border, which isn't looked at.
        bool IsDefect(int row, int column) => row is >= top + 1 and < top + 4 && column is >= left + 2 and < left + 4;
        CroppedPhoto Photo(string name, bool isAnomalous) => new()
        {
            Path = Picture(name, size, size, (row, column) => row < 10 || (isAnomalous && IsDefect(row, column)) ? (byte)255 : (byte)0),
            Mask = MLImage.CreateFromPixels(size, size, MLPixelFormat.Rgba32, [.. Enumerable.Range(0, size * size)
                .SelectMany(i => Enumerable.Repeat(isAnomalous && IsDefect(i / size, i % size) ? (byte)255 : (byte)0, 3).Append((byte)255))]),
            Label = isAnomalous,
        };
        IDataView photos = _mlContext.Data.LoadFromEnumerable([Photo("good.png", false), Photo("bad.png", true)]);
        var normalized = _mlContext.Transforms.ApplyAnomalyOnnxModel(model, "Path")
            .Append(_mlContext.Transforms.NormalizeAnomaly(model.Thresholds!, new() { MapColumnName = "AnomalyMap" }))
            .Fit(photos).Transform(photos);
        PixelMetrics metrics = _mlContext.AnomalyDetection.EvaluateNormalized(normalized, new() { MaskColumnName = "Mask", ResizeMasks = true }).Pixel!;
        Assert.AreEqual(new ConfusionCounts(6, 0, (2 * seen * seen) - 6, 0), metrics.Counts);

        PictureArea area = normalized.Schema["NormalizedMap"].GetInspectedArea()!.Value;
        Assert.AreEqual(model.InspectedArea, area);
        float[] map = normalized.GetColumn<float[]>("NormalizedMap").Last();
        using MLImage mask = HeatMap.Mask(map, seen, seen, size, size, area: area);
        for (int i = 0; i < size * size; i++)
            Assert.AreEqual(IsDefect(i / size, i % size) ? 255 : 0, mask.Pixels[i * 4], $"row {i / size}, column {i % size}");

        // Whoever doesn't say that masks are of the photo is asked.
        StringAssert.Contains(
            Assert.ThrowsExactly<InvalidDataException>(
                () => _mlContext.AnomalyDetection.EvaluateNormalized(normalized, new() { MaskColumnName = "Mask" })).Message,
            "ResizeMasks");
    }

    private EstimatorChain<ITransformer> Apply(AnomalyOnnxModel model, string source, AnomalyOnnxScoringOptions? options = null)
        => _mlContext.Transforms.ApplyAnomalyOnnxModel(model, source, options);

    private float[][] Maps(AnomalyOnnxModel model, params string[] paths)
        => [.. Apply(model, "Path").Fit(Files(paths)).Transform(Files(paths)).GetColumn<float[]>("AnomalyMap")];

    private AnomalyOnnxModel Open(ModelProto model) => AnomalyOnnxModel.Open(model.Save(_folder["model.onnx"]));

    // The map is the mean of the channels.
    private static ModelProto Brightness(long? side = Side)
    {
        ModelProto model = ModelFile.Empty();
        model.Graph.Input.Add(ModelFile.Value("input", typeof(float), 1, 3, side, side));
        model.Graph.Node.Add(ModelFile.Node("ReduceMean", ["input"], ["anomaly_map"], GraphEditor.Attribute("axes", [1L])));
        model.Graph.Output.Add(ModelFile.Value("anomaly_map", typeof(float), 1, 1, side, side));
        return model;
    }

    private static ModelProto BrightnessOf(int top, int left, int side)
    {
        ModelProto model = Brightness();
        model.Graph.Initializer.Add(ModelFile.Tensor("starts", [top, left], [2]));
        model.Graph.Initializer.Add(ModelFile.Tensor("ends", [top + side, left + side], [2]));
        model.Graph.Initializer.Add(ModelFile.Tensor("axes", [2, 3], [2]));
        model.Graph.Node[0].Input[0] = "seen";
        model.Graph.Node.Insert(0, ModelFile.Node("Slice", ["input", "starts", "ends", "axes"], ["seen"]));
        model.Graph.Output[0] = ModelFile.Value("anomaly_map", typeof(float), 1, 1, side, side);
        return model;
    }

    private string Stripes(string name, int height, int width)
        => Picture(name, height, width, (_, column) => column % 2 == 0 ? (byte)0 : (byte)255);

    private string Noise(string name, int height, int width)
    {
        var random = new Random(height + width);
        return Picture(name, height, width, (_, _) => (byte)random.Next(256));
    }

    private string Smooth(string name, int height, int width)
        => Picture(name, height, width, (row, column) => (byte)(127 + (60 * Math.Sin(6.0 * row / height)) + (60 * Math.Cos(9.0 * column / width))));

    private string Picture(string name, int height, int width, Func<int, int, byte> level)
    {
        byte[] lines = [.. Enumerable.Range(0, height * width).SelectMany(i => Enumerable.Repeat(level(i / width, i % width), 3))];
        Png.Write(_folder[name], width, height, 8, Png.Rgb, lines);
        return _folder[name];
    }

    private IDataView Files(params string[] paths) => _mlContext.Data.LoadFromEnumerable(paths.Select(path => new File1 { Path = path }));

    private IDataView Images(params MLImage[] images) => _mlContext.Data.LoadFromEnumerable(images.Select(image => new Image1 { Image = image }));

    internal sealed class File1
    {
        public string Path { get; set; } = "";

        public float Number { get; set; }
    }

    internal sealed class Image1
    {
        [ImageType(1, 1)]
        public MLImage? Image { get; set; }
    }

    internal sealed class CroppedPhoto
    {
        public string Path { get; set; } = "";

        [ImageType(32, 32)]
        public MLImage? Mask { get; set; }

        public bool Label { get; set; }
    }

    internal sealed class Map
    {
        public float[] AnomalyMap { get; set; } = [];
    }
}
