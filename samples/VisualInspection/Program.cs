// The main job of visual inspection: good images teach PatchCore, the model finds the defects in new ones, and its scores read 100 at the
// threshold. The whole is one ML.NET model, saved and loaded again, and one ONNX file, with a report to look at.
using System.CommandLine;
using System.Globalization;
using MLNet.AnomalyNormalization;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Imaging;
using MLNet.AnomalyNormalization.Onnx;
using VisualInspection;

Option<string?> images = CommandLine.Folder("--images", "A folder in the layout of the MVTec data sets; by default images are drawn.");
Option<string?> output = CommandLine.Folder(
    "--output", "Where to write; made if need be.", byDefault: Path.Combine("artifacts", "VisualInspection"));
Option<int> side = CommandLine.Number(
    "--side", "The shorter side that images are brought to: more for small defects, less for faint and wide ones.",
    byDefault: DrawnModel.ShorterSide, lowest: 32, highest: 1024, multipleOf: 16);
var command = new RootCommand("Learns from good images, finds the defects in new ones, and reports; 100 is the decision threshold.")
{
    images, output, side,
};
command.SetAction(given => Run(given.GetValue(images), Path.GetFullPath(given.GetValue(output)!), given.GetValue(side)));
try
{
    return await command.RunAsync(args);
}
catch (Exception e) when (e is InputException or InvalidDataException or IOException or UnauthorizedAccessException or InvalidOperationException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}

static void Run(string? given, string output, int side)
{
    string images = given ?? OutputFolder.MakeWithin(output, "drawn");
    if (given is null)
        DrawnImages.Save(images);
    ImageFolder folder = ImageFolder.Open(images);
    foreach (string line in folder.LeftOut)
        Console.Error.WriteLine($"Left out: {line}");
    if (folder.Train.Count < 2 || folder.Test.Count == 0)
    {
        throw new InputException($"'{images}' has {folder.Train.Count} good images in train/good and {folder.Test.Count} in test/<class>; "
            + "expected at least 2 to learn from and 1 to inspect.");
    }

    // What is written is moved to its place at the very end, so that a failure leaves the files of an earlier run alone.
    string unfinished = OutputFolder.MakeWithin(output, Path.GetRandomFileName());
    try
    {
        using var pipeline = new InspectionPipeline(folder.Train, side);
        var report = new AnomalyReport(pipeline.Model.Thresholds);
        (Result[] results, AnomalyEvaluation evaluation) = pipeline.Evaluate(folder.Test, report);
        results.PrintTable(Console.Out);
        Console.WriteLine(evaluation);
        Console.WriteLine(MeaningOf100("an image", pipeline.Model.ImageFit));
        Console.WriteLine(MeaningOf100("a pixel", pipeline.Model.PixelFit));

        // Saved, loaded again, and asked for a single image.
        string pipelinePath = Path.Combine(unfinished, "pipeline.zip");
        pipeline.Save(pipelinePath);
        Result one = results.FirstOrDefault(result => result.Image.IsAnomalous) ?? results[0];
        Result again = Result.Of(one.Image, InspectionPipeline.Inspect(pipelinePath, one.Image));
        if (again != one)
            throw new InvalidOperationException($"The saved pipeline doesn't give what it gave before: {again}, not {one}.");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"Saved and loaded again: {one.Image.Name} reads {again.NormalizedScore:F3}, to the bit as above."));

        // For runtimes other than .NET: one file that takes the bytes of a photo and gives the decision.
        string modelPath = Path.Combine(unfinished, "model.onnx");
        string bakedPath = Path.Combine(unfinished, "normalized.onnx");
        pipeline.Model.SaveOnnx(modelPath);
        AnomalyOnnxModel.Open(modelPath).BakeNormalization(bakedPath, pipeline.Model.Thresholds, new BakeOptions { AddLabel = true });

        // The report moves itself into its place, once it is whole.
        string reportPath = Path.Combine(output, "report");
        using (var progress = new ProgressLine("Writing the report", report.Count))
            report.Write(reportPath, progress);

        Console.WriteLine($"Images    {Path.GetFullPath(images)}");
        Console.WriteLine($"Model     {MoveInto(output, modelPath)}");
        Console.WriteLine($"Baked     {MoveInto(output, bakedPath)}");
        Console.WriteLine($"Pipeline  {MoveInto(output, pipelinePath)}");
        Console.WriteLine($"Report    {Path.Combine(reportPath, "report.html")}");
    }
    finally
    {
        Directory.Delete(unfinished, recursive: true);
    }
}

static string MeaningOf100(string what, ThresholdFit fit) => string.Create(CultureInfo.InvariantCulture,
    $"100 stands for {fit.Threshold:F3} of {what}; " +
    $"95 % interval {fit.LowerBound:F3} to {fit.UpperBound:F3}, {fit.NormalCount} good images.");

static string MoveInto(string folder, string path)
{
    string destination = Path.Combine(folder, Path.GetFileName(path));
    File.Move(path, destination, overwrite: true);
    return destination;
}
