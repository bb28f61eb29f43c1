namespace MLNet.AnomalyNormalization;

/// <summary>A connected region of pixels of an anomaly map that are anomalous. Places and sizes are in pixels of the map.</summary>
public readonly record struct AnomalyRegion
{
    /// <summary>The first row of its box.</summary>
    public required int Top { get; init; }

    /// <summary>The first column of its box.</summary>
    public required int Left { get; init; }

    /// <summary>The rows of its box.</summary>
    public required int Height { get; init; }

    /// <summary>The columns of its box.</summary>
    public required int Width { get; init; }

    /// <summary>The number of its pixels.</summary>
    public required int Area { get; init; }

    /// <summary>Its pixels as a share of those that were looked at: 0..1.</summary>
    public required double AreaShare { get; init; }

    /// <summary>Its area in square millimetres; null where no scale was given.</summary>
    public double? SquareMillimetres { get; init; }

    /// <summary>Its highest score, on the scale of the map; NaN if one of its scores is.</summary>
    public required float Peak { get; init; }

    /// <summary>The row of the highest score; the first, row by row, where several are equal.</summary>
    public required int PeakRow { get; init; }

    /// <summary>The column of the highest score.</summary>
    public required int PeakColumn { get; init; }

    /// <summary>The sum of its scores.</summary>
    public required double Sum { get; init; }

    /// <summary>The mean of its scores.</summary>
    public double Mean => Sum / Area;

    /// <summary>The row of its centre of mass; every pixel weighs the same.</summary>
    public required double CentreRow { get; init; }

    /// <summary>The column of its centre of mass.</summary>
    public required double CentreColumn { get; init; }

    /// <summary>Whether its box touches the border of the map.</summary>
    public required bool TouchesBorder { get; init; }
}
