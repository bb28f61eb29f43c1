using System.Text.Json.Serialization;

namespace MLNet.AnomalyNormalization;

/// <summary>
/// A part of a picture, in fractions of its height and width: what a model that crops its input looks at, and hence what its anomaly map
/// covers. The default value is the whole picture.
/// </summary>
public readonly record struct PictureArea
{
    // Fractions are rounded, and so are their sums; no picture has so many pixels that it would matter.
    private const double Rounding = 1e-9;

    // Null for 1, so that the default value is the whole.
    private readonly double? _height;
    private readonly double? _width;

    /// <summary>Makes an area.</summary>
    /// <param name="top">Where it begins, 0 (the top of the picture) to 1.</param>
    /// <param name="left">Where it begins, 0 (the left side of the picture) to 1.</param>
    /// <param name="height">How high it is, greater than 0 and at most 1 - <paramref name="top"/>.</param>
    /// <param name="width">How wide it is, greater than 0 and at most 1 - <paramref name="left"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The area is empty or reaches out of the picture.</exception>
    [JsonConstructor]
    public PictureArea(double top, double left, double height, double width)
    {
        RequireInside(top, height, nameof(top), nameof(height));
        RequireInside(left, width, nameof(left), nameof(width));
        (Top, Left) = (top, left);
        (_height, _width) = (height == 1 ? null : height, width == 1 ? null : width);
    }

    /// <summary>The whole picture.</summary>
    public static PictureArea Whole => default;

    /// <summary>Where the area begins, as a fraction of the picture's height from its top.</summary>
    public double Top { get; }

    /// <summary>Where the area begins, as a fraction of the picture's width from its left side.</summary>
    public double Left { get; }

    /// <summary>The height of the area, as a fraction of the picture's height.</summary>
    public double Height => _height ?? 1;

    /// <summary>The width of the area, as a fraction of the picture's width.</summary>
    public double Width => _width ?? 1;

    /// <summary>Whether the area is the whole picture.</summary>
    [JsonIgnore]
    public bool IsWhole => this == Whole;

    /// <summary>Takes the area apart.</summary>
    /// <param name="top">See <see cref="Top"/>.</param>
    /// <param name="left">See <see cref="Left"/>.</param>
    /// <param name="height">See <see cref="Height"/>.</param>
    /// <param name="width">See <see cref="Width"/>.</param>
    public void Deconstruct(out double top, out double left, out double height, out double width)
        => (top, left, height, width) = (Top, Left, Height, Width);

    /// <summary>The area of the whole picture, where this one is an area of a part of it.</summary>
    internal PictureArea Within(PictureArea part)
        => new(part.Top + (Top * part.Height), part.Left + (Left * part.Width), Height * part.Height, Width * part.Width);

    /// <summary>The pixel of a picture that the centre of a pixel of a map lies in, along one axis; on a border the later one.</summary>
    /// <param name="pixel">The pixel of the map.</param>
    /// <param name="mapLength">The pixels of the map along the axis.</param>
    /// <param name="pictureLength">The pixels of the whole picture along the axis.</param>
    /// <param name="start"><see cref="Top"/> or <see cref="Left"/>.</param>
    /// <param name="extent"><see cref="Height"/> or <see cref="Width"/>.</param>
    internal static int Nearest(int pixel, int mapLength, int pictureLength, double start, double extent)
        => Math.Min((int)((pictureLength * (start + ((pixel + 0.5) / mapLength * extent))) + Rounding), pictureLength - 1);

    private static void RequireInside(double start, double extent, string startName, string extentName)
    {
        if (!(start is >= 0 and < 1))
            throw new ArgumentOutOfRangeException(startName, start, "An area begins inside the picture: a fraction of it, at least 0 and below 1.");
        if (!(extent > 0 && start + extent <= 1 + Rounding))
        {
            throw new ArgumentOutOfRangeException(extentName, extent,
                $"An area that begins at {start} is larger than 0 and ends inside the picture, at most {1 - start} further.");
        }
    }
}
