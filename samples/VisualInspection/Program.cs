// The main job of visual inspection: good images teach a small model, the model finds the defects in new ones, and its scores read 100
// at the threshold. The whole is one ML.NET model, saved and loaded again, with a report to look at.
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
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
catch (Exception e) when (e is InputException or InvalidDataException or IOException or UnauthorizedAccessException)
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
    InspectionFolder folder = InspectionFolder.Open(images);

    // What is written is moved to its place at the very end, so that a failure leaves the files of an earlier run alone.
    string unfinished = Path.Combine(arguments.Output, Path.GetRandomFileName());
    Directory.CreateDirectory(unfinished);
    try
    {
        var mlContext = new MLContext(seed: 0);
        var pipeline = new InspectionPipeline(mlContext, folder.ImageSize);
        (ThresholdFit imageFit, ThresholdFit pixelFit, string modelPath) = CrossFit.Fit(pipeline, folder.Train, unfinished);

        string pipelinePath = Path.Combine(unfinished, "pipeline.zip");
        var thresholds = new AnomalyThresholds(imageFit.Threshold, pixelFit.Threshold);
        var report = new AnomalyReport(thresholds);
        IReadOnlyList<Result> results;
        AnomalyEvaluation evaluation;
        using (TransformerChain<ITransformer> inspection = pipeline.Build(modelPath, thresholds))
        {
            (results, evaluation) = pipeline.Evaluate(inspection, folder.Test, report);
            pipeline.Save(inspection, pipelinePath);
        }

        results.PrintTable(Console.Out);
        evaluation.Print(Console.Out);
        Console.WriteLine(MeaningOf100("an image", imageFit));
        Console.WriteLine(MeaningOf100("a pixel", pixelFit));

        // Loaded again, and asked for a single image, as a program on the line would.
        ITransformer loaded = mlContext.Model.LoadAnomalyModel(pipelinePath, out _);
        Result one = results.FirstOrDefault(result => result.Image.IsAnomalous) ?? results[0];
        Result again = Result.Of(one.Image, pipeline.Inspect(loaded, one.Image));
        if (again != one)
            throw new InvalidOperationException($"The saved pipeline doesn't give what it gave before: {again}, not {one}.");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"Saved and loaded again: {one.Image.Name} reads {again.NormalizedScore:F3}, to the bit as above."));

        // For runtimes other than .NET: the same numbers from the ONNX file alone.
        string bakedPath = Path.Combine(unfinished, "normalized.onnx");
        AnomalyOnnxModel.Open(modelPath).BakeNormalization(bakedPath, thresholds, new BakeOptions { AddLabel = true });
        var baked = pipeline.InspectBaked(bakedPath, folder.Test).Show("Inspecting with the baked model", results.Count);
        foreach (((float normalizedScore, bool isAnomalous), Result result) in baked.Zip(results))
        {
            if (normalizedScore != result.NormalizedScore || isAnomalous != result.IsAnomalous)
                throw new InvalidOperationException($"The baked model says {normalizedScore} of {result.Image.Name}, not {result.NormalizedScore}.");
        }

        Console.WriteLine($"Baked into the model: {results.Count} of {results.Count} images with the same score, to the bit, and the same decision.");

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
