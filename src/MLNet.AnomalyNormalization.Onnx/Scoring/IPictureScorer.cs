using MLNet.AnomalyNormalization.Onnx.Pictures;

namespace MLNet.AnomalyNormalization.Onnx.Scoring;

/// <summary>What an inspector has its pictures scored by. Safe to share between threads.</summary>
internal interface IPictureScorer : IDisposable
{
    /// <summary>Whose habits picture files are read by.</summary>
    ImageLibrary Library { get; }

    /// <summary>The size of the map; null if there is none.</summary>
    (int Height, int Width)? MapSize { get; }

    /// <summary>Which area of a picture the map covers; null for all of it, or where nobody says.</summary>
    PictureArea? InspectedArea { get; }

    /// <summary>The raw score of a picture, and its raw map.</summary>
    /// <param name="picture">The picture, of any size.</param>
    /// <param name="path">The file that it was read from; null where it came from a stream or from memory.</param>
    /// <param name="map">Receives the map, row by row; empty to leave it out.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="InvalidDataException">The model fails on this picture.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="ObjectDisposedException">The model has been released.</exception>
    float Score(RgbPicture picture, string? path, Span<float> map, CancellationToken cancellationToken);
}
