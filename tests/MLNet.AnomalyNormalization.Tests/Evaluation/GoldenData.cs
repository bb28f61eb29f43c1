using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Tests.Evaluation;

/// <summary>The golden values of the evaluation, read from the folder Oracle.</summary>
internal static class GoldenData
{
    public static JsonElement Load(string name)
    {
        using FileStream stream = File.OpenRead(PathOf(name));
        return JsonSerializer.Deserialize<JsonElement>(stream);
    }

    /// <summary>A number, of which the files write NaN and infinities as strings.</summary>
    public static double Number(this JsonElement element)
        => element.ValueKind == JsonValueKind.String
            ? double.Parse(element.GetString()!, CultureInfo.InvariantCulture)
            : element.GetDouble();

    public static double[] Numbers(this JsonElement element) => [.. element.EnumerateArray().Select(Number)];

    /// <summary>The number under "value", or NaN where the reference raised an exception instead.</summary>
    public static double ValueOrNaN(this JsonElement element)
        => element.ValueKind != JsonValueKind.Object ? element.Number()
            : element.TryGetProperty("value", out JsonElement value) ? value.Number()
            : double.NaN;

    public static float[] Floats(this JsonElement element)
        => [.. element.GetProperty("bits").EnumerateArray().Select(bits => BitConverter.UInt32BitsToSingle(bits.GetUInt32()))];

    public static ConfusionCounts Counts(this JsonElement element)
        => new(element.Integer("tp"), element.Integer("fp"), element.Integer("tn"), element.Integer("fn"));

    public static ImageSet LoadSet(JsonElement set)
    {
        int count = set.Integer("images"), height = set.Integer("height"), width = set.Integer("width");
        float[] maps = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(PathOf(set.GetProperty("maps_file").GetString()!))).ToArray();
        byte[] masks = File.ReadAllBytes(PathOf(set.GetProperty("masks_file").GetString()!));
        return new(
            [.. Enumerable.Range(0, count).Select(i => maps[(i * height * width)..((i + 1) * height * width)])],
            [.. Enumerable.Range(0, count).Select(i => masks[(i * height * width)..((i + 1) * height * width)])],
            height,
            width);
    }

    public static int Integer(this JsonElement element, string name) => element.GetProperty(name).GetInt32();

    private static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, "Oracle", name);
}
