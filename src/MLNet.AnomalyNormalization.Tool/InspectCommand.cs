using System.CommandLine;
using System.Text.Json.Nodes;
using MLNet.AnomalyNormalization.Onnx;

namespace MLNet.AnomalyNormalization.Tool;

/// <summary><c>anomaly inspect</c>: a line for each picture.</summary>
internal static class InspectCommand
{
    public static Command Create(ToolConsole console)
    {
        Argument<string> model = Common.Model();
        Argument<string[]> files = new("files") { Description = "Pictures.", Arity = ArgumentArity.OneOrMore };
        Option<double?> image = Common.ImageThreshold(), pixel = Common.PixelThreshold();
        Option<double?> from = new("--review-from") { Description = "The normalised score from which a person decides, with --review-to." };
        Option<double?> to = new("--review-to") { Description = "The normalised score from which a picture is rejected unseen, with --review-from." };
        Option<string?> overlays = new("--overlays") { Description = "A folder for the pictures with their heat maps." };
        Option<bool> fail = new("--fail-on-reject") { Description = $"End with {AnomalyTool.Missed} if a picture is rejected." };
        Option<bool> json = Common.Json();
        var command = new Command("inspect", "Inspects pictures.") { model, files, image, pixel, from, to, overlays, fail, json };
        command.Validators.Add(parsed =>
        {
            if (parsed.GetValue(from) is null != parsed.GetValue(to) is null)
                parsed.AddError("Of --review-from and --review-to one is missing; give both, or neither.");
        });
        command.SetAction((parsed, stop) =>
        {
            using AnomalyInspector inspector = AnomalyInspector.Open(parsed.GetValue(model)!, new()
            {
                Thresholds = Common.Thresholds(parsed.GetValue(image), parsed.GetValue(pixel)),
                ReviewBand = parsed.GetValue(from) is { } first && parsed.GetValue(to) is { } last ? new(first, last) : null,
            });
            List<Inspection> inspections = inspector.Inspect(parsed.GetValue(files)!, console, stop);
            if (parsed.GetValue(overlays) is { } folder)
            {
                Directory.CreateDirectory(folder);
                foreach (Inspection inspection in inspections)
                    inspection.SaveOverlay(Path.Combine(folder, Path.ChangeExtension(inspection.Name!, ".png")));
            }

            if (parsed.GetValue(json))
                console.WriteJson(inspections.Select(inspection => JsonNode.Parse(inspection.ToJson())));
            else
                inspections.ForEach(console.Output.WriteLine);
            bool isMissed = parsed.GetValue(fail) && inspections.Exists(inspection => inspection.Decision == Decision.Reject);
            return Task.FromResult(isMissed ? AnomalyTool.Missed : AnomalyTool.Done);
        });
        return command;
    }
}
