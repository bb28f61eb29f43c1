using MLNet.AnomalyNormalization.Onnx.Graphs;
using static MLNet.AnomalyNormalization.Onnx.Graphs.GraphEditor;

namespace MLNet.AnomalyNormalization.Vision.Graph;

/// <summary>
/// Makes a map of the distances of patches: enlarged to the size of the prepared picture, blurred, and with a rim of zeros around an
/// inspected area, so that the map always lies over the whole photo.
/// </summary>
internal sealed class PatchMap
{
    /// <summary>The smallest height and width that can be blurred.</summary>
    public const int SmallestSide = 2 * BlurRadius;

    // anomalib's: kernel_size = 2 * int(4.0 * sigma + 0.5) + 1 for a sigma of 4.
    private const double BlurDeviation = 4;
    private const int BlurRadius = 16;

    private readonly PatchGrid _grid;
    private readonly (int Height, int Width) _area;
    private readonly (int Top, int Left) _offset;

    /// <param name="grid">The patches.</param>
    /// <param name="height">The height of the prepared picture.</param>
    /// <param name="width">The width of the prepared picture.</param>
    /// <param name="area">What part of the photo that is.</param>
    public PatchMap(PatchGrid grid, int height, int width, PictureArea area)
    {
        (_grid, _area) = (grid, (height, width));
        (Height, Width) = ((int)Math.Round(height / area.Height), (int)Math.Round(width / area.Width));
        _offset = (
            Math.Min(Height - height, (int)Math.Round(area.Top * Height)),
            Math.Min(Width - width, (int)Math.Round(area.Left * Width)));
    }

    /// <summary>The height of the map.</summary>
    public int Height { get; }

    /// <summary>The width of the map.</summary>
    public int Width { get; }

    /// <summary>Adds the map at the end of a graph; gives its name.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="distances">The distance of each patch.</param>
    /// <param name="weights">0 for each patch that is ignored, 1 for the others; null if none is.</param>
    public string AddTo(GraphEditor graph, string distances, string? weights)
    {
        double[] taps = [.. Enumerable.Range(-BlurRadius, (2 * BlurRadius) + 1)
            .Select(t => Math.Exp(-t * t / (2 * BlurDeviation * BlurDeviation)))];
        float[] kernel = Array.ConvertAll(taps, tap => (float)(tap / taps.Sum()));
        string map = Padded(Enlarged(distances), "reflect", BlurRadius, BlurRadius, BlurRadius, BlurRadius);
        map = graph.Node("Conv", [map, graph.Constant<float>(kernel, 1, 1, kernel.Length, 1)]);
        map = graph.Node("Conv", [map, graph.Constant<float>(kernel, 1, 1, 1, kernel.Length)]);

        // The blur carries distances over the border of what is ignored.
        if (weights is not null)
            map = graph.Node("Mul", [map, Enlarged(weights)]);
        return (Height, Width) == _area ? map
            : Padded(map, "constant", _offset.Top, _offset.Left, Height - _area.Height - _offset.Top, Width - _area.Width - _offset.Left);

        string Enlarged(string patches)
        {
            string plane = graph.Node("Reshape", [patches, graph.Constant<long>([1, 1, _grid.Height, _grid.Width], 4)]);
            return graph.Node("Resize", [plane, "", "", graph.Constant<long>([1, 1, _area.Height, _area.Width], 4)],
                Attribute("mode", "nearest"),
                Attribute("coordinate_transformation_mode", "asymmetric"),
                Attribute("nearest_mode", "floor"));
        }

        string Padded(string plane, string mode, params long[] sides)
            => graph.Node("Pad",
                [plane, graph.Constant<long>([0, 0, sides[0], sides[1], 0, 0, sides[2], sides[3]], 8)], Attribute("mode", mode));
    }
}
