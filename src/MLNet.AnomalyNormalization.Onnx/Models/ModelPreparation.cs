using MLNet.AnomalyNormalization.Onnx.Format;
using MLNet.AnomalyNormalization.Onnx.Graphs;
using MLNet.AnomalyNormalization.Onnx.Pictures;

namespace MLNet.AnomalyNormalization.Onnx.Models;

/// <summary>How pictures are prepared for a model, and where that is known from.</summary>
internal sealed class ModelPreparation
{
    private readonly List<string> _notes = [];
    private string _source = "assumed";

    private ModelPreparation(GraphPicture picture) => Picture = picture;

    public ImagePreprocessing Preprocessing { get; private set; } = new();

    public GraphPicture Picture { get; }

    public bool IsInside { get; private set; }

    public string? Problem { get; private set; }

    public IReadOnlyList<string> Notes => _notes;

    public static ModelPreparation Of(AnomalyOnnxModel model, ModelProto file, GraphReader reader, ModelSidecar sidecar)
    {
        bool isLast = ImageInput.IsLast(model.InputShape);
        (int? height, int? width) = model.InputShape is [_, var second, var third, var fourth]
            ? (Side(isLast ? second : third), Side(isLast ? third : fourth))
            : (null, null);
        GraphPicture picture = isLast ? new(height, width, Resizes: false, Crop: null) : GraphPicture.Of(reader, model.InputName, height, width);
        var preparation = new ModelPreparation(picture);
        if (ModelMetadata.PreparesItself(file) && model.InputType == typeof(byte) && isLast)
        {
            (preparation.IsInside, preparation._source) = (true, "the model's metadata");
        }
        else if (ModelMetadata.ReadPreparation(file, model.Path) is { } own)
        {
            (preparation.Preprocessing, preparation._source) = (own, "the model's metadata");
        }
        else if (sidecar.Preprocessing is { } beside)
        {
            (preparation.Preprocessing, preparation._source) = (beside, Path.GetFileName(sidecar.PreprocessingFile)!);
            preparation.Problem = sidecar.PreprocessingProblem;
            if (preparation.Problem is { } problem)
                preparation._notes.Add($"{char.ToUpperInvariant(problem[0])}{problem[1..]}; say in Preprocessing how pictures are prepared.");
        }
        else
        {
            preparation.Preprocessing = new() { PixelDivisor = model.InputType == typeof(byte) ? 1 : 255 };
            preparation._notes.Add("Nothing tells how pictures were prepared in training; "
                + "torchvision's antialiased resize is assumed, as anomalib 1 and 2 have it, and no further mean and deviation.");
        }

        return preparation;

        static int? Side(long? size) => size is >= 1 and <= ImageInput.LargestSide ? (int)size : null;
    }

    public override string ToString()
    {
        if (IsInside)
            return $"of any size, prepared by the model itself (from {_source})";

        // What the preparation leaves open the graph may tell.
        ImagePreprocessing shown = Preprocessing.CropHeight is null
            ? Preprocessing with { Height = Preprocessing.Height ?? Picture.Height, Width = Preprocessing.Width ?? Picture.Width }
            : Preprocessing;
        string inside = Picture.Crop is { } crop
            ? FormattableString.Invariant($"; the model looks at {crop.Height} x {crop.Width} of it, at {crop.Top}, {crop.Left}")
            : "";
        string size = Preprocessing.Height is null && Picture is { Resizes: true, Height: not null } ? ", size from the model's own Resize" : "";
        string sheet = shown is { Height: null, Width: null } ? $"of a size that nothing tells{shown.ToString()["its size".Length..]}" : shown.ToString();
        return $"{sheet} ({(_source == "assumed" ? _source : $"from {_source}")}{size}){inside}";
    }
}
