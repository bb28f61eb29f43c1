namespace MLNet.AnomalyNormalization.Onnx.Pictures;

/// <summary>A rectangle of pixels.</summary>
internal readonly record struct PixelArea(int Top, int Left, int Height, int Width)
{
    /// <summary>The same in fractions of a picture of the given size.</summary>
    public PictureArea Of(int height, int width)
        => new((double)Top / height, (double)Left / width, (double)Height / height, (double)Width / width);
}
