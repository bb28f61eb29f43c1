namespace MLNet.AnomalyNormalization.Onnx;

/// <summary>A decoded picture: three bytes per pixel, red, green and blue, row by row.</summary>
/// <param name="Pixels">At least height x width x 3 bytes; what lies behind is not looked at.</param>
/// <param name="Height">The height in pixels.</param>
/// <param name="Width">The width in pixels.</param>
internal readonly record struct RgbPicture(byte[] Pixels, int Height, int Width)
{
    public const int Channels = 3;

    public Memory<byte> Bytes => Pixels.AsMemory(0, Height * Width * Channels);
}
