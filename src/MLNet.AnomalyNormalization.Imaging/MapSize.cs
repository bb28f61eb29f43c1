using System.Runtime.CompilerServices;

namespace MLNet.AnomalyNormalization.Imaging;

/// <summary>The size of a map or picture in pixels.</summary>
internal readonly record struct MapSize(int Height, int Width)
{
    public int Pixels => checked(Height * Width);

    public static MapSize Require(
        ReadOnlySpan<float> map, int height, int width, [CallerArgumentExpression(nameof(map))] string mapName = "")
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        return map.Length == (long)height * width
            ? new(height, width)
            : throw new ArgumentException(
                $"The map has {map.Length} values, but height x width is {height} x {width} = {(long)height * width}. "
                + "Pass the map's own height and width.", mapName);
    }

    public MapSize RequirePositive()
        => Height > 0 && Width > 0
            ? this
            : throw new ArgumentOutOfRangeException(null, $"{Height} x {Width}", "An image must have at least one row and one column.");
}
