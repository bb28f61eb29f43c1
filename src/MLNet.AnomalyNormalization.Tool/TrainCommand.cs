using System.CommandLine;
using Microsoft.ML;
using MLNet.AnomalyNormalization.Imaging;
using MLNet.AnomalyNormalization.Vision;

namespace MLNet.AnomalyNormalization.Tool;

/// <summary><c>anomaly train</c>: good photos in, a model out.</summary>
internal static class TrainCommand
{
    public static Command Create(ToolConsole console)
    {
        Argument<string> folder = Common.Folder("A folder of good photos, or one with train/good (MVTec's layout).");
        Option<string> output = new("--output", "-o") { Description = "The ONNX file to write.", DefaultValueFactory = _ => "model.onnx" };
        Option<int> side = new("--side") { Description = "The shorter side that photos are brought to, a multiple of 16.", DefaultValueFactory = _ => new PatchCoreOptions().ShorterSide };
        Option<int> seed = new("--seed") { Description = "Another choice of patches and folds.", DefaultValueFactory = _ => new PatchCoreOptions().Seed };
        Option<bool> json = Common.Json();
        var command = new Command("train", "Trains PatchCore on good photos, with thresholds from photos that the model had not seen.") { folder, output, side, seed, json };
        command.SetAction((parsed, stop) =>
        {
            Train(parsed, stop);
            return Task.FromResult(AnomalyTool.Done);
        });
        return command;

        void Train(ParseResult parsed, CancellationToken stop)
        {
            IReadOnlyList<FolderImage> images = Common.Open(parsed.GetValue(folder)!, console).Train;
            var mlContext = new MLContext();
            IDataView data = mlContext.Data.LoadFromEnumerable(images.Select(image => new Photo { Path = image.Path }));
            using PatchCoreTransformer model = console.Progress($"Training on {images.Count} photos", progress => mlContext.AnomalyDetection.Trainers.PatchCore(new()
            {
                ImageColumnName = nameof(Photo.Path),
                ShorterSide = parsed.GetValue(side),
                Seed = parsed.GetValue(seed),
                Progress = new Stages(progress),
                Log = console.Error.WriteLine,
                CancellationToken = stop,
            }).Fit(data));
            string path = parsed.GetValue(output)!;
            model.SaveOnnx(path);
            if (parsed.GetValue(json))
            {
                console.WriteJson(new { Model = Path.GetFullPath(path), Photos = images.Count, model.Thresholds, model.ImageFit, model.PixelFit });
            }
            else
            {
                console.Output.WriteLine($"{path}: {images.Count} photos, {model.BankSize} patches");
                console.Output.WriteLine(model.ImageFit);
            }
        }
    }

    private sealed class Photo
    {
        public string Path { get; init; } = "";
    }

    // Reading, choosing and scoring take about a third of the time each.
    private sealed class Stages(IProgress<double> progress) : IProgress<PatchCoreProgress>
    {
        public void Report(PatchCoreProgress value)
            => progress.Report(((double)value.Stage + (value.Total is > 0 and var total ? (double)value.Done / total : 0)) / 3);
    }
}
