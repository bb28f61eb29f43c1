using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace MLNet.AnomalyNormalization.Evaluation.State;

/// <summary>
/// Writes the state of an evaluator, little-endian: an 8-byte header (<see cref="Magic"/>, version, kind), then the content in blocks of at
/// most <see cref="LongestBlock"/> bytes, each after its length as Int32, then the length 0 and the SHA-256 of header and content. A reader
/// thus never trusts a length further than one block, and never reads beyond the end, so that states can follow one another in a stream.
/// </summary>
internal sealed class StateWriter : IDisposable
{
    public const int LongestBlock = 1 << 16;
    public const byte Version = 1;

    private readonly Stream _stream;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _block = new byte[LongestBlock];
    private int _used;

    public StateWriter(Stream stream, byte kind)
    {
        ArgumentNullException.ThrowIfNull(stream);
        _stream = stream;
        byte[] header = Header(kind);
        _hash.AppendData(header);
        _stream.Write(header);
    }

    public static ReadOnlySpan<byte> Magic => "ANOMEV"u8;

    public static byte[] Header(byte kind) => [.. Magic, Version, kind];

    public void Write<T>(T value)
        where T : unmanaged
        => Write(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));

    /// <summary>Writes the elements without their number.</summary>
    public void Write<T>(ReadOnlySpan<T> values)
        where T : unmanaged
        => Write(MemoryMarshal.AsBytes(values));

    /// <summary>Writes a number in groups of seven bits, the lowest first: small ones take one byte.</summary>
    public void WriteCompact(ulong value)
    {
        for (; value > 0x7F; value >>= 7)
            Write((byte)(value | 0x80));
        Write((byte)value);
    }

    /// <summary>Ends the content and writes the checksum.</summary>
    public void Complete()
    {
        Flush();
        WriteLength(0);
        _stream.Write(_hash.GetHashAndReset());
    }

    public void Dispose() => _hash.Dispose();

    private void Write(byte value)
    {
        if (_used == _block.Length)
            Flush();
        _block[_used++] = value;
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            if (_used == _block.Length)
                Flush();
            int length = Math.Min(bytes.Length, _block.Length - _used);
            bytes[..length].CopyTo(_block.AsSpan(_used));
            _used += length;
            bytes = bytes[length..];
        }
    }

    private void Flush()
    {
        if (_used == 0)
            return;
        WriteLength(_used);
        _hash.AppendData(_block, 0, _used);
        _stream.Write(_block, 0, _used);
        _used = 0;
    }

    private void WriteLength(int length)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, length);
        _stream.Write(bytes);
    }
}
