using System.CommandLine;
using MLNet.AnomalyNormalization.Onnx;

namespace MLNet.AnomalyNormalization.Tool;

/// <summary><c>anomaly bake</c>: the normalisation into the ONNX file.</summary>
internal static class BakeCommand
{
    public static Command Create(ToolConsole console)
    {
        Argument<string> model = new("model") { Description = "An ONNX file." };
        Argument<string> output = new("output") { Description = "The ONNX file to write." };
        Option<double?> image = Common.ImageThreshold(), pixel = Common.PixelThreshold();
        Option<bool> replace = new("--replace-raw") { Description = "Leave the raw outputs away." };
        var command = new Command("bake", "Bakes the normalisation and the decision into an ONNX file, for any runtime.") { model, output, image, pixel, replace };
        command.SetAction(parsed =>
        {
            AnomalyOnnxModel opened = AnomalyOnnxModel.Open(parsed.GetValue(model)!);
            AnomalyThresholds thresholds = Common.Thresholds(parsed.GetValue(image), parsed.GetValue(pixel)) ?? opened.Thresholds
                ?? throw new InvalidOperationException($"'{opened.Path}' came without thresholds. Give --image-threshold and --pixel-threshold.");
            string path = parsed.GetValue(output)!;
            opened.BakeNormalization(path, thresholds, new() { AddLabel = true, ReplaceRawOutputs = parsed.GetValue(replace) });
            console.Output.WriteLine(AnomalyOnnxModel.Open(path));
            return AnomalyTool.Done;
        });
        return command;
    }
}
