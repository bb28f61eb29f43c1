// Cuts the backbone out of the ResNet18 that Microsoft ships. Runs while the library is built, with the paths of the model, of its licence
// and of the file to write.
using MLNet.AnomalyNormalization.Onnx.Files;
using MLNet.AnomalyNormalization.Vision.Backbone;

if (args is not [var source, var licence, var target])
    throw new ArgumentException($"Expected the file to cut, its licence and the file to write, got {args.Length} argument(s).");

OnnxFile.Write(ResNet18.Cut<Half>(OnnxFile.Read(source), File.ReadAllText(licence)), OnnxFile.FolderOf(target), target);
