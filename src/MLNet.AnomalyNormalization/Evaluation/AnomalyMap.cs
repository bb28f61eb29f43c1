namespace MLNet.AnomalyNormalization.Evaluation;

/// <summary>One image's anomaly map. Two maps are equal if they share one array.</summary>
/// <param name="Values">The score of each pixel, row-major (height x width); raw or normalised, as the batch says.</param>
/// <param name="Height">The number of rows.</param>
/// <param name="Width">The number of columns.</param>
/// <exception cref="ArgumentNullException"><paramref name="Values"/> is null.</exception>
/// <exception cref="ArgumentException">Height x width is not the number of values, or one of them is negative.</exception>
public sealed record AnomalyMap(float[] Values, int Height, int Width)
{
    /// <summary>The score of each pixel, row-major (height x width); raw or normalised, as the batch says.</summary>
    public float[] Values { get; } = Require(Values, Height, Width);

    /// <summary>The number of rows.</summary>
    public int Height { get; } = Height;

    /// <summary>The number of columns.</summary>
    public int Width { get; } = Width;

    private static float[] Require(float[] values, int height, int width)
    {
        ArgumentNullException.ThrowIfNull(values);
        return height >= 0 && width >= 0 && (long)height * width == values.Length
            ? values
            : throw new ArgumentException(
                $"The map has {values.Length} values, but height x width is {height} x {width}. Pass the map's own height and width.",
                nameof(values));
    }
}
