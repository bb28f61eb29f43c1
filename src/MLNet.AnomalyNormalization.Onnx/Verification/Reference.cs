using System.Text.Json;
using MLNet.AnomalyNormalization.Files;
using MLNet.AnomalyNormalization.Onnx.Pictures;

namespace MLNet.AnomalyNormalization.Onnx.Verification;

/// <summary>What Python saw: a file of the format anomaly-reference; <see cref="AnomalyOnnxModel.Verify"/> has its schema.</summary>
/// <param name="ModelDigest">The SHA-256 of the model's file in hexadecimal; null if the file doesn't tell.</param>
/// <param name="Pictures">The pictures, at least one.</param>
internal sealed record Reference(string? ModelDigest, IReadOnlyList<ReferencePicture> Pictures)
{
    private const string Format = "anomaly-reference";
    private const int Version = 1;

    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is no reference; the message names the place.</exception>
    public static Reference Read(string path)
        => JsonFile.Read(path, $"an object with \"format\": \"{Format}\"", root =>
        {
            if (Text(root, "format") != Format)
                throw new FormatException($"no \"format\": \"{Format}\"; it is no reference.");
            if (!root.TryGetProperty("version", out JsonElement version) || !version.TryGetInt32(out int number) || number != Version)
                throw new FormatException($"another version of {Format} than {Version}.");
            if (Find(root, "pictures", JsonValueKind.Array) is not { } pictures || pictures.GetArrayLength() == 0)
                throw new FormatException("no 'pictures'; expected an array of at least one.");

            string? digest = Find(root, "model", JsonValueKind.Object) is { } model ? Text(model, "sha256") : null;
            return new Reference(digest, [.. pictures.EnumerateArray().Select((picture, index) => Picture(picture, $"pictures[{index}]"))]);
        });

    private static ReferencePicture Picture(JsonElement element, string place)
    {
        if (element.ValueKind != JsonValueKind.Object || Text(element, "file") is not { Length: > 0 } file)
            throw new FormatException($"no 'file' in {place}.");

        ReferenceValues? decoded = null, prepared = null, map = null;
        string? digest = null;
        if (Find(element, "decoded", JsonValueKind.Object) is { } pixels)
        {
            int height = Size(pixels, "height", place), width = Size(pixels, "width", place);
            digest = Text(pixels, "sha256");
            decoded = new([3, height, width], null, [.. Rows(pixels, 5, place).SelectMany(row => Enumerable.Range(0, 3)
                .Select(channel => Value([channel, row[0], row[1], row[2 + channel]], [3, height, width], place)))]);
        }

        if (Find(element, "prepared", JsonValueKind.Object) is { } tensor)
        {
            int[] shape = [.. Numbers(tensor, "shape", place).Select(side => Side(side, place))];
            if (shape.Length != 3)
                throw new FormatException($"a 'shape' of {shape.Length} numbers in {place}; expected channels, height and width.");
            double[] means = Numbers(tensor, "means", place);
            if (means.Length != 0 && means.Length != shape[0])
                throw new FormatException($"{means.Length} 'means' for {shape[0]} channels in {place}.");
            prepared = new(shape, means, [.. Rows(tensor, 4, place).Select(row => Value(row, shape, place))]);
        }

        if (Find(element, "map", JsonValueKind.Object) is { } values)
        {
            int[] shape = [1, Size(values, "height", place), Size(values, "width", place)];
            map = new(shape, null, [.. Rows(values, 3, place).Select(row => Value([0, .. row], shape, place))])
            {
                Minimum = Number(values, "minimum", place),
                Maximum = Number(values, "maximum", place),
                Mean = Number(values, "mean", place),
            };
        }

        bool? isAnomalous = element.TryGetProperty("anomalous", out JsonElement label)
            ? label.ValueKind switch
            {
                JsonValueKind.True => true,
                JsonValueKind.False => false,
                JsonValueKind.Null => null,
                _ => throw new FormatException($"{JsonFile.NameOf(label)} in 'anomalous' of {place}; expected true or false."),
            }
            : null;
        return new(file, digest, decoded, prepared, Number(element, "score", place), map, isAnomalous);
    }

    private static JsonElement? Find(JsonElement parent, string key, JsonValueKind kind)
        => !parent.TryGetProperty(key, out JsonElement element) || element.ValueKind == JsonValueKind.Null ? null
            : element.ValueKind == kind ? element
            : throw new FormatException($"{JsonFile.NameOf(element)} in '{key}'; expected {kind.ToString().ToLowerInvariant()}.");

    private static string? Text(JsonElement parent, string key) => Find(parent, key, JsonValueKind.String)?.GetString();

    private static double? Number(JsonElement parent, string key, string place)
        => Find(parent, key, JsonValueKind.Number) is not { } element ? null
            : element.TryGetDouble(out double value) && double.IsFinite(value) ? value
            : throw new FormatException($"no finite number in '{key}' of {place}.");

    private static double[] Numbers(JsonElement parent, string key, string place)
        => Find(parent, key, JsonValueKind.Array) is { } array ? [.. array.EnumerateArray().Select(item => Finite(item, key, place))] : [];

    private static double Finite(JsonElement item, string key, string place)
        => item.ValueKind == JsonValueKind.Number && item.TryGetDouble(out double value) && double.IsFinite(value)
            ? value
            : throw new FormatException($"{JsonFile.NameOf(item)} in '{key}' of {place}; expected finite numbers.");

    private static IEnumerable<double[]> Rows(JsonElement parent, int length, string place)
    {
        foreach (JsonElement row in Find(parent, "values", JsonValueKind.Array)?.EnumerateArray() ?? default)
        {
            if (row.ValueKind != JsonValueKind.Array || row.GetArrayLength() != length)
                throw new FormatException($"an entry of 'values' of {place} that is no array of {length} numbers.");
            yield return [.. row.EnumerateArray().Select(item => Finite(item, "values", place))];
        }
    }

    private static int Size(JsonElement parent, string key, string place)
        => Side(Number(parent, key, place) ?? throw new FormatException($"no '{key}' in {place}."), place);

    private static int Side(double side, string place)
        => side is >= 1 and <= ImageInput.LargestSide && side == Math.Floor(side)
            ? (int)side
            : throw new FormatException($"a size of {side} in {place}; expected 1 to {ImageInput.LargestSide}.");

    private static (int Index, double Value) Value(double[] row, int[] shape, string place)
    {
        int index = 0;
        for (int axis = 0; axis < shape.Length; axis++)
        {
            if (!(row[axis] >= 0 && row[axis] < shape[axis] && row[axis] == Math.Floor(row[axis])))
                throw new FormatException($"a value at {row[axis]} of {shape[axis]} in {place}; expected a place within the size.");
            index = (index * shape[axis]) + (int)row[axis];
        }

        return (index, row[shape.Length]);
    }
}

/// <summary>
/// What Python saw of one picture, a file relative to the folder of the reference; null is what the reference doesn't tell. The digest is
/// the SHA-256 of the decoded bytes, height x width x 3.
/// </summary>
internal sealed record ReferencePicture(
    string File, string? Digest, ReferenceValues? Decoded, ReferenceValues? Prepared, double? Score, ReferenceValues? Map,
    bool? IsAnomalous);

/// <summary>Some values of an array channels x height x width, by their index in it, and what is known of all.</summary>
internal sealed record ReferenceValues(int[] Shape, double[]? Means, (int Index, double Value)[] Values)
{
    public double? Minimum { get; init; }

    public double? Maximum { get; init; }

    public double? Mean { get; init; }

    /// <summary>The largest difference from an array of the same shape; infinite if the shape is another, NaN if something is.</summary>
    public double DifferenceFrom(ReadOnlySpan<float> values, params ReadOnlySpan<int> shape)
    {
        if (!shape.SequenceEqual(Shape))
            return double.PositiveInfinity;

        double largest = 0;
        foreach ((int index, double value) in Values)
            largest = Math.Max(largest, Math.Abs(values[index] - value));
        for (int channel = 0; channel < (Means?.Length ?? 0); channel++)
        {
            ReadOnlySpan<float> plane = values.Slice(channel * shape[1] * shape[2], shape[1] * shape[2]);
            largest = Math.Max(largest, Math.Abs(MeanOf(plane) - Means![channel]));
        }

        if (Mean is { } mean)
            largest = Math.Max(largest, Math.Abs(MeanOf(values) - mean));
        float lowest = float.PositiveInfinity, highest = float.NegativeInfinity;
        foreach (float value in values)
            (lowest, highest) = (MathF.Min(lowest, value), MathF.Max(highest, value));
        if (Minimum is { } minimum)
            largest = Math.Max(largest, Math.Abs(lowest - minimum));
        return Maximum is { } maximum ? Math.Max(largest, Math.Abs(highest - maximum)) : largest;
    }

    private static double MeanOf(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (float value in values)
            sum += value;
        return sum / values.Length;
    }
}
