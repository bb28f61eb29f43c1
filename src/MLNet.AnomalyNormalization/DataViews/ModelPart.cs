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

    // Each bracket, each sign and each operator in a row is a call within a call to ML.NET, when it loads the expression and again, on the
    // caller's stack, when it is used. Our own expressions have up to 400 words and signs.
    private const int LongestExpression = 1_000;

    private static readonly uint[] s_sums = Array.ConvertAll([.. Enumerable.Range(0, 256)], SumOfByte);

    private static ReadOnlySpan<byte> ExpressionSignature => "EXPRTRNF"u8;

    private static ReadOnlySpan<byte> ChainSignature => "XF\0CHAIN"u8;

    /// <summary>Reads an entry to its end, and compares it with the length and the sum that the archive has of it.</summary>
    /// <returns>The bytes, if they are a description or a data view, which is checked further; nothing of anything else.</returns>
    /// <exception cref="InvalidDataException">It is damaged, or a longer description or data view than can be.</exception>
    public static byte[] Read(ZipArchiveEntry entry)
    {
        using var content = new MemoryStream();
        using Stream stream = entry.Open();
        var buffer = new byte[1 << 16];
        uint sum = uint.MaxValue;
        long length = 0;
        bool isWanted = false;
        while (stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false) is > 0 and var read && (length += read) <= entry.Length)
        {
            ReadOnlySpan<byte> bytes = buffer.AsSpan(0, read);
            isWanted = length == read ? IsDescription(entry) || SavedSchema.IsDataView(bytes) : isWanted;
            if (isWanted && entry.Length > LongestPart)
                throw new InvalidDataException($"'{entry.FullName}' has {entry.Length} bytes; expected at most {LongestPart}.");
            foreach (byte value in bytes)
                sum = (sum >> 8) ^ s_sums[(byte)(sum ^ value)];
            if (isWanted)
                content.Write(bytes);
        }

        return length == entry.Length && ~sum == entry.Crc32
            ? content.ToArray()
            : throw new InvalidDataException($"'{entry.FullName}' is damaged: it has another length or sum than the archive says.");
    }

    /// <summary>Whether an entry describes a component. A name may be written with either slash, and ML.NET finds both.</summary>
    public static bool IsDescription(ZipArchiveEntry entry) => entry.FullName.Split('/', '\\')[^1] == "Model.key";

    /// <summary>Checks what ML.NET relies on.</summary>
    /// <param name="part">The part.</param>
    /// <param name="entries">The number of entries in the archive.</param>
    /// <exception cref="InvalidDataException">An expression is longer than can be read, or a chain than the archive.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An offset leads out of the part.</exception>
    public static void Check(ReadOnlySpan<byte> part, int entries)
    {
        // Model, string table, string characters and tail, each an offset and, but for the tail, a length.
        foreach (int field in (ReadOnlySpan<int>)[16, 32, 48])
            _ = part.Slice(Offset(part, field), Offset(part, field + sizeof(long)));
        _ = part[HeaderSize..];
        _ = part.Slice(Offset(part, 128), sizeof(ulong));
        ReadOnlySpan<byte> signature = part.Slice(64, sizeof(ulong));
        if (signature.SequenceEqual(ChainSignature) && BinaryPrimitives.ReadInt32LittleEndian(part[HeaderSize..]) is var transformers
            && (transformers < 0 || transformers > entries))
        {
            throw new InvalidDataException($"a chain claims {transformers} transformers, in {entries} entries.");
        }

        if (!signature.SequenceEqual(ExpressionSignature))
            return;

        foreach (string text in StringsOf(part))
        {
            if (LengthOf(text) is > LongestExpression and var length)
                throw new InvalidDataException($"an expression has {length} words and signs; at most {LongestExpression} are read.");
        }
    }

    private static int LengthOf(string expression)
    {
        int length = 0;
        bool isInWord = false;
        foreach (char character in expression)
        {
            bool isOfWord = char.IsLetterOrDigit(character) || character is '_' or '.';
            if (!char.IsWhiteSpace(character) && !(isOfWord && isInWord))
                length++;
            isInWord = isOfWord;
        }

        return length;
    }

    // CRC-32 as zip files have it.
    private static uint SumOfByte(int value)
    {
        uint sum = (uint)value;
        for (int i = 0; i < 8; i++)
            sum = (sum & 1) == 0 ? sum >> 1 : (sum >> 1) ^ 0xEDB88320;
        return sum;
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
