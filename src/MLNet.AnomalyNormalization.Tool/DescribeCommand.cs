using System.CommandLine;
using MLNet.AnomalyNormalization.Onnx;

namespace MLNet.AnomalyNormalization.Tool;

/// <summary><c>anomaly describe</c>: a model's data sheet.</summary>
internal static class DescribeCommand
{
    public static Command Create(ToolConsole console)
    {
        Argument<string> model = new("model") { Description = "An ONNX file." };
        Option<bool> json = Common.Json();
        var command = new Command("describe", "Says what a model is: inputs, outputs, preparation, thresholds, and what had to be assumed.") { model, json };
        command.SetAction(parsed =>
        {
            AnomalyOnnxModel opened = AnomalyOnnxModel.Open(parsed.GetValue(model)!);
            if (parsed.GetValue(json))
                console.WriteJson(new { opened.Path, opened.InputName, opened.ScoreOutputName, opened.MapOutputName, opened.Thresholds, opened.Preprocessing, opened.Notes });
            else
                console.Output.WriteLine(opened);
            return AnomalyTool.Done;
        });
        return command;
    }
}
