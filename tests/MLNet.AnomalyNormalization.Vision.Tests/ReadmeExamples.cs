using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Onnx;
using MLNet.AnomalyNormalization.Tests;

namespace MLNet.AnomalyNormalization.Vision.Tests;

/// <summary>The examples of the README about training, line by line (a test of the core compares), compiled and run.</summary>
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
    public void Good_photos_become_a_model_and_the_model_decides_on_new_ones()
    {
        Directory.CreateDirectory("good");
        Directory.CreateDirectory("new");
        for (int i = 0; i < 6; i++)
            Drawings.Save($"good/{i}.png", i, height: 128, width: 96);
        Drawings.Save("new/scratched.png", 100, height: 128, width: 96, hasScratch: true);
        string[] good = Directory.GetFiles("good");
        string[] unknown = Directory.GetFiles("new");

        IDataView photos = mlContext.Data.LoadFromEnumerable(good.Select(path => new Photo { Path = path }));
        using PatchCoreTransformer model = mlContext.AnomalyDetection.Trainers
            .PatchCore(new PatchCoreOptions { ImageColumnName = "Path" }).Fit(photos);
        model.SaveOnnx("model.onnx");

        using AnomalyInspector inspector = AnomalyInspector.Open("model.onnx");
        foreach (string path in unknown)
            Console.WriteLine(inspector.Inspect(path));

        Assert.IsTrue(inspector.Inspect(unknown[0]).IsAnomalous);
        Same.Bits<float>(
            [model.Transform(mlContext.Data.LoadFromEnumerable([new Photo { Path = unknown[0] }])).GetColumn<float[]>("Score").Single()[0]],
            [inspector.Inspect(unknown[0]).RawScore], "the trainer's own transformer");
    }

    private sealed class Photo
    {
        public string Path { get; set; } = "";
    }
}
