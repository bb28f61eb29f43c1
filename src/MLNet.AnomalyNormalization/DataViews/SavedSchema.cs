using System.Text;

namespace MLNet.AnomalyNormalization.DataViews;

/// <summary>
/// A schema that is saved with a model, or with a trainer in it: a binary data view, mostly without rows. ML.NET reads the sizes of a vector
/// from it without an end; the format is that of its <c>BinaryLoader</c>.
/// </summary>
internal static class SavedSchema
{
    private const int ColumnCountAt = 48;
    private const int TableOfContentsAt = 24;
    private const int MostColumns = 1 << 20;

    // A vector of keys of numbers.
    private const int DeepestType = 2;

    /// <summary>Whether a part begins as a binary data view.</summary>
    public static bool IsDataView(ReadOnlySpan<byte> part) => part.StartsWith("CML\0DVB\0"u8);

    /// <exception cref="InvalidDataException">A vector's sizes aren't those that its description has room for.</exception>
    /// <exception cref="EndOfStreamException">It ends early.</exception>
    public static void Check(byte[] schema)
    {
        using var stream = new MemoryStream(schema);
        using var reader = new BinaryReader(stream, Encoding.UTF8);
        stream.Position = TableOfContentsAt;
        long tableOfContents = reader.ReadInt64();
        stream.Position = ColumnCountAt;
        int columns = reader.ReadInt32();
        if (columns is < 0 or > MostColumns)
            throw new InvalidDataException($"the schema claims {columns} columns.");
        if (columns == 0)
            return;

        stream.Position = tableOfContents;
        for (int i = 0; i < columns; i++)
        {
            string name = reader.ReadString();
            CheckCodec(reader, name);
            _ = reader.ReadByte();
            _ = reader.Read7BitEncodedInt64();
            _ = reader.ReadInt64();
            long annotations = reader.ReadInt64(), next = stream.Position;
            if (annotations == 0)
                continue;

            stream.Position = annotations;
            for (long left = reader.Read7BitEncodedInt64(); left > 0; left--)
            {
                CheckCodec(reader, $"{name}.{reader.ReadString()}");
                _ = reader.ReadByte();
                _ = reader.ReadInt64();
                _ = reader.Read7BitEncodedInt64();
            }

            stream.Position = next;
        }
    }

    // The name of the codec, the length of its description, and that: of a vector or key the codec of its items first, of a vector then its
    // sizes after their number.
    private static void CheckCodec(BinaryReader reader, string column, int depth = 0)
    {
        string codec = reader.ReadString();
        long length = reader.Read7BitEncodedInt64();
        long end = reader.BaseStream.Position + length;
        if (length < 0 || end > reader.BaseStream.Length)
            throw new InvalidDataException($"the type of column '{column}' has {length} bytes, more than the schema.");
        if (depth > DeepestType)
            throw new InvalidDataException($"the type of column '{column}' is nested more than {DeepestType} levels deep.");

        if (codec is "VBuffer" or "Key" or "Key2")
            CheckCodec(reader, column, depth + 1);
        if (codec == "VBuffer")
        {
            long left = end - reader.BaseStream.Position;
            if (left != 0 && (left < sizeof(int) || reader.ReadInt32() is var sizes && sizes != (left / sizeof(int)) - 1))
                throw new InvalidDataException($"the vector of column '{column}' has another number of sizes than it says.");
        }

        reader.BaseStream.Position = end;
    }
}
