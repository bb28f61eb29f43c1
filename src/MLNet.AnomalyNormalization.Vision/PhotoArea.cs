namespace MLNet.AnomalyNormalization.Vision;

/// <summary>A part of a photo, in shares of its width and height, so that it means the same in photos of every size.</summary>
/// <param name="Left">Where it begins, 0 to less than 1.</param>
/// <param name="Top">Where it begins, 0 to less than 1.</param>
/// <param name="Width">Its share of the width, greater than 0; <c>Left + Width</c> is at most 1.</param>
/// <param name="Height">Its share of the height, greater than 0; <c>Top + Height</c> is at most 1.</param>
public readonly record struct PhotoArea(double Left, double Top, double Width, double Height)
{
    internal static PhotoArea Whole { get; } = new(0, 0, 1, 1);

    internal bool IsWithinPhoto => Left >= 0 && Top >= 0 && Width > 0 && Height > 0 && Left + Width <= 1 && Top + Height <= 1;
}
