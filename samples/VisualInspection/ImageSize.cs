namespace VisualInspection;

/// <summary>The size of an image, in pixels.</summary>
internal readonly record struct ImageSize(int Height, int Width)
{
    public int Area => Height * Width;

    /// <summary>The largest size of the same shape that has at most so many pixels; the size itself if it has no more.</summary>
    public ImageSize Within(int area)
    {
        double scale = Math.Min(1, Math.Sqrt((double)area / Area));
        return new ImageSize(Math.Max(1, (int)(Height * scale)), Math.Max(1, (int)(Width * scale)));
    }
}
