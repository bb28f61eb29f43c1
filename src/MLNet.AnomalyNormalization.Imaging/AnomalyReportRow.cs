using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Imaging;

/// <summary>One image of a report, with what the model said about it.</summary>
/// <param name="ImagePath">
/// Where the image is, or its name if <see cref="Image"/> is given. The folder that it lies in is its class, as in
/// <c>test/scratch/003.png</c>.
/// </param>
/// <param name="Score">The model's raw score of the image; higher is more anomalous.</param>
/// <param name="Map">The model's raw anomaly map, of any size, of the whole image or of <see cref="InspectedArea"/>.</param>
public sealed record AnomalyReportRow(string ImagePath, float Score, AnomalyMap Map)
{
    /// <summary>Whether the image is known to be anomalous (true) or normal (false); null if nobody knows.</summary>
    public bool? IsAnomalous { get; init; }

    /// <summary>
    /// The image, if it is at hand; stays the caller's. Otherwise it is read from <see cref="ImagePath"/> when it is needed.
    /// </summary>
    public MLImage? Image { get; init; }

    /// <summary>The area of the image that the map covers, for a model that crops its pictures; the rest is shown as not inspected.</summary>
    public PictureArea InspectedArea { get; init; }

    /// <summary>The true defects, if they are known: row-major, of the map's height x width, a defect where it is not 0.</summary>
    public byte[]? Mask { get; init; }
}
