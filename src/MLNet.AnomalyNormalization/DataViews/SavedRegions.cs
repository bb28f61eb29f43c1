using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Files;

namespace MLNet.AnomalyNormalization.DataViews;

/// <summary>
/// The transformer of regions in a saved model: stock expressions that copy the map, under a name that says how to load the model, and carry
/// the options in the names of local variables, as compressed JSON in hexadecimal digits, in as many pieces as it takes.
/// </summary>
internal static partial class SavedRegions
{
    private const string MarkName = "AnomalyRegions1";
    private const string AddedColumn = "Regions are found where LoadAnomalyModel has loaded the model";
    private const int LongestPiece = 8_000;

    public static ITransformer Write(TransformsCatalog catalog, AnomalyRegionColumnOptions options, IDataView input)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(options, Json.Default.AnomalyRegionColumnOptions);
        if (json.Length > RegularFile.LongestText)
        {
            throw new ArgumentException(
                $"The valid area of {options.Regions.ValidArea?.Count} pixels is too large to be saved with a model.", nameof(options));
        }

        using var packed = new MemoryStream();
        using (var compression = new DeflateStream(packed, CompressionLevel.Optimal))
            compression.Write(json);
        string[] pieces = [.. Convert.ToHexString(packed.ToArray()).Chunk(LongestPiece).Select(piece => new string(piece))];
        return new TransformerChain<ITransformer>([.. pieces.Select((piece, i) =>
        {
            string mark = string.Create(CultureInfo.InvariantCulture, $"{MarkName}_{i}_{pieces.Length}_{piece}");
            return (ITransformer)catalog.Expression(AddedColumn, $"x => with({mark} = x; {mark})", options.MapColumnName).Fit(input);
        })]);
    }

    /// <summary>The transformer that was saved as a chain of such expressions; null if it is another one.</summary>
    public static ITransformer? TryRead(ITransformer chain, IReadOnlyList<string> expressions)
    {
        string[][] marks = [.. expressions.Select(expression => PortableExpression.ReadMark(expression, MarkName))];
        for (int i = 0; i < marks.Length; i++)
        {
            if (marks[i] is not [MarkName, var number, var count, _]
                || number != i.ToString(CultureInfo.InvariantCulture) || count != marks.Length.ToString(CultureInfo.InvariantCulture))
                return null;
        }

        try
        {
            using var packed = new MemoryStream(Convert.FromHexString(string.Concat(marks.Select(mark => mark[3]))));
            using var json = new DeflateStream(packed, CompressionMode.Decompress);
            AnomalyRegionColumnOptions options = ReadOptions(RegularFile.ReadToEnd(json));
            options.Check();
            return new AddedColumnsTransformer(RegionColumn.From(options), chain);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or JsonException or InvalidDataException or NullReferenceException)
        {
            // A mark that we didn't write.
            return null;
        }
    }

    /// <summary>The options in such JSON; what it doesn't say, since it is older than an option, is as in new options.</summary>
    internal static AnomalyRegionColumnOptions ReadOptions(ReadOnlySpan<byte> json)
    {
        // Generated code, unlike reflection, takes an init-only property that isn't said for 0.
        JsonNode? unsaid = JsonSerializer.SerializeToNode(new AnomalyRegionColumnOptions(), Json.Default.AnomalyRegionColumnOptions);
        return JsonSerializer.Deserialize(Over(unsaid, JsonNode.Parse(json)), Json.Default.AnomalyRegionColumnOptions)!;

        static JsonNode? Over(JsonNode? below, JsonNode? above)
        {
            if (below is not JsonObject target || above is not JsonObject source)
                return above?.DeepClone();
            foreach ((string name, JsonNode? value) in source)
                target[name] = Over(target[name], value);
            return target;
        }
    }

    [JsonSourceGenerationOptions(NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
    [JsonSerializable(typeof(AnomalyRegionColumnOptions))]
    private sealed partial class Json : JsonSerializerContext;
}
