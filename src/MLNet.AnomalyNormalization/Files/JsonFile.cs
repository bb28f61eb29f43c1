using System.Text.Json;
using System.Text.Unicode;

namespace MLNet.AnomalyNormalization.Files;

/// <summary>
/// Reads JSON objects that other tools wrote: files of moderate length in UTF-8, comments and trailing commas allowed. Whatever is wrong is
/// an <see cref="InvalidDataException"/> that names the source.
/// </summary>
internal static class JsonFile
{
    private static readonly JsonDocumentOptions s_options = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    /// <summary>Reads a file whose top level is an object.</summary>
    /// <param name="path">The file: a regular one of at most <see cref="RegularFile.LongestText"/> bytes.</param>
    /// <param name="expected">
    /// What the object is, for messages: "an object with image_threshold and pixel_threshold". Null to take whatever the top level is.
    /// </param>
    /// <param name="read">
    /// Takes from the object what is needed; a <see cref="FormatException"/> says what the source has instead, as in "'std': a text;
    /// expected a number.".
    /// </param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is anything else; the message names it and the place.</exception>
    public static T Read<T>(string path, string? expected, Func<JsonElement, T> read)
        => Parse(RegularFile.ReadAllBytes(path), $"'{path}'", expected, read);

    /// <summary>Reads a text in UTF-8 as <see cref="Read"/> reads a file; messages call it <paramref name="source"/>.</summary>
    public static T Parse<T>(ReadOnlyMemory<byte> text, string source, string? expected, Func<JsonElement, T> read)
    {
        if (text.Span is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..] or [_, 0, ..] or [0, _, ..])
            throw new InvalidDataException($"{source} is UTF-16 text, as Windows PowerShell writes it. Save it as UTF-8.");

        if (text.Span is [0xEF, 0xBB, 0xBF, ..])
            text = text[3..];
        if (!Utf8.IsValid(text.Span))
            throw new InvalidDataException($"{source} holds text that is not valid UTF-8. Save it as UTF-8.");

        try
        {
            using JsonDocument document = JsonDocument.Parse(text, s_options);
            return expected is null || document.RootElement.ValueKind == JsonValueKind.Object
                ? read(document.RootElement)
                : throw new InvalidDataException($"{source} holds {NameOf(document.RootElement)} at the top level; expected {expected}.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException(
                $"{source} is not valid JSON at line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}: {e.Message.Split(" LineNumber: ")[0]}", e);
        }
        catch (InvalidOperationException e)
        {
            // What the parser says of half a surrogate pair in an escape, and only when the text is asked for.
            throw new InvalidDataException($"{source} holds text that is not valid: {e.Message}", e);
        }
        catch (FormatException e)
        {
            throw new InvalidDataException($"{source} has {e.Message}", e);
        }
    }

    /// <summary>The finite number of a key.</summary>
    /// <exception cref="FormatException">There is no such key, or it holds anything else.</exception>
    public static double RequireNumber(JsonElement parent, string key)
        => !parent.TryGetProperty(key, out JsonElement element)
            ? throw new FormatException($"no '{key}' at its top level; expected a finite number.")
            : element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out double value) && double.IsFinite(value)
                ? value
                : throw new FormatException($"'{key}': {Shortened(element)}; expected a finite number.");

    /// <summary>What a value is, with its article.</summary>
    public static string NameOf(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        _ => Shortened(element),
    };

    private static string Shortened(JsonElement element)
        => element.GetRawText() is { Length: > 40 } text ? $"{text[..40]}…" : element.GetRawText();
}
