using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace MLNet.AnomalyNormalization.DataViews;

/// <summary>
/// The file of one component in a saved model: a header with offsets, the component's own content, and a table of its strings. The format is
/// ML.NET's <c>ModelHeader</c>.
/// </summary>
internal static class ModelPart
{
    private const int HeaderSize = 256;
    private const int LongestPart = 256 << 20;

    // Our own expressions have 1,000 characters and ten levels. Each level, and each operator in a row, is a call within a call to ML.NET.
    private const int LongestExpression = 1 << 15;
    private const int DeepestExpression = 250;

    private static ReadOnlySpan<byte> ExpressionSignature => "EXPRTRNF"u8;

    /// <summary>The bytes of an entry.</summary>
    /// <exception cref="InvalidDataException">It is longer than such an entry can be, or than it claims.</exception>
    public static byte[] Read(ZipArchiveEntry entry)
    {
        if (entry.Length > LongestPart)
            throw new InvalidDataException($"'{entry.FullName}' has {entry.Length} bytes; expected at most {LongestPart}.");

        byte[] content = new byte[entry.Length];
        using Stream stream = entry.Open();
        stream.ReadExactly(content);
        return content;
    }

    /// <summary>Checks what ML.NET relies on.</summary>
    /// <exception cref="InvalidDataException">An expression is longer or nested deeper than can be read.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An offset leads out of the part.</exception>
    public static void Check(ReadOnlySpan<byte> part)
    {
        // Model, string table, string characters and tail, each an offset and, but for the tail, a length.
        foreach (int field in (ReadOnlySpan<int>)[16, 32, 48])
            _ = part.Slice(Offset(part, field), Offset(part, field + sizeof(long)));
        _ = part[HeaderSize..];
        _ = part.Slice(Offset(part, 128), sizeof(ulong));
        if (!part.Slice(64, ExpressionSignature.Length).SequenceEqual(ExpressionSignature))
            return;

        foreach (string text in StringsOf(part))
        {
            if (text.Length > LongestExpression)
                throw new InvalidDataException($"an expression has {text.Length} characters; at most {LongestExpression} are read.");

            int depth = 0;
            foreach (char character in text)
            {
                depth += character == '(' ? 1 : character == ')' ? -1 : 0;
                if (depth > DeepestExpression)
                    throw new InvalidDataException($"an expression is nested more than {DeepestExpression} levels deep.");
            }
        }
    }

    /// <summary>The strings of a part, each once, in the order of their first use.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An offset leads out of the part.</exception>
    public static List<string> StringsOf(ReadOnlySpan<byte> part)
    {
        int table = Offset(part, 32);
        ReadOnlySpan<byte> characters = part.Slice(Offset(part, 48), Offset(part, 56));
        var strings = new List<string>();
        for (int i = 0, start = 0; i < Offset(part, 40) / sizeof(long); i++)
        {
            int end = Offset(part, table + (i * sizeof(long)));
            strings.Add(Encoding.Unicode.GetString(characters[start..end]));
            start = end;
        }

        return strings;
    }

    private static int Offset(ReadOnlySpan<byte> part, int position)
        => BinaryPrimitives.ReadInt64LittleEndian(part[position..]) is >= 0 and <= int.MaxValue and var offset
            ? (int)offset
            : throw new ArgumentOutOfRangeException(nameof(position));
}
