using System.CommandLine;
using MLNet.AnomalyNormalization.Onnx;

namespace MLNet.AnomalyNormalization.Tool;

/// <summary><c>anomaly verify</c>: a model against what Python sees.</summary>
internal static class VerifyCommand
{
    public static Command Create(ToolConsole console)
    {
        Argument<string> model = new("model") { Description = "An ONNX file." };
        Argument<string> reference = new("reference") { Description = "What samples/python/write_reference.py wrote." };
        Option<bool> json = Common.Json();
        var command = new Command("verify", $"Compares each stage with Python's, and names the first that differs; ends with {AnomalyTool.Missed} if one does.") { model, reference, json };
        command.SetAction(parsed =>
        {
            AnomalyVerification verification = AnomalyOnnxModel.Open(parsed.GetValue(model)!).Verify(parsed.GetValue(reference)!);
            if (parsed.GetValue(json))
                console.WriteJson(verification);
            else
                console.Output.WriteLine(verification);
            return verification.Agrees ? AnomalyTool.Done : AnomalyTool.Missed;
        });
        return command;
    }
}
