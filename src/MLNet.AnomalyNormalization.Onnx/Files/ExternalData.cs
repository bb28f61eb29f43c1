using System.Globalization;
using Google.Protobuf;
using MLNet.AnomalyNormalization.Files;
using MLNet.AnomalyNormalization.Onnx.Format;

namespace MLNet.AnomalyNormalization.Onnx.Files;

/// <summary>
/// Tensors whose values stand in files beside the model: https://github.com/onnx/onnx/blob/main/docs/ExternalData.md
/// </summary>
internal static class ExternalData
{
    private const int BufferSize = 1 << 16;

    // The format's own limit, 2 GiB, less some room for what is added to the graph.
    private const long LongestModel = int.MaxValue - (1 << 20);

    /// <summary>Checks that all external data is there, and within the folder of the model.</summary>
    /// <exception cref="InvalidDataException">It is not; the message names the tensor and the file.</exception>
    public static void Check(GraphProto graph, string folder)
    {
        var lengths = new Dictionary<string, long>();
        foreach (TensorProto tensor in TensorsOf(graph).Where(IsExternal))
        {
            (string location, long offset, long? length) = Read(tensor);
            if (!IsLocation(folder, location))
            {
                throw new InvalidDataException(
                    $"the tensor '{tensor.Name}' has its data in '{location}'; expected a file within the model's folder.");
            }

            if (!lengths.TryGetValue(location, out long there))
            {
                string path = Path.GetFullPath(Path.Combine(folder, location));
                if (!File.Exists(path))
                    throw new InvalidDataException(
                        $"the file '{location}' with the data of tensor '{tensor.Name}' is missing; it belongs beside the model.");
                if (!IsWithin(Resolved(folder), Resolved(path)) || !RegularFile.IsRegular(path))
                {
                    throw new InvalidDataException(
                        $"the data of tensor '{tensor.Name}' in '{location}' is behind a link that leads out of the model's folder, or no "
                        + "regular file. Put the file itself there.");
                }

                lengths[location] = there = new FileInfo(Resolved(path)).Length;
            }

            if (offset < 0 || length < 0 || offset > there || length > there - offset)
            {
                throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture,
                    $"the tensor '{tensor.Name}' is at {offset} + {length} in '{location}', which has {there} bytes; is it truncated?"));
            }
        }
    }

    /// <summary>The files that a graph has data in, relative to the folder of its model.</summary>
    public static IEnumerable<string> LocationsIn(GraphProto graph)
        => TensorsOf(graph).Where(IsExternal).Select(tensor => Read(tensor).Location).Distinct();

    /// <summary>
    /// Copies the external data, unless it stands there already. Copies stay if what comes after fails: they are whole, and another model
    /// that is written at the same time may count on them.
    /// </summary>
    /// <param name="folder">The folder to copy into.</param>
    /// <param name="graph">The graph whose data it is; checked.</param>
    /// <param name="sourceFolder">Where the data is.</param>
    /// <param name="cancellationToken">Stops it; a file that is half copied goes.</param>
    /// <exception cref="IOException">Another file stands where the data belongs.</exception>
    public static void CopyInto(string folder, GraphProto graph, string sourceFolder, CancellationToken cancellationToken)
    {
        if (folder == sourceFolder)
            return;

        foreach (string location in LocationsIn(graph))
        {
            string source = Path.Combine(sourceFolder, location);
            string copy = Path.Combine(folder, location);
            if (File.Exists(copy))
            {
                if (!HaveSameContent(source, copy, cancellationToken))
                    throw new IOException(
                        $"'{copy}' holds other data than '{source}', which the model needs there. Choose another folder, or remove it.");
                continue;
            }

            Directory.CreateDirectory(OnnxFile.FolderOf(copy));
            AtomicFile.Write(copy, stream =>
            {
                using FileStream data = File.OpenRead(source);
                var buffer = new byte[BufferSize];
                while (data.Read(buffer) is > 0 and var count)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    stream.Write(buffer, 0, count);
                }
            }, cancellationToken);
        }
    }

    /// <summary>Puts all external data into the model itself.</summary>
    /// <exception cref="InvalidDataException">It is more than an ONNX file can hold.</exception>
    public static void Embed(GraphProto graph, string folder)
    {
        long total = graph.CalculateSize();
        foreach (TensorProto tensor in TensorsOf(graph).Where(IsExternal))
        {
            (string location, long offset, long? length) = Read(tensor);
            using FileStream stream = File.OpenRead(Path.Combine(folder, location));
            stream.Position = offset;
            long count = length ?? stream.Length - offset;
            total += count;
            if (total > LongestModel)
            {
                throw new InvalidDataException(
                    $"The model has more than {LongestModel} bytes with its external data ('{location}'), the most that one ONNX file and so a "
                    + "saved pipeline can hold. Reduce it, a memory bank for instance, or run it with OnnxRuntime itself.");
            }

            byte[] values = new byte[count];
            stream.ReadExactly(values);
            tensor.RawData = UnsafeByteOperations.UnsafeWrap(values);
            tensor.ExternalData.Clear();
            tensor.ClearDataLocation();
        }
    }

    private static bool IsExternal(TensorProto tensor) => tensor.DataLocation == TensorProto.Types.DataLocation.External;

    private static bool IsLocation(string folder, string location)
        => location.Length > 0 && !Path.IsPathRooted(location) && !location.Contains('\0', StringComparison.Ordinal)
            && IsWithin(folder, Path.GetFullPath(Path.Combine(folder, location)));

    private static bool IsWithin(string folder, string path)
        => path.StartsWith(Path.EndsInDirectorySeparator(folder) ? folder : folder + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    // Where a path leads when every link on the way is followed.
    private static string Resolved(string path)
    {
        string resolved = Path.GetPathRoot(path)!;
        foreach (string part in path[resolved.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            resolved = Path.Combine(resolved, part);
            var entry = new FileInfo(resolved);
            if (entry.LinkTarget is not null)
                resolved = entry.ResolveLinkTarget(returnFinalTarget: true)!.FullName;
        }

        return resolved;
    }

    private static (string Location, long Offset, long? Length) Read(TensorProto tensor)
    {
        return (Value("location") ?? "", Number("offset") ?? 0, Number("length"));

        string? Value(string key) => tensor.ExternalData.FirstOrDefault(entry => entry.Key == key)?.Value;

        long? Number(string key)
            => Value(key) is not { } text ? null
                : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number
                : throw new InvalidDataException($"the tensor '{tensor.Name}' has the {key} '{text}' in its data file; expected a number.");
    }

    private static IEnumerable<TensorProto> TensorsOf(GraphProto graph)
        => graph.Initializer
            .Concat(graph.SparseInitializer.SelectMany(TensorsOf))
            .Concat(graph.Node.SelectMany(node => node.Attribute).SelectMany(attribute =>
                (attribute.T is { } tensor ? attribute.Tensors.Prepend(tensor) : attribute.Tensors)
                .Concat((attribute.SparseTensor is { } sparse ? attribute.SparseTensors.Prepend(sparse) : attribute.SparseTensors)
                    .SelectMany(TensorsOf))
                .Concat((attribute.G is { } inner ? attribute.Graphs.Prepend(inner) : attribute.Graphs).SelectMany(TensorsOf))));

    private static IEnumerable<TensorProto> TensorsOf(SparseTensorProto sparse)
        => ((TensorProto?[])[sparse.Values, sparse.Indices]).OfType<TensorProto>();

    private static bool HaveSameContent(string left, string right, CancellationToken cancellationToken)
    {
        if (new FileInfo(left).Length != new FileInfo(right).Length)
            return false;

        using FileStream leftStream = File.OpenRead(left);
        using FileStream rightStream = File.OpenRead(right);
        byte[] leftBytes = new byte[BufferSize];
        byte[] rightBytes = new byte[BufferSize];
        int count;
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            count = leftStream.ReadAtLeast(leftBytes, BufferSize, throwOnEndOfStream: false);
            if (rightStream.ReadAtLeast(rightBytes, BufferSize, throwOnEndOfStream: false) != count
                || !leftBytes.AsSpan(0, count).SequenceEqual(rightBytes.AsSpan(0, count)))
            {
                return false;
            }
        }
        while (count == BufferSize);
        return true;
    }
}
