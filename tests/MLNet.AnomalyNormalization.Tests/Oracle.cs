using System.Text.Json;

namespace MLNet.AnomalyNormalization.Tests;

/// <summary>Reads the golden values in the folder Oracle: JSON with non-finite numbers as strings, arrays with their bit patterns.</summary>
internal static class Oracle
{
    public static JsonElement Load(string fileName)
        => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Oracle", fileName))).RootElement;

    public static double Number(JsonElement element)
        => element.ValueKind == JsonValueKind.String
            ? element.GetString() switch
            {
                "NaN" => double.NaN,
                "Infinity" => double.PositiveInfinity,
                "-Infinity" => double.NegativeInfinity,
                var other => throw new FormatException(other),
            }
            : element.GetDouble();

    public static float[] Singles(JsonElement array)
        => [.. array.GetProperty("bits").EnumerateArray().Select(bits => BitConverter.UInt32BitsToSingle(bits.GetUInt32()))];

    public static double[] Doubles(JsonElement array) => [.. array.GetProperty("v").EnumerateArray().Select(Number)];

    public static EvaluationThreshold? Evaluation(JsonElement outcome)
        => outcome.TryGetProperty("eval", out JsonElement pair) && pair.ValueKind == JsonValueKind.Object
            ? new(Number(pair.GetProperty("raw")), Number(pair.GetProperty("normalized")))
            : null;
}
