// The main job of visual inspection: good images teach a small model, the model finds the defects in new ones, and its scores read 100
// at the threshold. The whole is one ML.NET model, saved and loaded again.
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization;
using VisualInspection;

try
{
    Run(Arguments.Parse(args));
    return 0;
}
catch (Exception e) when (e is InputException or IOException or UnauthorizedAccessException)
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
        (AnomalyThresholds thresholds, string modelPath) = CrossFit.Fit(pipeline, folder.Train, unfinished);

        string pipelinePath = Path.Combine(unfinished, "pipeline.zip");
        Result[] results;
        using (TransformerChain<ITransformer> inspection = pipeline.Build(modelPath, thresholds))
        {
            IEnumerable<Inspection> inspections = pipeline.Inspect(inspection, folder.Test);
            results = [.. folder.Test.Zip(inspections, Result.Of).Show("Inspecting new images", folder.Test.Count)];
            pipeline.Save(inspection, pipelinePath);
        }

        results.PrintTable(Console.Out);
        results.PrintSummary(Console.Out);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"100 stands for {thresholds.Image:F3} of an image, {thresholds.Pixel:F3} of a pixel ({folder.Train.Count} good images)."));

        // Loaded again, and asked for a single image, as a program on the line would.
        ITransformer loaded = mlContext.Model.LoadAnomalyModel(pipelinePath, out _);
        Result one = results.FirstOrDefault(result => result.Image.IsAnomalous) ?? results[0];
        Result again = Result.Of(one.Image, pipeline.Inspect(loaded, one.Image));
        if (again != one)
            throw new InvalidOperationException($"The saved pipeline doesn't give what it gave before: {again}, not {one}.");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"Saved and loaded again: {one.Image.Name} reads {again.NormalizedScore:F3}, to the bit as above."));

        Console.WriteLine($"Images    {Path.GetFullPath(images)}");
        Console.WriteLine($"Model     {MoveInto(arguments.Output, modelPath)}");
        Console.WriteLine($"Pipeline  {MoveInto(arguments.Output, pipelinePath)}");
    }
    finally
    {
        Directory.Delete(unfinished, recursive: true);
    }
}

static string MoveInto(string folder, string path)
{
    string destination = Path.Combine(folder, Path.GetFileName(path));
    File.Move(path, destination, overwrite: true);
    return destination;
}
