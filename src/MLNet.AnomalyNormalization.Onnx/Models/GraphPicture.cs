using MLNet.AnomalyNormalization.Onnx.Format;
using MLNet.AnomalyNormalization.Onnx.Graphs;
using MLNet.AnomalyNormalization.Onnx.Pictures;

namespace MLNet.AnomalyNormalization.Onnx.Models;

/// <summary>
/// What a graph itself does to the picture before its network sees it: anomalib 1 and 2 resize, crop and normalise inside the graph.
/// </summary>
/// <param name="Height">The height that it resizes to, or takes; null if any.</param>
/// <param name="Width">The width that it resizes to, or takes; null if any.</param>
/// <param name="Resizes">Whether there is a Resize on the way.</param>
/// <param name="Crop">The part of that size that it looks at; null for all of it.</param>
internal sealed record GraphPicture(int? Height, int? Width, bool Resizes, PixelArea? Crop)
{
    // Resize, two Slices, Sub and Div, with a few Identity between them.
    private const int MostSteps = 16;

    // Rows and columns of images x channels x height x width.
    private const int HeightAxis = 2;

    /// <summary>Follows the picture from the input to the first node that does something else with it.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="input">The name of its input: images x channels x height x width.</param>
    /// <param name="height">The height of the input, if it is fixed.</param>
    /// <param name="width">The width of the input, if it is fixed.</param>
    public static GraphPicture Of(GraphReader graph, string input, int? height, int? width)
    {
        var picture = new GraphPicture(height, width, Resizes: false, Crop: null);
        string value = input;
        for (int steps = 0; steps < MostSteps; steps++)
        {
            // Shape only looks at the size. Where the picture goes two ways the network has begun.
            if (graph.UsersOf(value).Where(user => user.OpType != "Shape").ToArray() is not [var node] || node.Input[0] != value)
                break;

            if (node.OpType == "Resize")
            {
                if (picture.Resizes || picture.Crop is not null || node.Input.Count < 4
                    || graph.TrailingIntegers(node.Input[3]) is not [.., > 0 and <= ImageInput.LargestSide and var rows,
                        > 0 and <= ImageInput.LargestSide and var columns])
                    break;
                picture = picture with { Height = (int)rows, Width = (int)columns, Resizes = true };
            }
            else if (node.OpType == "Slice")
            {
                if (picture.Sliced(graph, node) is not { } sliced)
                    break;
                picture = sliced;
            }
            else if (node.OpType is not ("Identity" or "Cast" or "Sub" or "Div" or "Mul" or "Add"))
            {
                break;
            }

            if (node.Output is not [var next, ..])
                break;
            value = next;
        }

        return picture;
    }

    /// <summary>The area of a photo that the network sees: what the preparation leaves of the photo, and the graph of that.</summary>
    public PictureArea AreaWithin(ImagePreprocessing preprocessing)
    {
        PictureArea prepared = preprocessing is { Height: { } rows, Width: { } columns, CropHeight: { } cropRows, CropWidth: { } cropColumns }
            ? new PixelArea(
                ImageInput.Offset(rows, cropRows, preprocessing.Library),
                ImageInput.Offset(columns, cropColumns, preprocessing.Library),
                cropRows,
                cropColumns).Of(rows, columns)
            : PictureArea.Whole;
        return Crop is { } crop && Height is { } height && Width is { } width ? crop.Of(height, width).Within(prepared) : prepared;
    }

    private GraphPicture? Sliced(GraphReader graph, NodeProto node)
    {
        if (node.Input.Count < 4 || Height is not { } height || Width is not { } width
            || graph.Integers(node.Input[1]) is not { } starts || graph.Integers(node.Input[2]) is not { } ends
            || graph.Integers(node.Input[3]) is not { } axes || starts.Length != axes.Length || ends.Length != axes.Length
            || (node.Input.Count > 4 && !(graph.Integers(node.Input[4]) is { } steps && Array.TrueForAll(steps, step => step == 1))))
            return null;

        PixelArea area = Crop ?? new(0, 0, height, width);
        for (int i = 0; i < axes.Length; i++)
        {
            long axis = axes[i] < 0 ? axes[i] + 4 : axes[i];
            int size = axis == HeightAxis ? area.Height : area.Width;
            int start = Clamped(starts[i], size);
            int end = Clamped(ends[i], size);
            if (axis is not (HeightAxis or HeightAxis + 1) || end <= start)
                return null;

            area = axis == HeightAxis
                ? area with { Top = area.Top + start, Height = end - start }
                : area with { Left = area.Left + start, Width = end - start };
        }

        return this with { Crop = area == new PixelArea(0, 0, height, width) ? null : area };

        static int Clamped(long index, int size) => (int)Math.Clamp(index < 0 ? index + size : index, 0, size);
    }
}
