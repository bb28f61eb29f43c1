using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using MLNet.AnomalyNormalization.Tests;

namespace MLNet.AnomalyNormalization.Onnx.Tests;

/// <summary>
/// The promise "the same decision as in Python": models of every generation, written by PyTorch's own exporter, from the photo files to
/// the decision, against what PyTorch gives.
/// </summary>
[TestClass]
public sealed class ExportedModelTests : IDisposable
{
    /// <summary>How far a raw score or map may lie from PyTorch's with the same pixels, relative to the threshold.</summary>
    private const double Tolerance = 1e-4;

    /// <summary>The same where inputs and outputs are Half: eleven bits.</summary>
    private const double HalfTolerance = 2e-3;

    private const string FixedBatch = "quadra-batch";

    private static readonly Dictionary<string, Inspected> _inspected = [];

    private readonly TemporaryFolder _folder = new();
    private readonly MLContext _mlContext = new(seed: 1);

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> Models => ExportedModel.Names.Select(name => new object[] { name });

    public static IEnumerable<object[]> ModelsOfOnePhoto => NamesOfOnePhoto.Select(name => new object[] { name });

    public static IEnumerable<object[]> ModelsWithReference
        => NamesOfOnePhoto.Where(name => !ExportedModel.IsShared(name)).Select(name => new object[] { name });

    private static IEnumerable<string> NamesOfOnePhoto => ExportedModel.Names.Where(name => name != FixedBatch);

    [ClassCleanup]
    public static void DeleteExports() => ExportedModel.DeleteExports();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void Open_tells_what_is_what_and_where_images_are_decided(string name)
    {
        ExportedModel export = ExportedModel.Find(name);
        AnomalyOnnxModel model = AnomalyOnnxModel.Open(export.Path);
        TestContext.WriteLine(model.ToString());

        // The slow twin of the roles: what OnnxRuntime says of types and ranks.
        using var runtime = new Runtime(export.Path);
        Assert.AreEqual(Output(isBoolean: false, rank => rank < 3), model.ScoreOutputName, "score");
        Assert.AreEqual(Output(isBoolean: false, rank => rank == 4), model.MapOutputName, "map");
        Assert.AreEqual(Output(isBoolean: true, rank => rank < 3), model.LabelOutputName, "label");
        Assert.AreEqual(Output(isBoolean: true, rank => rank == 4), model.MaskOutputName, "mask");

        bool isTold = name is not ("22-without-post-processor" or "22-never-fitted");
        Assert.AreEqual(isTold, model.Thresholds is not null, "whether anything tells thresholds");
        if (!isTold)
            return;

        double threshold = export.Expected.EffectiveImageThreshold!.Value;
        Assert.AreEqual(threshold, model.Thresholds!.Image, 1e-6 * Math.Abs(threshold), "image threshold");
        if (model.MapOutputName is not null && export.Expected.EffectivePixelThreshold is { } pixel && name != "07-gaussian-cdf")
            Assert.AreEqual(pixel, model.Thresholds.Pixel, 1e-6 * Math.Abs(pixel), "pixel threshold");

        string? Output(bool isBoolean, Predicate<int> hasRank)
            => runtime.Session.OutputMetadata
                .Where(output => output.Value.ElementType == typeof(bool) == isBoolean && hasRank(output.Value.Dimensions.Length))
                .Select(output => output.Key).SingleOrDefault();
    }

    [TestMethod]
    [DynamicData(nameof(ModelsOfOnePhoto))]
    public void Photo_files_get_the_decisions_of_Python(string name)
    {
        Inspected inspected = Inspect(name);
        TestContext.WriteLine($"{Inspected.Heading}\n{inspected}");
        Assert.IsTrue(inspected.LargestDifference <= inspected.StatedDifference,
            $"The scores differ by {inspected.LargestDifference:P3} of the threshold; stated are {inspected.StatedDifference:P3}.");
        CollectionAssert.AreEqual(Array.Empty<string>(), inspected.OtherDecisions.ToArray());
    }

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void Pixels_of_Python_give_the_raw_scores_and_maps_of_Python(string name)
    {
        ExportedModel export = ExportedModel.Find(name);
        AnomalyOnnxModel model = AnomalyOnnxModel.Open(export.Path);
        AnomalyThresholds thresholds = ThresholdsOf(export);
        model.BakeNormalization(_folder["baked.onnx"], thresholds, new() { AddLabel = true });
        AnomalyOnnxModel baked = AnomalyOnnxModel.Open(_folder["baked.onnx"]);
        string score = Find(baked, AnomalyOutputRole.NormalizedScore)!;
        string? map = Find(baked, AnomalyOutputRole.NormalizedMap);

        using var own = new Runtime(export.Path);
        using var runtime = new Runtime(_folder["baked.onnx"]);
        NodeMetadata input = own.Session.InputMetadata[model.InputName];
        double tolerance = input.ElementType == typeof(Float16) ? HalfTolerance : Tolerance;
        (int height, int width) = (input.Dimensions[2], input.Dimensions[3]);
        foreach (ExpectedScores.Row row in export.Expected.Rows.Where((_, i) => i % 3 == 0))
        {
            float[] pixels = export.Pixels(row);
            (height, width) = height > 0 ? (height, width) : SizeOf(export.PixelsFolder);
            int batch = Math.Max(1, input.Dimensions[0]);
            float[] filled = [.. Enumerable.Repeat(pixels, batch).SelectMany(values => values)];
            Array values = input.ElementType == typeof(Float16) ? Array.ConvertAll(filled, value => (Half)value) : filled;
            (string, Array, long[])[] inputs = [(model.InputName, values, [batch, 3, height, width])];

            AssertRaw(row.RawScore, Single(score, inputs)[0], thresholds.Image, tolerance, $"{row.File}: score");
            if (map is not null)
            {
                float[] maps = Single(map, inputs);
                ReadOnlySpan<float> first = maps.AsSpan(0, maps.Length / batch);
                int mapWidth = first.Length == height * width ? width : (int)Math.Sqrt(first.Length);
                float at100 = first[(100 * mapWidth) + 100], maximum = maps.Take(first.Length).Max();
                AssertRaw(row.RawMapAt100!.Value, at100, thresholds.Pixel, tolerance, $"{row.File}: map at 100, 100");
                AssertRaw(row.RawMapMaximum!.Value, maximum, thresholds.Pixel, tolerance, $"{row.File}: map's maximum");
            }

            // The model's own label is decided by >, ours by >=: they may differ where its clipped score can't be told from the constant.
            bool isAnomalous = runtime.Run<bool>(baked.LabelOutputName!, inputs)[0];
            if (model.LabelOutputName is { } label && export.Expected.EffectiveImageThreshold is { } threshold
                && Math.Abs(row.RawScore - threshold) > 1e-6 * Math.Max(export.Expected.ImageRange, Math.Abs(threshold)))
            {
                Assert.AreEqual(own.Run<bool>(label, inputs)[0], isAnomalous, $"{row.File}: the model's own label");
                Assert.AreEqual(row.Anomalous, isAnomalous, $"{row.File}: PyTorch's label");
            }
        }

        float[] Single(string output, (string, Array, long[])[] inputs)
            => runtime.Session.OutputMetadata[output].ElementType == typeof(Float16)
                ? Array.ConvertAll(runtime.Run<Half>(output, inputs), value => (float)value)
                : runtime.Run<float>(output, inputs);
    }

    [TestMethod]
    [DynamicData(nameof(ModelsOfOnePhoto))]
    public void A_baked_model_in_another_folder_takes_its_preparation_along(string name)
    {
        ExportedModel export = ExportedModel.Find(name);
        Inspected inspected = Inspect(name);
        Directory.CreateDirectory(_folder["elsewhere"]);
        AnomalyOnnxModel.Open(export.Path).BakeNormalization(_folder["elsewhere/baked.onnx"], ThresholdsOf(export));
        AnomalyOnnxModel baked = AnomalyOnnxModel.Open(_folder["elsewhere/baked.onnx"]);
        IDataView photos = PhotosOf(export, count: 2);
        float[][] scores = [.. Pipeline(baked, ThresholdsOf(export)).Fit(photos).Transform(photos).GetColumn<float[]>("Score")];
        Same.Bits<float>([.. inspected.Scores.Take(2)], [.. scores.Select(score => score[0])], "score");
    }

    [TestMethod]
    public void Saved_pipelines_give_the_same_bits_in_a_process_without_our_packages()
    {
        var expected = new List<(string Name, string Bits)>();
        string[] paths = [];
        foreach (string name in NamesOfOnePhoto)
        {
            ExportedModel export = ExportedModel.Find(name);
            IDataView photos = PhotosOf(export, count: 2);
            paths = [.. export.Expected.Rows.Take(2).Select(row => Path.Combine(ExportedModel.Photos, row.File))];
            AnomalyOnnxModel model = AnomalyOnnxModel.Open(export.Path);
            ITransformer fitted = Pipeline(model, ThresholdsOf(export)).Fit(photos);
            _mlContext.Model.Save(fitted, photos.Schema, _folder[$"{expected.Count}.zip"]);
            string[] columns = model.MapOutputName is null ? ["NormalizedScore"] : ["NormalizedScore", "NormalizedMap"];
            IDataView scored = _mlContext.Data.Cache(fitted.Transform(photos), columns);
            float[][][] values = [.. columns.Select(column => scored.GetColumn<float[]>(column).ToArray())];
            expected.AddRange(paths.Select((_, i)
                => (name, string.Join(' ', values.SelectMany(column => column[i]).Select(BitConverter.SingleToUInt32Bits)))));
        }

        string consumer = AppContext.BaseDirectory.Replace("Onnx.Tests", "Onnx.StockConsumer", StringComparison.Ordinal);
        string[] zips = [.. Enumerable.Range(0, expected.Count / 2).Select(i => _folder[$"{2 * i}.zip"])];
        using Process process = Process.Start(new ProcessStartInfo(
            "dotnet", [Path.Combine(consumer, "MLNet.AnomalyNormalization.Onnx.StockConsumer.dll"), .. zips, .. paths])
        {
            RedirectStandardOutput = true,
        })!;
        string[] actual = process.StandardOutput.ReadToEnd().Trim().Split('\n');
        process.WaitForExit();
        Assert.HasCount(expected.Count, actual);
        string[] different = [.. expected.Zip(actual).Where(pair => pair.First.Bits != pair.Second).Select(pair => pair.First.Name)];
        CollectionAssert.AreEqual(Array.Empty<string>(), different);
    }

    [TestMethod]
    [DynamicData(nameof(ModelsWithReference))]
    public void Verify_agrees_with_PyTorch_at_every_stage(string name)
    {
        ExportedModel export = ExportedModel.Find(name);
        AnomalyVerification report = AnomalyOnnxModel.Open(export.Path).Verify(Path.Combine(export.Folder, "reference.json"));
        TestContext.WriteLine(report.ToString());
        Assert.IsTrue(report.Agrees, report.ToString());
        Assert.AreEqual(true, report.IsSameModel);
    }

    [TestMethod]
    [DataRow("07-nearest-crop", DisplayName = "anomalib 0.7, with its sidecar")]
    [DataRow("20-gaussian", DisplayName = "anomalib 2, by what is usual")]
    [DataRow("quadra-nearest", DisplayName = "quadra, with its sidecar")]
    public void The_sample_in_Python_writes_what_Verify_agrees_with(string name)
    {
        ExportedModel export = ExportedModel.Find(name);
        string script = Path.Combine(Repository.Root, "samples", "python", "write_reference.py");
        ExportedModel.RunPython(script, export.Path, Path.Combine(ExportedModel.Photos, "test", "good"),
            "--output", _folder["reference.json"], "--torch", Path.Combine(export.Folder, "checkpoint.pt"));
        AnomalyVerification report = AnomalyOnnxModel.Open(export.Path).Verify(_folder["reference.json"]);
        TestContext.WriteLine(report.ToString());
        Assert.IsTrue(report.Agrees, report.ToString());
    }

    [TestMethod]
    public void A_batch_of_its_own_is_baked_but_no_pipeline_can_fill_it()
    {
        AnomalyOnnxModel model = AnomalyOnnxModel.Open(ExportedModel.Find(FixedBatch).Path);
        var e = Assert.ThrowsExactly<ArgumentException>(() => _mlContext.Transforms.ApplyAnomalyOnnxModel(model, "Image"));
        StringAssert.Contains(e.Message, "a batch of 1 or any size");
        model.BakeNormalization(_folder["baked.onnx"], model.Thresholds!);
    }

    [TestMethod]
    public void The_table_of_differences()
    {
        var table = new StringBuilder(Inspected.Heading);
        foreach (string name in NamesOfOnePhoto)
        {
            try
            {
                table.Append('\n').Append(Inspect(name));
            }
            catch (Exception e) when (e is ArgumentException or InvalidDataException or InvalidOperationException)
            {
                table.Append(CultureInfo.InvariantCulture, $"\n| {name} | {e.Message} |");
            }
        }

        TestContext.WriteLine(table.ToString());
    }

    private Inspected Inspect(string name)
    {
        if (_inspected.TryGetValue(name, out Inspected? known))
            return known;

        ExportedModel export = ExportedModel.Find(name);
        IDataView photos = PhotosOf(export);
        IDataView scored = _mlContext.Data.Cache(  // each column that is read would be another pass over the photos
            Pipeline(AnomalyOnnxModel.Open(export.Path), ThresholdsOf(export)).Fit(photos).Transform(photos), "PredictedLabel", "Score");
        bool[] labels = [.. scored.GetColumn<bool[]>("PredictedLabel").Select(label => label[0])];
        float[] scores = [.. scored.GetColumn<float[]>("Score").Select(score => score[0])];
        return _inspected[name] = new(export, scores, labels);
    }

    private IEstimator<ITransformer> Pipeline(AnomalyOnnxModel model, AnomalyThresholds thresholds)
        => _mlContext.Transforms.LoadImages("Image", imageFolder: "", inputColumnName: "Path")
            .Append(_mlContext.Transforms.ApplyAnomalyOnnxModel(model, imageColumnName: "Image"))
            .Append(_mlContext.Transforms.NormalizeAnomaly(
                thresholds, new() { MapColumnName = model.MapOutputName is null ? null : "AnomalyMap" }));

    private IDataView PhotosOf(ExportedModel export, int count = int.MaxValue)
        => _mlContext.Data.LoadFromEnumerable(export.Expected.Rows.Take(count)
            .Select(row => new AnomalyOnnxCatalogTests.PhotoFile { Path = Path.Combine(ExportedModel.Photos, row.File) }));

    /// <summary>The thresholds that Open should have told; where nothing tells them, those that a user would give.</summary>
    private static AnomalyThresholds ThresholdsOf(ExportedModel export)
        => new(export.Expected.EffectiveImageThreshold ?? export.Expected.ImageThreshold,
            export.Expected.EffectivePixelThreshold ?? export.Expected.PixelThreshold);

    private static string? Find(AnomalyOnnxModel model, AnomalyOutputRole role)
        => model.Outputs.FirstOrDefault(output => output.Role == role)?.Name;

    private static void AssertRaw(float raw, float normalized, double threshold, double tolerance, string what)
        => Assert.AreEqual(new ScoreNormalizer(threshold).Normalize(raw), normalized,
            tolerance * 100 + Math.Abs(normalized) * tolerance, what);

    // Folders of pixels are named after their preparation: antialiased-HEIGHTxWIDTH.
    private static (int Height, int Width) SizeOf(string folder)
        => Path.GetFileName(folder).Split('-')[^1].Split('x') is [var height, var width]
            ? (int.Parse(height, CultureInfo.InvariantCulture), int.Parse(width, CultureInfo.InvariantCulture))
            : throw new ArgumentException(folder);

    /// <summary>What the pipeline made of the photos, beside what PyTorch did.</summary>
    private sealed record Inspected(ExportedModel Export, float[] Scores, bool[] Labels)
    {
        public const string Heading
            = "| model | sidecar | photos | largest difference of a score, of the threshold | stated | other decisions |\n"
            + "|---|---|---|---|---|---|";

        private double Threshold => Export.Expected.EffectiveImageThreshold ?? Export.Expected.ImageThreshold;

        public double LargestDifference => Export.Expected.Rows.Zip(Scores)
            .Max(pair => Math.Abs(pair.First.RawScore - pair.Second)) / Math.Abs(Threshold);

        /// <summary>OpenCV resizes in whole numbers, whose rounding is told to a step of a byte; the rest is exact to float.</summary>
        public double StatedDifference => Export.PixelsFolder.Contains("opencv", StringComparison.Ordinal) ? 0.005
            : Export.Name.Contains("half", StringComparison.Ordinal) ? HalfTolerance : 1e-4;

        public IEnumerable<string> OtherDecisions
            => Export.Expected.EffectiveImageThreshold is null ? []
                : Export.Expected.Rows.Zip(Labels)
                    .Where(pair => pair.First.Anomalous != pair.Second
                        && Math.Abs(pair.First.RawScore - Threshold) > StatedDifference * Math.Abs(Threshold))
                    .Select(pair => pair.First.File);

        public override string ToString() => string.Create(CultureInfo.InvariantCulture,
            $"| {Export.Name} | {Export.Sidecar} | {Scores.Length} | {LargestDifference:P4} | {StatedDifference:P2} "
            + $"| {OtherDecisions.Count()} |");
    }
}
