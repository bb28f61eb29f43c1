#:package Microsoft.ML.OnnxRuntime@1.31.1

// A baked model needs OnnxRuntime and nothing of this library. Without the first line this is a program of .NET Framework 4.8 in its C# 7.3.
// dotnet run framework.cs -- BAKED WIDTH HEIGHT PIXELS: a file of red, green and blue bytes, row by row; BAKED is what `anomaly bake` writes.

using System;
using System.IO;
using System.Linq;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

internal static class Program
{
    private static void Main(string[] args)
    {
        int width = int.Parse(args[1]), height = int.Parse(args[2]);
        var pixels = new DenseTensor<byte>(File.ReadAllBytes(args[3]), new[] { 1, height, width, 3 });
        // Without its warnings that thresholds which can be changed at call time are no constants.
        using (var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR })
        using (var session = new InferenceSession(args[0], options))
        using (var outputs = session.Run(new[] { NamedOnnxValue.CreateFromTensor("image", pixels) }, new[] { "normalized_score", "is_anomalous" }))
        {
            float score = outputs.First(output => output.Name == "normalized_score").AsEnumerable<float>().Single();
            bool isAnomalous = outputs.First(output => output.Name == "is_anomalous").AsEnumerable<bool>().Single();
            Console.WriteLine(FormattableString.Invariant($"{score:F1}, {(isAnomalous ? "reject" : "pass")}"));
        }
    }
}
