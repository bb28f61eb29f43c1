using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using MLNet.AnomalyNormalization.Onnx.Format;
using MLNet.AnomalyNormalization.Onnx.Graphs;
using MLNet.AnomalyNormalization.Tests;

namespace MLNet.AnomalyNormalization.Onnx.Tests;

[TestClass]
public sealed class AnomalyOnnxCatalogTests : IDisposable
{
    private const int Height = 4;
    private const int Width = 6;

    private readonly TemporaryFolder _folder = new();
    private readonly MLContext _mlContext = new(seed: 1);

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow(11, DisplayName = "opset 11")]
    [DataRow(ModelFile.NewestOpset, DisplayName = "the newest opset")]
    public void Any_kind_of_export_gives_the_same_columns(int opset)
    {
        float[][] maps = [.. Photo.Make(2).Select(photo => photo.ExpectedMap())];
        AssertGives(ModelFile.Vision(opset), maps, "both");
        AssertGives(ModelFile.Vision(opset, score: null), maps, "a map alone");
        AssertGives(ModelFile.Vision(opset, batch: null, mapShape: [null, 1, null, null]), maps, "any batch, a map of any size");
        AssertGives(ModelFile.Vision(opset, mapShape: [1, 1, 40, 60]), maps, "a shape that isn't true");
        AssertGives(ModelFile.Vision(opset, batch: null, height: null, width: null), maps, "any size",
            new() { Height = Height, Width = Width });
        AssertGives(ModelFile.Vision(opset, score: "Score", map: "AnomalyMap"), maps, "outputs with the names of the columns");
        AssertGives(ModelFile.Vision(opset, score: "Score.Pixels", map: "Score.Image"), maps,
            "outputs with the names of columns in between");
    }

    [TestMethod]
    [DataRow(typeof(Half), 2e-3, DisplayName = "Half")]
    [DataRow(typeof(double), 1e-6, DisplayName = "Double")]
    public void Outputs_in_Half_and_Double_become_Single(Type type, double tolerance)
    {
        Inspection[] inspections = Apply(ModelFile.Vision(type: type));
        foreach ((Photo photo, Inspection inspection) in Photo.Make(2).Zip(inspections))
        {
            foreach ((float expected, float actual) in photo.ExpectedMap().Zip(inspection.AnomalyMap))
                Assert.AreEqual(expected, actual, tolerance);
            Assert.AreEqual(inspection.AnomalyMap.Max(), inspection.Score.Single());
        }
    }

    [TestMethod]
    public void A_score_alone_gives_no_map()
    {
        AnomalyOnnxModel model = AnomalyOnnxModel.Open(ModelFile.Vision(map: null).Save(_folder["model.onnx"]));
        DataViewSchema schema = _mlContext.Transforms.ApplyAnomalyOnnxModel(model, "Image").Fit(Photos(1))
            .GetOutputSchema(Photos(1).Schema);
        CollectionAssert.AreEqual(new[] { "Image", "Score" }, schema.Select(column => column.Name).ToArray());
    }

    [TestMethod]
    public void Columns_have_fixed_sizes_and_the_chosen_names()
    {
        AnomalyOnnxModel model = AnomalyOnnxModel.Open(ModelFile.Vision(mapShape: [null, 1, null, null]).Save(_folder["model.onnx"]));
        DataViewSchema schema = _mlContext.Transforms
            .ApplyAnomalyOnnxModel(model, "Image", new() { ScoreColumnName = "How bad", MapColumnName = "Where" }).Fit(Photos(1))
                .GetOutputSchema(Photos(1).Schema);
        Assert.AreEqual(new VectorDataViewType(NumberDataViewType.Single, 1), schema["How bad"].Type);
        Assert.AreEqual(new VectorDataViewType(NumberDataViewType.Single, 1, 1, Height, Width), schema["Where"].Type);
        Assert.HasCount(3, schema);
    }

    [TestMethod]
    public void Mean_and_deviation_come_from_model_json_and_the_order_of_channels_from_the_options()
    {
        // The model gives its input back as three maps, of which the test looks at one.
        File.WriteAllText(_folder["model.json"], """{"input_size": [[3, 4, 6]], "mean": [0.1, 0.2, 0.3], "std": [0.5, 0.25, 0.125]}""");
        (float, float)[] statistics = [(0.1f, 0.5f), (0.2f, 0.25f), (0.3f, 0.125f)];
        byte[] pixels = Photo.Make(1)[0].Image!.Pixels.ToArray();
        foreach (bool isBlueFirst in (bool[])[false, true])
        {
            for (int channel = 0; channel < 3; channel++)
            {
                ModelProto proto = ModelFile.Empty();
                proto.Graph.Input.Add(ModelFile.Value("input", typeof(float), 1, 3, Height, Width));
                proto.Graph.Initializer.Add(ModelFile.Tensor("channel", [channel], [1]));
                proto.Graph.Node.Add(ModelFile.Node("Gather", ["input", "channel"], ["anomaly_map"], GraphEditor.Attribute("axis", 1L)));
                proto.Graph.Output.Add(ModelFile.Value("anomaly_map", typeof(float), 1, 1, Height, Width));
                AnomalyOnnxModel model = AnomalyOnnxModel.Open(proto.Save(_folder["model.onnx"]));
                ITransformer fitted = _mlContext.Transforms
                    .ApplyAnomalyOnnxModel(model, "Image", new() { Preprocessing = model.Preprocessing with { IsBlueFirst = isBlueFirst } }).Fit(Photos(1));
                (float mean, float deviation) = statistics[channel];
                int source = isBlueFirst ? 2 - channel : channel;
                float[] expected = [.. Enumerable.Range(0, Height * Width)
                    .Select(i => ((pixels[(4 * i) + source] / 255f) - mean) / deviation)];
                Same.Bits<float>(expected, Inspect<RawInspection>(fitted, Photos(1))[0].AnomalyMap, $"channel {channel}");
            }
        }
    }

    [TestMethod]
    public void Channels_last_bytes_and_grey_inputs_get_what_they_expect()
    {
        byte[] pixels = Photo.Make(1)[0].Image!.Pixels.ToArray();
        ModelProto last = ModelFile.Empty();
        last.Graph.Input.Add(ModelFile.Value("input", typeof(byte), 1, Height, Width, 3));
        last.Graph.Initializer.Add(ModelFile.Tensor("channel", [1], [1]));
        last.Graph.Node.Add(ModelFile.Node("Gather", ["input", "channel"], ["green"], GraphEditor.Attribute("axis", 3L)));
        last.Graph.Node.Add(ModelFile.Node("Cast", ["green"], ["anomaly_map"], GraphEditor.Attribute("to", 1L)));
        last.Graph.Output.Add(ModelFile.Value("anomaly_map", typeof(float), 1, Height, Width, 1));
        Same.Bits<float>([.. Enumerable.Range(0, Height * Width).Select(i => (float)pixels[(4 * i) + 1])], Apply(last)[0].AnomalyMap,
            "bytes");

        ModelProto grey = ModelFile.Empty();
        grey.Graph.Input.Add(ModelFile.Value("input", typeof(float), 1, 1, Height, Width));
        grey.Graph.Node.Add(ModelFile.Node("Identity", ["input"], ["anomaly_map"]));
        grey.Graph.Output.Add(ModelFile.Value("anomaly_map", typeof(float), 1, 1, Height, Width));
        float[] brightness = Apply(grey)[0].AnomalyMap;
        for (int i = 0; i < brightness.Length; i++)
        {
            float expected = ((0.3f * pixels[4 * i]) + (0.59f * pixels[(4 * i) + 1]) + (0.11f * pixels[(4 * i) + 2])) / 255;
            Assert.AreEqual(expected, brightness[i], 0.02f);
        }
    }

    [TestMethod]
    public void Images_of_any_size_are_brought_to_the_size_of_the_model()
    {
        AnomalyOnnxModel model = AnomalyOnnxModel.Open(ModelFile.Vision().Save(_folder["model.onnx"]));
        (int Height, int Width)[] sizes = [(4, 6), (8, 12), (40, 7), (1, 1)];
        IDataView data = _mlContext.Data.LoadFromEnumerable(sizes.Select(size =>
        {
            byte[] white = [.. Enumerable.Repeat((byte)255, size.Height * size.Width * 4)];
            return new Photo { Image = MLImage.CreateFromPixels(size.Width, size.Height, MLPixelFormat.Rgba32, white) };
        }));
        foreach (RawInspection inspection in Inspect<RawInspection>(
            _mlContext.Transforms.ApplyAnomalyOnnxModel(model, "Image").Fit(data), data))
        {
            foreach (float value in inspection.AnomalyMap)
                Assert.AreEqual(0.75f, value, 1e-6f);
        }
    }

    [TestMethod]
    public void A_wrong_size_cannot_be_scored_in_silence()
    {
        AnomalyOnnxModel open = AnomalyOnnxModel.Open(ModelFile.Vision(height: null, width: null).Save(_folder["open.onnx"]));
        Assert.ThrowsExactly<ArgumentException>(() => _mlContext.Transforms.ApplyAnomalyOnnxModel(open, "Image"));

        AnomalyOnnxModel model = AnomalyOnnxModel.Open(ModelFile.Vision().Save(_folder["model.onnx"]));
        Assert.ThrowsExactly<ArgumentException>(
            () => _mlContext.Transforms.ApplyAnomalyOnnxModel(model, "Image", new() { Preprocessing = new() { Height = 8, Width = 12 } }));

        // The file says any size, but the graph within can take one alone.
        ModelProto picky = ModelFile.Vision(height: null, width: null, mapShape: [1, 1, 4, 6]);
        picky.Graph.Initializer.Add(ModelFile.Tensor("bias", typeof(float), new double[24], [1, 1, 4, 6]));
        picky.Graph.Node.Single(node => node.OpType == "Add").Input[1] = "bias";
        AnomalyOnnxModel fixedInside = AnomalyOnnxModel.Open(picky.Save(_folder["picky.onnx"]));
        var e = Assert.ThrowsExactly<InvalidDataException>(
            () => _mlContext.Transforms.ApplyAnomalyOnnxModel(
                fixedInside, "Image", new() { Preprocessing = new() { Height = 9, Width = 12 } }));
        StringAssert.Contains(e.Message, "can't be run on an image of 9 x 12");
    }

    [TestMethod]
    public void A_model_whose_raw_outputs_were_replaced_is_refused()
    {
        AnomalyOnnxModel.Open(ModelFile.Vision().Save(_folder["model.onnx"]))
            .BakeNormalization(_folder["baked.onnx"], new(1, 1), new() { ReplaceRawOutputs = true });
        AnomalyOnnxModel baked = AnomalyOnnxModel.Open(_folder["baked.onnx"]);
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => _mlContext.Transforms.ApplyAnomalyOnnxModel(baked, "Image")).Message,
                "normalised scores alone");
    }

    [TestMethod]
    public void A_baked_graph_and_the_pipeline_give_the_same_bits_and_decisions()
    {
        var thresholds = new AnomalyThresholds(0.3, 0.2);
        AnomalyOnnxModel model = AnomalyOnnxModel.Open(ModelFile.Vision().Save(_folder["model.onnx"]));
        model.BakeNormalization(_folder["baked.onnx"], thresholds, new() { AddLabel = true });
        IDataView photos = Photos(20);
        Inspection[] inspections = Inspect(_mlContext.Transforms.ApplyAnomalyOnnxModel(model, "Image")
            .Append(_mlContext.Transforms.NormalizeAnomaly(thresholds, new() { MapColumnName = "AnomalyMap" })).Fit(photos), photos);
        using var runtime = new Runtime(_folder["baked.onnx"]);
        foreach ((Photo photo, Inspection inspection) in Photo.Make(20).Zip(inspections))
        {
            (string, Array, long[])[] inputs = [("input", photo.Planes(), [1, 3, Height, Width])];
            Same.Bits<float>(inspection.NormalizedScore, runtime.Run<float>("normalized_score", inputs), "score");
            Same.Bits<float>(inspection.NormalizedMap, runtime.Run<float>("normalized_map", inputs), "map");
            CollectionAssert.AreEqual(inspection.PredictedLabel, runtime.Run<bool>("is_anomalous", inputs));
        }
    }

    [TestMethod]
    public void The_pipeline_is_saved_into_one_zip_of_stock_components_and_works_in_a_prediction_engine()
    {
        ModelProto proto = ModelFile.Vision().WithExternalData(
            "weight", "model.data", bytes => File.WriteAllBytes(_folder["model.data"], bytes), offset: 8);
        AnomalyOnnxModel model = AnomalyOnnxModel.Open(proto.Save(_folder["model.onnx"]));
        Photo.Make(1)[0].Image!.Save(_folder["photo.png"]);
        IDataView files = _mlContext.Data.LoadFromEnumerable([new PhotoFile { Path = _folder["photo.png"] }]);
        ITransformer fitted = _mlContext.Transforms.LoadImages("Image", imageFolder: "", inputColumnName: "Path")
            .Append(_mlContext.Transforms.ApplyAnomalyOnnxModel(model, "Image"))
            .Append(_mlContext.Transforms.NormalizeAnomaly(new AnomalyThresholds(0.3, 0.2), new() { MapColumnName = "AnomalyMap" }))
                .Fit(files);
        Inspection expected = Inspect(fitted, files)[0];
        Same.Bits<float>(Photo.Make(1)[0].ExpectedMap(), expected.AnomalyMap, "map");

        // Everything is in the zip, and nothing in it asks for an assembly of ours.
        _mlContext.Model.Save(fitted, files.Schema, _folder["pipeline.zip"]);
        File.Delete(_folder["model.onnx"]);
        File.Delete(_folder["model.data"]);
        using (ZipArchive zip = ZipFile.OpenRead(_folder["pipeline.zip"]))
        {
            foreach (ZipArchiveEntry entry in zip.Entries)
            {
                using var reader = new StreamReader(entry.Open(), Encoding.Latin1);
                string content = reader.ReadToEnd().Replace("\0", "", StringComparison.Ordinal);
                Assert.DoesNotContain("MLNet.AnomalyNormalization", content);
            }
        }

        ITransformer loaded = new MLContext().Model.Load(_folder["pipeline.zip"], out _);
        using PredictionEngine<PhotoFile, Inspection> engine = _mlContext.Model.CreatePredictionEngine<PhotoFile, Inspection>(loaded);
        Inspection actual = engine.Predict(new PhotoFile { Path = _folder["photo.png"] });
        Same.Bits<float>(expected.NormalizedMap, actual.NormalizedMap, "map");
        Same.Bits<float>(expected.NormalizedScore, actual.NormalizedScore, "score");
        CollectionAssert.AreEqual(expected.PredictedLabel, actual.PredictedLabel);

        // In a process that doesn't have our packages.
        string consumer = AppContext.BaseDirectory.Replace("Onnx.Tests", "Onnx.StockConsumer", StringComparison.Ordinal);
        using Process child = Process.Start(new ProcessStartInfo(
            "dotnet", [Path.Combine(consumer, "MLNet.AnomalyNormalization.Onnx.StockConsumer.dll"), _folder["pipeline.zip"],
                _folder["photo.png"]])
        {
            RedirectStandardOutput = true,
        })!;
        string output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        Assert.AreEqual(0, child.ExitCode);
        float[] elsewhere = [.. output.Split(' ').Select(bits
            => BitConverter.UInt32BitsToSingle(uint.Parse(bits, CultureInfo.InvariantCulture)))];
        Same.Bits<float>([.. expected.NormalizedScore, .. expected.NormalizedMap], elsewhere, "another process");
    }

    private void AssertGives(ModelProto model, float[][] maps, string what, ImagePreprocessing? preprocessing = null)
    {
        Inspection[] inspections = Apply(model, preprocessing);
        foreach ((float[] map, Inspection inspection) in maps.Zip(inspections))
        {
            Same.Bits<float>(map, inspection.AnomalyMap, what);
            Same.Bits<float>([map.Max()], inspection.Score, what);
        }
    }

    private Inspection[] Apply(ModelProto model, ImagePreprocessing? preprocessing = null)
    {
        AnomalyOnnxModel opened = AnomalyOnnxModel.Open(model.Save(_folder["model.onnx"]));
        IDataView photos = Photos(2);
        return Inspect(_mlContext.Transforms.ApplyAnomalyOnnxModel(opened, "Image", new() { Preprocessing = preprocessing })
            .Append(_mlContext.Transforms.NormalizeAnomaly(new AnomalyThresholds(0.3, 0.2), new() { MapColumnName = "AnomalyMap" }))
                .Fit(photos), photos);
    }

    private Inspection[] Inspect(ITransformer fitted, IDataView photos) => Inspect<Inspection>(fitted, photos);

    private T[] Inspect<T>(ITransformer fitted, IDataView photos)
        where T : class, new()
        => [.. _mlContext.Data.CreateEnumerable<T>(fitted.Transform(photos), reuseRowObject: false)];

    private IDataView Photos(int count) => _mlContext.Data.LoadFromEnumerable(Photo.Make(count));

    internal sealed class PhotoFile
    {
        public string Path { get; set; } = "";
    }

    internal sealed class Photo
    {
        [ImageType(Height, Width)]
        public MLImage? Image { get; set; }

        public static Photo[] Make(int count)
        {
            var random = new Random(5);
            return [.. Enumerable.Range(0, count).Select(_ =>
            {
                byte[] pixels = new byte[Height * Width * 4];
                int brightest = random.Next(60, 256);
                for (int i = 0; i < pixels.Length; i++)
                    pixels[i] = i % 4 == 3 ? (byte)255 : (byte)random.Next(brightest);
                return new Photo { Image = MLImage.CreateFromPixels(Width, Height, MLPixelFormat.Rgba32, pixels) };
            })];
        }

        /// <summary>Red, green and blue as planes in 0..1.</summary>
        public float[] Planes()
        {
            byte[] pixels = Image!.Pixels.ToArray();
            return [.. Enumerable.Range(0, 3).SelectMany(channel => Enumerable.Range(0, Height * Width)
                .Select(i => pixels[(4 * i) + channel] / 255f))];
        }

        public float[] ExpectedMap()
        {
            float[] planes = Planes();
            const int Pixels = Height * Width;
            return [.. Enumerable.Range(0, Pixels).Select(i => MathF.Abs(
                ((planes[i] + planes[Pixels + i] + planes[(2 * Pixels) + i]) / 3) - 0.25f))];
        }
    }

    internal class RawInspection
    {
        public float[] Score { get; set; } = [];

        public float[] AnomalyMap { get; set; } = [];
    }

    internal sealed class Inspection : RawInspection
    {
        public float[] NormalizedScore { get; set; } = [];

        public float[] NormalizedMap { get; set; } = [];

        public bool[] PredictedLabel { get; set; } = [];
    }
}
