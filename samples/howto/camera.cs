#:package MLNet.AnomalyNormalization.Onnx@*-*
#:package Microsoft.ML.OnnxRuntime@1.31.1
#:property PublishAot=false

// dotnet run camera.cs -- MODEL PICTURE: frames as a camera's driver hands them over, in one buffer that it fills again and again.

using Microsoft.ML.Data;
using MLNet.AnomalyNormalization;
using MLNet.AnomalyNormalization.Onnx;

using MLImage picture = MLImage.CreateFromFile(args[1]);       // in place of your camera, which says how its pixels lie in memory
PixelFormat format = picture.PixelFormat == MLPixelFormat.Bgra32 ? PixelFormat.Bgra32 : PixelFormat.Rgba32;
byte[] buffer = new byte[picture.Pixels.Length];
int stride = picture.Width * 4;                                 // more where the driver pads its rows

using AnomalyInspector inspector = AnomalyInspector.Open(args[0]);
for (int frame = 0; frame < 3; frame++)
{
    picture.Pixels.CopyTo(buffer);
    Inspection inspection = inspector.Inspect(buffer, picture.Width, picture.Height, stride, format);
    // Nothing of the buffer is kept: the driver may fill it again from here on.
    string valve = inspection.Decision == Decision.Reject ? "blow out" : "let pass";
    Console.WriteLine(FormattableString.Invariant($"frame {frame}: {inspection.NormalizedScore:F1}, {valve}"));
}
