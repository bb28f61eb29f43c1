namespace MLNet.AnomalyNormalization.Vision.Training;

/// <summary>A growing table of rows of one length, in blocks, so that growing copies nothing.</summary>
internal sealed class RowStore(int width)
{
    private const int BlockBits = 10;
    private const int BlockRows = 1 << BlockBits;

    private readonly List<float[]> _blocks = [];

    public int Width => width;

    public int Count { get; private set; }

    public Span<float> this[int row] => _blocks[row >> BlockBits].AsSpan((row & (BlockRows - 1)) * width, width);

    public void Add(ReadOnlySpan<float> row)
    {
        if (Count == _blocks.Count * BlockRows)
            _blocks.Add(new float[BlockRows * width]);
        row.CopyTo(this[Count++]);
    }
}
