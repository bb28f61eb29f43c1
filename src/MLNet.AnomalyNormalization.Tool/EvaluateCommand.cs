using System.CommandLine;
using Microsoft.ML;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Imaging;
using MLNet.AnomalyNormalization.Onnx;

namespace MLNet.AnomalyNormalization.Tool;

/// <summary><c>anomaly evaluate</c> and <c>anomaly report</c>: how good a model is on pictures of which the class is known.</summary>
internal static class EvaluateCommand
{
    public static Command CreateEvaluate(ToolConsole console)
    {
        Argument<string> model = new("model") { Description = "An ONNX file, a folder with one, or recorded scores (.csv, .parquet) with columns Score and Label." };
        Argument<string?> folder = new("folder")
        {
            Description = "For a model: a folder with test/good, test/<kind of defect> and, if known, ground_truth (MVTec's layout).",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<double?> image = Common.ImageThreshold(), pixel = Common.PixelThreshold();
        Option<double?> auroc = new("--min-auroc") { Description = "The least area under the ROC curve of images, 0..1." };
        Option<double?> escape = new("--max-escape") { Description = "The greatest share of defects that may be missed, 0..1." };
        Option<double?> alarms = new("--max-false-alarms") { Description = "The greatest share of good pictures that may be rejected, 0..1." };
        Option<bool> json = Common.Json();
        var command = new Command("evaluate", $"Measures a model on pictures of known class; ends with {AnomalyTool.Missed} if a limit is missed.")
        {
            model, folder, image, pixel, auroc, escape, alarms, json,
        };
        var regions = new RegionInspector.Choice();
        regions.AddTo(command);
        command.SetAction((parsed, stop) =>
        {
            ImageMetrics metrics = Measure(parsed, stop);
            bool isMissed = false;
            Require("AUROC", metrics.AreaUnderRocCurve, parsed.GetValue(auroc), isLeast: true);
            Require("Share of missed defects", 1 - metrics.Recall, parsed.GetValue(escape), isLeast: false);
            Require("Share of false alarms", (double)metrics.Counts.FalsePositives / (metrics.Counts.FalsePositives + metrics.Counts.TrueNegatives), parsed.GetValue(alarms), isLeast: false);
            return Task.FromResult(isMissed ? AnomalyTool.Missed : AnomalyTool.Done);

            // A measure that is NaN, for want of a class, meets no limit.
            void Require(string name, double value, double? limit, bool isLeast)
            {
                if (limit is not { } due || (isLeast ? value >= due : value <= due))
                    return;
                console.Error.WriteLine(FormattableString.Invariant($"{name} is {value:F4}; {(isLeast ? "at least" : "at most")} {due} was asked for."));
                isMissed = true;
            }
        });
        return command;

        ImageMetrics Measure(ParseResult parsed, CancellationToken stop)
        {
            string path = parsed.GetValue(model)!;
            if (ScoreFile.Is(path))
            {
                regions.RequireNone(parsed);
                return ScoreFile.Evaluate(path, parsed.GetValue(image), console, parsed.GetValue(json));
            }

            if (parsed.GetValue(folder) is not { } pictures)
                throw new ArgumentException("Give the folder of pictures, too.");
            IReadOnlyList<FolderImage> images = Test(pictures, console);
            using RegionInspector inspector = regions.Open(parsed, path, Options(parsed.GetValue(image), parsed.GetValue(pixel)), images[0].Path);
            return Evaluate(inspector, images, console, parsed.GetValue(json), null, stop).Image!;
        }
    }

    public static Command CreateReport(ToolConsole console)
    {
        Argument<string> model = Common.Model();
        Argument<string> folder = Common.Folder("A folder with test/good and test/<kind of defect> (MVTec's layout).");
        Option<double?> image = Common.ImageThreshold(), pixel = Common.PixelThreshold();
        Option<string> output = new("--output", "-o") { Description = "The folder to write.", DefaultValueFactory = _ => "report" };
        Option<bool> json = Common.Json();
        var command = new Command("report", "Writes a report with every picture, a page with a threshold to drag.") { model, folder, image, pixel, output, json };
        var regions = new RegionInspector.Choice();
        regions.AddTo(command);
        command.SetAction((parsed, stop) =>
        {
            IReadOnlyList<FolderImage> images = Test(parsed.GetValue(folder)!, console);
            using RegionInspector inspector = regions.Open(
                parsed, parsed.GetValue(model)!, Options(parsed.GetValue(image), parsed.GetValue(pixel)), images[0].Path);
            var report = new AnomalyReport(inspector.Thresholds, new() { ModelThresholds = inspector.Model?.OwnThresholds, Regions = inspector.Regions });
            Evaluate(inspector, images, console, parsed.GetValue(json), report, stop);
            string path = parsed.GetValue(output)!;
            console.Progress("Writing the report", progress =>
            {
                report.Write(path, progress, stop);
                return true;
            });
            console.Error.WriteLine(Path.GetFullPath(Path.Combine(path, "report.html")));
            return Task.FromResult(AnomalyTool.Done);
        });
        return command;
    }

    private static AnomalyInspectorOptions Options(double? image, double? pixel) => new() { Thresholds = Common.Thresholds(image, pixel) };

    private static IReadOnlyList<FolderImage> Test(string path, ToolConsole console)
        => Common.Open(path, console).Test is { Count: > 0 } images ? images
            : throw new InvalidDataException($"'{path}' has no pictures in test/good or test/<kind of defect>.");

    private static AnomalyEvaluation Evaluate(
        RegionInspector inspector, IReadOnlyList<FolderImage> images, ToolConsole console, bool isJson, AnomalyReport? report, CancellationToken stop)
    {
        List<Inspection> inspections = inspector.Inspect([.. images.Select(image => image.Path)], console, stop);
        bool hasMaps = inspections[0].NormalizedMap is not null, hasMasks = hasMaps && images.Any(image => image.MaskPath is not null);
        Row[] rows = [.. images.Zip(inspections, (image, inspection) => new Row
        {
            NormalizedScore = inspection.NormalizedScore,
            NormalizedMap = inspection.NormalizedMap?.Values ?? [],
            Label = image.IsAnomalous,
            Mask = hasMasks ? image.ReadMask(inspection.NormalizedMap!.Height, inspection.NormalizedMap.Width, inspection.InspectedArea ?? default) : [],
        })];
        foreach ((FolderImage image, Inspection inspection, Row row) in images.Zip(inspections, rows))
        {
            report?.Add(new(image.Path, inspection.RawScore, inspection.RawMap ?? throw new InvalidDataException("The model gives no map to report."))
            {
                IsAnomalous = image.IsAnomalous,
                Mask = hasMasks ? row.Mask : null,
                InspectedArea = inspection.InspectedArea ?? default,
            });
        }

        var mlContext = new MLContext();
        AnomalyEvaluation evaluation = mlContext.AnomalyDetection.EvaluateNormalized(mlContext.Data.LoadFromEnumerable(rows), new()
        {
            ReviewBand = inspector.ReviewBand,
            ValidArea = hasMasks ? inspector.Regions?.ValidArea : null,
            MaskColumnName = hasMasks ? nameof(Row.Mask) : null,
            MapHeight = hasMaps ? inspections[0].NormalizedMap!.Height : null,
            MapWidth = hasMaps ? inspections[0].NormalizedMap!.Width : null,
        }, cancellationToken: stop);
        if (isJson)
            console.WriteJson(new { Pictures = images.Count, evaluation.Image, evaluation.Decisions, evaluation.Pixel, inspector.Thresholds });
        else
            console.Output.WriteLine(evaluation);
        return evaluation;
    }

    private sealed class Row
    {
        public float NormalizedScore { get; init; }

        public float[] NormalizedMap { get; init; } = [];

        public bool Label { get; init; }

        public byte[] Mask { get; init; } = [];
    }
}
