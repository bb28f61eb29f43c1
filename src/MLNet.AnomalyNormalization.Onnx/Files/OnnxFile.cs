using Google.Protobuf;
using MLNet.AnomalyNormalization.Files;
using MLNet.AnomalyNormalization.Onnx.Format;

namespace MLNet.AnomalyNormalization.Onnx.Files;

/// <summary>Reads an ONNX file into memory and writes one, safely both ways.</summary>
internal static class OnnxFile
{
    // The format's own limit: a protocol buffers message is smaller than 2 GiB.
    private const long LongestFile = int.MaxValue;

    /// <summary>The parsed file; tensors in external data files stay there, and are known to exist.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">
    /// The file is not an ONNX model, is truncated, or its external data is missing or elsewhere.
    /// </exception>
    public static ModelProto Read(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no model file '{path}'.", path);

        if (RegularFile.RequireLength(path) is var length && length > LongestFile)
            throw new InvalidDataException($"'{path}' has {length} bytes; an ONNX model has at most {LongestFile}.");

        ModelProto model;
        using (FileStream stream = File.OpenRead(path))
        {

            try
            {
                WireScan.Check(stream, ModelProto.Descriptor);
                stream.Position = 0;
                model = ModelProto.Parser.ParseFrom(stream);
            }
            catch (Exception e) when (e is InvalidDataException or InvalidProtocolBufferException)
            {
                throw new InvalidDataException($"'{path}' is not an ONNX model, or a damaged one: {e.Message.TrimEnd('.')}.", e);
            }
        }

        if (model.Graph is null || model.IrVersion <= 0)
            throw new InvalidDataException(
                $"'{path}' is not an ONNX model: it has no {(model.Graph is null ? "graph" : "version of the format")}.");

        try
        {
            ExternalData.Check(model.Graph, FolderOf(path));
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"'{path}' can't be used: {e.Message}", e);
        }

        return model;
    }

    /// <summary>Writes the model with the external data that it needs: the data first, then the model into its place.</summary>
    /// <param name="model">The model.</param>
    /// <param name="sourceFolder">Where the external data of the model is.</param>
    /// <param name="path">The file to write; one that is there is replaced.</param>
    /// <param name="cancellationToken">Gives it up, until the file is in its place.</param>
    /// <exception cref="IOException">
    /// It can't be written, it would take the place of the model's own data, or other data already stands where its external data belongs.
    /// Whatever was there before is unchanged.
    /// </exception>
    /// <exception cref="ArgumentException">OnnxRuntime would take the file for one of another format by its name.</exception>
    public static void Write(ModelProto model, string sourceFolder, string path, CancellationToken cancellationToken = default)
    {
        if (path.EndsWith(".ort", StringComparison.OrdinalIgnoreCase))
            throw new ArgumentException($"OnnxRuntime reads '{path}' as a file of its own format, ORT. Choose another ending, .onnx.", nameof(path));

        string target = AtomicFile.TargetOf(path);
        string folder = FolderOf(target);
        if (ExternalData.LocationsIn(model.Graph).FirstOrDefault(location
            => target == Path.Combine(folder, location) || target == Path.GetFullPath(Path.Combine(sourceFolder, location))) is { } own)
        {
            throw new IOException($"'{path}' is the place of the model's own data, '{own}'. Choose another name.");
        }

        ExternalData.CopyInto(folder, model.Graph, sourceFolder, cancellationToken);
        AtomicFile.Write(target, stream => model.WriteTo(stream), cancellationToken);
    }

    public static string FolderOf(string path) => Path.GetDirectoryName(Path.GetFullPath(path))!;
}
