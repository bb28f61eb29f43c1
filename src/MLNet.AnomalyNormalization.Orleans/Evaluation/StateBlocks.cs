namespace MLNet.AnomalyNormalization.Orleans.Evaluation;

/// <summary>
/// A state of any length in memory, in blocks of a length that a message can hold: written once from front to end, and read so. It
/// becomes a stream for the evaluators and blocks for the messages.
/// </summary>
internal sealed class StateBlocks : Stream
{
    private const int BlockLength = 1 << 20;

    private readonly List<byte[]> _blocks = [];
    private long _length;
    private long _position;

    /// <summary>The blocks, all full but the last.</summary>
    public IReadOnlyList<byte[]> Blocks => _blocks;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => _length;

    public override long Position { get => _position; set => throw new NotSupportedException(); }

    /// <summary>Appends a block that another instance gave.</summary>
    public void Append(byte[] block)
    {
        _blocks.Add(block);
        _length += block.Length;
    }

    /// <summary>Cuts the last block to what was written of it.</summary>
    public void Complete()
    {
        if (_blocks.Count > 0)
            _blocks[^1] = _blocks[^1][..(int)(_length - ((_blocks.Count - 1L) * BlockLength))];
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            if (_length == (long)_blocks.Count * BlockLength)
                _blocks.Add(new byte[BlockLength]);
            int used = (int)(_length % BlockLength);
            int length = Math.Min(buffer.Length, BlockLength - used);
            buffer[..length].CopyTo(_blocks[^1].AsSpan(used));
            _length += length;
            buffer = buffer[length..];
        }
    }

    public override int Read(Span<byte> buffer)
    {
        if (_position == _length)
            return 0;

        ReadOnlySpan<byte> rest = _blocks[(int)(_position / BlockLength)].AsSpan((int)(_position % BlockLength));
        int length = (int)Math.Min(Math.Min(buffer.Length, rest.Length), _length - _position);
        rest[..length].CopyTo(buffer);
        _position += length;
        return length;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
