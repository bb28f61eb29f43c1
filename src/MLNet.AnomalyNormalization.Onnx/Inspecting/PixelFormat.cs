namespace MLNet.AnomalyNormalization.Onnx;

/// <summary>How a pixel lies in memory.</summary>
public enum PixelFormat
{
    /// <summary>One byte of brightness.</summary>
    Gray8,

    /// <summary>Two bytes of brightness, the lower first, over the whole range 0..65,535; the upper byte counts.</summary>
    Gray16,

    /// <summary>Red, green and blue.</summary>
    Rgb24,

    /// <summary>Blue, green and red, as OpenCV and Windows bitmaps have them.</summary>
    Bgr24,

    /// <summary>Red, green, blue and an opacity that is left aside.</summary>
    Rgba32,

    /// <summary>Blue, green, red and an opacity that is left aside.</summary>
    Bgra32,
}
