using Google.Protobuf.Reflection;

namespace MLNet.AnomalyNormalization.Onnx.Files;

/// <summary>
/// Walks through a file in the protocol buffers wire format before it is parsed: every length must lie within the file, and the parts that
/// become objects in memory are counted, since two bytes of a file can become hundreds in memory. Blobs are skipped, not read.
/// </summary>
/// <remarks>The wire format: https://protobuf.dev/programming-guides/encoding/</remarks>
internal sealed class WireScan
{
    // By hand, since the parser's own limits (CodedInputStream.CreateWithLimits) are of bytes and of nesting: none is of objects, and a file
    // within both can ask for more memory than the machine has.
    // An anomaly model has some ten thousand parts; at about 250 bytes each this many stay within half a gigabyte.
    private const long MostParts = 2_000_000;

    // What the parser allows, less the level of the file itself.
    private const int DeepestNesting = 99;

    private const int BytesOfPackedIntegersPerPart = 128;

    private readonly Stream _stream;
    private long _position;
    private long _parts;

    private WireScan(Stream stream) => _stream = stream;

    private enum WireType
    {
        Varint = 0,
        Fixed64 = 1,
        LengthDelimited = 2,
        Fixed32 = 5,
    }

    /// <summary>Checks the whole stream as one message.</summary>
    /// <exception cref="InvalidDataException">
    /// It is truncated, malformed or has too many parts; the message names the place alone.
    /// </exception>
    public static void Check(Stream stream, MessageDescriptor message) => new WireScan(stream).Scan(message, stream.Length, depth: 0);

    private void Scan(MessageDescriptor message, long end, int depth)
    {
        if (depth > DeepestNesting)
            throw new InvalidDataException($"it is nested more than {DeepestNesting} levels deep at byte {_position}");

        while (_position < end)
        {
            ulong tag = ReadVarint(end);
            FieldDescriptor? field = tag >> 3 is > 0 and <= int.MaxValue ? message.FindFieldByNumber((int)(tag >> 3)) : null;
            if (tag >> 3 is 0 or > 536_870_911)
                throw new InvalidDataException($"there is no valid field at byte {_position}");
            if (field is null)
                Count(1);

            switch ((WireType)(tag & 7))
            {
                case WireType.Varint:
                    ReadVarint(end);
                    break;
                case WireType.Fixed64:
                    Skip(sizeof(ulong), end);
                    break;
                case WireType.Fixed32:
                    Skip(sizeof(uint), end);
                    break;
                case WireType.LengthDelimited:
                    long length = (long)Math.Min(ReadVarint(end), long.MaxValue);
                    if (length > end - _position)
                        throw new InvalidDataException(
                            $"it is truncated or malformed: {length} bytes are due at byte {_position}, {end - _position} are there");

                    Count(field?.FieldType is FieldType.Int32 or FieldType.Int64 or FieldType.UInt64
                        ? length / BytesOfPackedIntegersPerPart
                        : 1);
                    if (field?.FieldType == FieldType.Message)
                        Scan(field.MessageType, _position + length, depth + 1);
                    else
                        Skip(length, end);
                    break;
                default:
                    throw new InvalidDataException($"there is no valid field at byte {_position}");
            }
        }
    }

    private void Count(long parts)
    {
        _parts += parts;
        if (_parts > MostParts)
            throw new InvalidDataException($"it has more than {MostParts} parts");
    }

    private ulong ReadVarint(long end)
    {
        ulong value = 0;
        for (int shift = 0; shift < 70; shift += 7)
        {
            if (_position >= end || _stream.ReadByte() is var next && next < 0)
                throw new InvalidDataException($"it is truncated or malformed at byte {_position}");

            _position++;
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                return value;
        }

        throw new InvalidDataException($"there is no valid number at byte {_position}");
    }

    private void Skip(long length, long end)
    {
        if (length > end - _position)
            throw new InvalidDataException($"it is truncated or malformed at byte {_position}");

        _position += length;
        _stream.Position = _position;
    }
}
