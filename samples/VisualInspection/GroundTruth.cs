using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Imaging;

namespace VisualInspection;

/// <summary>Where the defect of an image really is, which the evaluation compares with the map.</summary>
internal static class GroundTruth
{
    /// <summary>Reads the mask of an image at the size of the maps: 1 where the defect is, 0 elsewhere, row by row.</summary>
    /// <param name="image">The image; a good one has no mask, and no defect anywhere.</param>
    /// <param name="size">The size of the maps.</param>
    public static byte[] Read(InspectionImage image, ImageSize size)
    {
        if (image.Mask is null)
            return new byte[size.Area];

        using MLImage mask = MLImage.CreateFromFile(image.Mask);
        return HeatMap.ReadMask(mask, size.Height, size.Width);
    }
}
