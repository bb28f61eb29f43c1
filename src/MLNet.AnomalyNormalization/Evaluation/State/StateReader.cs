using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace MLNet.AnomalyNormalization.Evaluation.State;

/// <summary>Reads what <see cref="StateWriter"/> wrote, and refuses anything else.</summary>
internal sealed class StateReader : IDisposable
{
    private const int FirstAllocation = 1 << 16;

    private readonly Stream _stream;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _block = new byte[StateWriter.LongestBlock];
    private long _position;
    private int _length;
    private int _used;

    public StateReader(Stream stream, byte kind)
    {
        ArgumentNullException.ThrowIfNull(stream);
        _stream = stream;
        byte[] expected = StateWriter.Header(kind), header = new byte[expected.Length];
        ReadRaw(header);
        if (!header.AsSpan().StartsWith(StateWriter.Magic))
            throw new InvalidDataException($"This is no state of an evaluator: it begins with {Convert.ToHexString(header)}.");
        if (header[^2] != StateWriter.Version)
            throw new InvalidDataException($"The state has version {header[^2]}; this library reads version {StateWriter.Version}.");
        if (header[^1] != kind)
            throw new InvalidDataException($"The state has kind {header[^1]}; expected kind {kind}. Read it with the type that wrote it.");
        _hash.AppendData(header);
    }

    /// <summary>Where in the state the reader stands, in bytes.</summary>
    public long Position => _position - (_length - _used);

    public T Read<T>()
        where T : unmanaged
    {
        T value = default;
        ReadBytes(MemoryMarshal.AsBytes(new Span<T>(ref value)));
        return value;
    }

    /// <summary>Reads so many elements. The memory grows with what really comes, not with what was announced.</summary>
    public T[] ReadArray<T>(int count)
        where T : unmanaged
    {
        var values = new T[Math.Min(count, FirstAllocation)];
        int read = 0;
        while (true)
        {
            ReadBytes(MemoryMarshal.AsBytes(values.AsSpan(read)));
            read = values.Length;
            if (read == count)
                return values;
            Array.Resize(ref values, (int)Math.Min(count, 2L * read));
        }
    }

    public ulong ReadCompact()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte part = Read<byte>();
            value |= (ulong)(part & 0x7F) << shift;
            if (part <= 0x7F)
                return value;
        }

        throw Corrupt("a number of more than 64 bits");
    }

    /// <summary>A number that says how much follows: not negative.</summary>
    public int ReadCount()
        => Read<int>() is >= 0 and int count ? count : throw Corrupt("a negative count");

    /// <summary>Checks that the content ends here and that the checksum is right.</summary>
    public void Complete()
    {
        if (_used != _length || NextBlock())
            throw Corrupt("more data than was announced");

        Span<byte> checksum = stackalloc byte[SHA256.HashSizeInBytes];
        ReadRaw(checksum);
        if (!checksum.SequenceEqual(_hash.GetHashAndReset()))
            throw Corrupt("a checksum that does not fit");
    }

    public InvalidDataException Corrupt(string found, Exception? cause = null)
        => new($"The state of the evaluator is corrupt: {found} before byte {Position}.", cause);

    public void Dispose() => _hash.Dispose();

    private void ReadBytes(Span<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            if (_used == _length && !NextBlock())
                throw Corrupt("less data than was announced");
            int length = Math.Min(bytes.Length, _length - _used);
            _block.AsSpan(_used, length).CopyTo(bytes);
            _used += length;
            bytes = bytes[length..];
        }
    }

    private bool NextBlock()
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        ReadRaw(bytes);
        int length = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        if (length is < 0 or > StateWriter.LongestBlock)
            throw Corrupt($"a block of {length} bytes");

        _length = _used = 0;
        ReadRaw(_block.AsSpan(0, length));
        _length = length;
        _hash.AppendData(_block, 0, length);
        return length > 0;
    }

    private void ReadRaw(Span<byte> bytes)
    {
        int read = _stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        _position += read;
        if (read < bytes.Length)
            throw new InvalidDataException($"The state of the evaluator is incomplete: the stream ends after {_position} bytes.");
    }
}
