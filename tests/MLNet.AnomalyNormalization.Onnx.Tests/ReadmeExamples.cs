using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Imaging;
using MLNet.AnomalyNormalization.Tests;

namespace MLNet.AnomalyNormalization.Onnx.Tests;

/// <summary>The examples of the README about ONNX files, line by line (its own test compares), compiled and run.</summary>
[TestClass]
public sealed class ReadmeExamples : IDisposable
{
    private readonly MLContext mlContext = new(seed: 1);
    private readonly TemporaryFolder _folder = new();
    private readonly string _previousFolder = Environment.CurrentDirectory;

    public ReadmeExamples() => Environment.CurrentDirectory = _folder[""];

    public void Dispose()
    {
        Environment.CurrentDirectory = _previousFolder;
        _folder.Dispose();
    }

    [TestMethod]
    public void Three_lines_lead_from_an_export_to_decisions()
    {
        ModelFile.Vision().WithMetadata("image_threshold", "0.3").WithMetadata("pixel_threshold", "0.2").Save("model.onnx");
        AnomalyOnnxCatalogTests.Photo[] images = AnomalyOnnxCatalogTests.Photo.Make(3);
        for (int i = 0; i < images.Length; i++)
            images[i].Image!.Save($"{i}.png");
        IDataView photos = mlContext.Data.LoadFromEnumerable(
            Enumerable.Range(0, images.Length).Select(i => new AnomalyOnnxCatalogTests.PhotoFile { Path = $"{i}.png" }));

        AnomalyOnnxModel model = AnomalyOnnxModel.Open("model.onnx");
        var inspection = mlContext.Transforms.ApplyAnomalyOnnxModel(model, imageColumnName: "Path")
            .Append(mlContext.Transforms.NormalizeAnomaly(model)).Fit(photos);

        float[][] expected = [.. images.Select(image => image.ExpectedMap())];
        var score = new ScoreNormalizer(0.3);
        var map = new ScoreNormalizer(0.2);
        float[][] scores = [.. inspection.Transform(photos).GetColumn<float[]>("NormalizedScore")];
        float[][] maps = [.. inspection.Transform(photos).GetColumn<float[]>("NormalizedMap")];
        bool[][] labels = [.. inspection.Transform(photos).GetColumn<bool[]>("PredictedLabel")];
        for (int i = 0; i < images.Length; i++)
        {
            Same.Bits<float>([score.Normalize(expected[i].Max())], scores[i], "normalised score");
            Same.Bits<float>(Array.ConvertAll(expected[i], map.Normalize), maps[i], "normalised map");
            Assert.AreEqual(expected[i].Max() >= 0.3f, labels[i][0]);
        }
    }

    [TestMethod]
    public void Three_lines_inspect_a_picture()
    {
        ModelFile.Vision().WithMetadata("image_threshold", "0.3").WithMetadata("pixel_threshold", "0.2").Save("model.onnx");
        AnomalyOnnxCatalogTests.Photo.Make(1)[0].Image!.Save("part.png");

        using AnomalyInspector inspector = AnomalyInspector.Open("model.onnx");
        Inspection inspection = inspector.Inspect("part.png");
        Console.WriteLine(inspection);              // part.png: 244.1, reject (raw 6.12093, threshold 2.5073)

        StringAssert.StartsWith(inspection.ToString(), "part.png: ");
    }

    [TestMethod]
    public void An_export_and_a_folder_of_photos_give_decisions_heat_maps_and_a_report()
    {
        ModelFile.Vision().WithMetadata("image_threshold", "0.3").WithMetadata("pixel_threshold", "0.2").Save("model.onnx");
        Directory.CreateDirectory("photos");
        AnomalyOnnxCatalogTests.Photo[] photos = AnomalyOnnxCatalogTests.Photo.Make(3);
        for (int i = 0; i < photos.Length; i++)
            photos[i].Image!.Save($"photos/{i}.png");

        using AnomalyInspector inspector = AnomalyInspector.Open("model.onnx");
        var report = new AnomalyReport(inspector.Thresholds);
        foreach (string path in Directory.GetFiles("photos"))
        {
            Inspection found = inspector.Inspect(path);
            Console.WriteLine(found);                                               // 0.png: 244.1, reject (raw ..., threshold ...)
            found.SaveOverlay(Path.ChangeExtension(path, ".heat.png"));             // the photo with its heat map and outlines
            report.Add(new(path, found.RawScore, found.RawMap!) { Image = MLImage.CreateFromFile(path) });
        }

        report.Write("report");                                                     // report/report.html, one file to look at

        Assert.IsTrue(File.Exists("report/report.html"));
        Assert.HasCount(3, Directory.GetFiles("photos", "*.heat.png"));
    }

    [TestMethod]
    public void One_line_holds_a_model_against_what_Python_saw()
    {
        ModelFile.Vision().Save("model.onnx");
        AnomalyOnnxCatalogTests.Photo photo = AnomalyOnnxCatalogTests.Photo.Make(1)[0];
        photo.Image!.Save("0.png");
        string score = photo.ExpectedMap().Max().ToString("R", CultureInfo.InvariantCulture);
        File.WriteAllText("reference.json",
            $$"""{"format": "anomaly-reference", "version": 1, "pictures": [{"file": "0.png", "score": {{score}}, "anomalous": true}]}""");

        Console.WriteLine(AnomalyOnnxModel.Open("model.onnx").Verify("reference.json"));

        Assert.IsTrue(AnomalyOnnxModel.Open("model.onnx").Verify("reference.json").Agrees);
    }

    [TestMethod]
    public void Three_lines_bake_the_thresholds_into_a_model()
    {
        ModelFile.Vision().Save("model.onnx");

        AnomalyOnnxModel model = AnomalyOnnxModel.Open("model.onnx");
        model.BakeNormalization("normalized.onnx", new AnomalyThresholds(Image: 0.6, Pixel: 0.3), new BakeOptions { AddLabel = true });
        Console.WriteLine(AnomalyOnnxModel.Open("normalized.onnx"));

        string readme = File.ReadAllText(Path.Combine(Repository.Root, "samples", "howto", "baked-models.md"));
        StringAssert.Contains(readme, AnomalyOnnxModel.Open("normalized.onnx").ToString().ReplaceLineEndings("\n"));
    }
}
