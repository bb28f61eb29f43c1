using System.CommandLine;
using MLNet.AnomalyNormalization.Imaging;
using MLNet.AnomalyNormalization.Onnx;
using MLNet.AnomalyNormalization.Scores;

namespace MLNet.AnomalyNormalization.Tool;

/// <summary><c>anomaly threshold</c>: learns the thresholds of a model from pictures that it has not seen, and keeps them beside it.</summary>
internal static class ThresholdCommand
{
    public static Command Create(ToolConsole console)
    {
        Argument<string> model = new("model") { Description = "An ONNX file, or recorded scores (.csv, .parquet) with columns Score and Label." };
        Argument<string?> folder = new("folder")
        {
            Description = "For a model: good pictures that it was not trained on, or MVTec's layout, of which test is taken.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<double?> alarms = new("--false-alarms") { Description = "The share of good pictures that may be rejected, 0..1." };
        Option<double?> deviations = new("--deviations") { Description = "So many deviations above the mean of good pictures." };
        Option<double?> cost = new("--escape-cost") { Description = "What a missed defect costs, in false rejects; needs defects." };
        Option<double?> prevalence = new("--prevalence") { Description = "The share of defects that will come, with --escape-cost; by default that of the pictures." };
        Option<string?> output = new("--output", "-o") { Description = "The file to keep them in; by default beside the model or the scores, under their name: model.json of model.onnx." };
        Option<bool> json = Common.Json();
        var command = new Command("threshold", "Learns the thresholds of a model, and keeps them. Without a choice: the best F1 where there are defects; otherwise 1 % false alarms, or just above all of fewer than a hundred good pictures.")
        {
            model, folder, alarms, deviations, cost, prevalence, output, json,
        };
        var regions = new RegionInspector.Choice();
        regions.AddTo(command);
        command.Validators.Add(parsed =>
        {
            if (((double?[])[parsed.GetValue(alarms), parsed.GetValue(deviations), parsed.GetValue(cost)]).Count(choice => choice is not null) > 1)
                parsed.AddError("Give one of --false-alarms, --deviations and --escape-cost.");
        });
        command.SetAction((parsed, stop) =>
        {
            string path = parsed.GetValue(model)!;
            Scored scored = ScoreFile.Is(path) ? Recorded(path, parsed) : Inspected(path, parsed, stop);
            ThresholdStrategy strategy = (parsed.GetValue(alarms), parsed.GetValue(deviations), parsed.GetValue(cost)) switch
            {
                ({ } rate, _, _) => ThresholdStrategy.FalsePositiveRate(rate),
                (_, { } count, _) => ThresholdStrategy.MeanPlusDeviations(count),
                (_, _, { } escape) => ThresholdStrategy.MinimumCost(1, escape, parsed.GetValue(prevalence)),
                _ => scored.IsAnomalous.Contains(true) ? ThresholdStrategy.MaximumF1() : ForGood(scored.IsAnomalous.Length),
            };
            ThresholdFit image = scored.Fit(strategy);
            ThresholdFit? pixel = scored.Peaks.Length == 0 ? null
                : (parsed.GetValue(alarms) is null && parsed.GetValue(deviations) is null ? ForGood(scored.Peaks.Length) : strategy).Fit(scored.Peaks);
            var thresholds = new AnomalyThresholds(image.Threshold, pixel?.Threshold ?? image.Threshold);
            if (scored.Model is null && !ScoreFile.Is(path) && parsed.GetValue(output) is null)
                throw new ArgumentException($"'{path}' is a saved pipeline, which keeps its thresholds within. Give --output for a file of their own.");
            string file = parsed.GetValue(output) ?? Path.ChangeExtension(scored.Model?.Path ?? path, ".json");
            thresholds.Save(file, scored.Model?.OwnThresholds);
            if (parsed.GetValue(json))
            {
                console.WriteJson(new { File = Path.GetFullPath(file), Thresholds = thresholds, ImageFit = image, PixelFit = pixel });
            }
            else
            {
                console.Output.WriteLine(image);
                console.Output.WriteLine(file);
            }

            return Task.FromResult(AnomalyTool.Done);
        });
        return command;

        // In the type that is decided in.
        Scored Recorded(string path, ParseResult parsed)
        {
            regions.RequireNone(parsed);
            RecordedScores recorded = ScoreFile.Read(path);
            bool[] isAnomalous = [.. recorded.Labels.Select(label => label == 1)];
            double[] scores = [.. recorded.Scores];
            float[] singles = Array.ConvertAll(scores, score => (float)score);
            return new(strategy => recorded.AreSingle ? strategy.Fit(singles, isAnomalous) : strategy.Fit(scores, isAnomalous), isAnomalous, [], null);
        }

        // Of pixels only the good pictures tell: one number each, its maximum, so that the threshold holds for new pictures. Where regions decide,
        // their threshold is that of the pixels, too.
        Scored Inspected(string path, ParseResult parsed, CancellationToken stop)
        {
            ImageFolder pictures = Common.Open(parsed.GetValue(folder) ?? throw new ArgumentException("Give the folder of pictures, too."), console);
            IReadOnlyList<FolderImage> images = pictures.Test.Count > 0 ? pictures.Test : pictures.Train;
            if (images.Count == 0)
                throw new InvalidDataException($"'{parsed.GetValue(folder)}' has no pictures to learn from.");
            using RegionInspector inspector = regions.Open(parsed, path, new() { Thresholds = new(0, 0) }, images[0].Path);
            List<Inspection> inspections = inspector.Inspect([.. images.Select(image => image.Path)], console, stop);
            bool[] isAnomalous = [.. images.Select(image => image.IsAnomalous)];
            float[] scores = [.. inspections.Select(inspection => inspection.RawScore)];
            float[] peaks = inspector.Regions is not null ? [] : [.. inspections.Zip(isAnomalous).Where(row => !row.Second && row.First.RawMap is not null).Select(row => row.First.RawMap!.Values.Max())];
            return new(strategy => strategy.Fit(scores, isAnomalous), isAnomalous, peaks, inspector.Model);
        }
    }

    // A rate of 1 % can't be promised by fewer than 99 pictures.
    private static ThresholdStrategy ForGood(int count)
        => count < 99 ? ThresholdStrategy.FalseAlarms(0) : ThresholdStrategy.FalsePositiveRate(0.01);

    /// <summary>What thresholds are learned from.</summary>
    /// <param name="Fit">Learns that of images.</param>
    /// <param name="IsAnomalous">The classes.</param>
    /// <param name="Peaks">The highest pixel of each good picture; none where there are no maps.</param>
    /// <param name="Model">What gave the scores; null where they were recorded, or it is a saved pipeline.</param>
    private sealed record Scored(Func<ThresholdStrategy, ThresholdFit> Fit, bool[] IsAnomalous, float[] Peaks, AnomalyOnnxModel? Model);
}
