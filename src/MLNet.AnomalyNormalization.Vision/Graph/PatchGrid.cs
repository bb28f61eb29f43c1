namespace MLNet.AnomalyNormalization.Vision.Graph;

/// <summary>The patches of one picture: rows times columns, each described by the channels of all layers together.</summary>
internal readonly record struct PatchGrid(int Channels, int Height, int Width)
{
    public int Count => Height * Width;
}
