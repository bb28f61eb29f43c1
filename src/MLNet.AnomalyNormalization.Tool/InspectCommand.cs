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
        var regions = new RegionInspector.Choice();
        regions.AddTo(command);
        command.Validators.Add(parsed =>
        {
            if (parsed.GetValue(from) is null != parsed.GetValue(to) is null)
                parsed.AddError("Of --review-from and --review-to one is missing; give both, or neither.");
        });
        command.SetAction((parsed, stop) =>
        {
            string[] pictures = parsed.GetValue(files)!;
            var options = new AnomalyInspectorOptions
            {
                Thresholds = Common.Thresholds(parsed.GetValue(image), parsed.GetValue(pixel)),
                ReviewBand = parsed.GetValue(from) is { } first && parsed.GetValue(to) is { } last ? new(first, last) : null,
            };
            using RegionInspector inspector = regions.Open(parsed, parsed.GetValue(model)!, options, pictures[0]);
            string[] drawn = parsed.GetValue(overlays) is { } folder ? Overlays(folder, pictures) : [];
            List<Inspection> inspections = inspector.Inspect(pictures, console, stop);
            foreach ((Inspection inspection, string path) in inspections.Zip(drawn))
                inspection.SaveOverlay(path);

            if (parsed.GetValue(json))
                console.WriteJson(inspections.Select(inspection => JsonNode.Parse(inspection.ToJson())));
            else
                inspections.ForEach(console.Output.WriteLine);
            bool isMissed = parsed.GetValue(fail) && inspections.Exists(inspection => inspection.Decision == Decision.Reject);
            return Task.FromResult(isMissed ? AnomalyTool.Missed : AnomalyTool.Done);
        });
        return command;
    }

    // Where the overlays go; no picture is lost to one, be it another's overlay or a picture itself.
    private static string[] Overlays(string folder, string[] pictures)
    {
        Directory.CreateDirectory(folder);
        string[] paths = [.. pictures.Select(picture => Path.GetFullPath(Path.Combine(folder, Path.ChangeExtension(Path.GetFileName(picture), ".png"))))];
        var taken = new HashSet<string>(pictures.Select(Path.GetFullPath), StringComparer.OrdinalIgnoreCase);
        return Array.Find(paths, path => !taken.Add(path)) is { } twice
            ? throw new ArgumentException($"'{twice}' would be a picture itself, or the overlay of two. Give another folder to --overlays, or fewer pictures.")
            : paths;
    }
}
