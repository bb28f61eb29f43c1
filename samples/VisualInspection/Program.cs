// The main job of visual inspection: good images teach PatchCore, the model finds the defects in new ones, and its scores read 100 at the
// threshold. The whole is one ML.NET model, saved and loaded again, and one ONNX file, with a report to look at.
using System.Globalization;
using MLNet.AnomalyNormalization;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Imaging;
using MLNet.AnomalyNormalization.Onnx;
using VisualInspection;

try
{
    Run(Arguments.Parse(args));
    return 0;
}
catch (Exception e) when (e is InputException or InvalidDataException or IOException or UnauthorizedAccessException or InvalidOperationException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}

static void Run(Arguments arguments)
{
    if (File.Exists(arguments.Output))
        throw new InputException($"'{arguments.Output}' is a file; --output needs a folder to write to.");

    string images = arguments.Images ?? Path.Combine(arguments.Output, "drawn");
    if (arguments.Images is null)
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
    string unfinished = Path.Combine(arguments.Output, Path.GetRandomFileName());
    Directory.CreateDirectory(unfinished);
    try
    {
        using var pipeline = new InspectionPipeline(folder.Train, arguments.Side);
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
        string reportPath = Path.Combine(arguments.Output, "report");
        using (var progress = new ProgressLine("Writing the report", report.Count))
            report.Write(reportPath, progress);

        Console.WriteLine($"Images    {Path.GetFullPath(images)}");
        Console.WriteLine($"Model     {MoveInto(arguments.Output, modelPath)}");
        Console.WriteLine($"Baked     {MoveInto(arguments.Output, bakedPath)}");
        Console.WriteLine($"Pipeline  {MoveInto(arguments.Output, pipelinePath)}");
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
