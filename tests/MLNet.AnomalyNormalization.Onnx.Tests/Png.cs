using System.Buffers.Binary;
using System.IO.Compression;

namespace MLNet.AnomalyNormalization.Onnx.Tests;

/// <summary>Writes PNG files of every kind: https://www.w3.org/TR/png-3</summary>
internal static class Png
{
    public const byte Grey = 0;
    public const byte Rgb = 2;
    public const byte Palette = 3;
    public const byte Rgba = 6;

    public static void Write(string path, int width, int height, int depth, byte colour, byte[] lines, byte[]? palette = null, byte[]? opacities = null)
    {
        using var file = new MemoryStream();
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = ((byte)depth, colour);
        Chunk("IHDR"u8, header);
        if (palette is not null)
            Chunk("PLTE"u8, palette);
        if (opacities is not null)
            Chunk("tRNS"u8, opacities);
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            int length = lines.Length / height;
            for (int row = 0; row < height; row++)
            {
                zlib.WriteByte(0);
                zlib.Write(lines.AsSpan(row * length, length));
            }
        }

        Chunk("IDAT"u8, packed.ToArray());
        Chunk("IEND"u8, []);
        File.WriteAllBytes(path, file.ToArray());

        void Chunk(ReadOnlySpan<byte> type, byte[] content)
        {
            byte[] body = [.. type, .. content];
            byte[] number = new byte[4];
            BinaryPrimitives.WriteInt32BigEndian(number, content.Length);
            file.Write(number);
            file.Write(body);
            BinaryPrimitives.WriteUInt32BigEndian(number, Crc(body));
            file.Write(number);
        }
    }

    /// <summary>The checksum of a chunk, bit by bit: https://www.w3.org/TR/png-3/#5CRC-algorithm</summary>
    public static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc & 1) == 1 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
        }

        return ~crc;
    }
}
