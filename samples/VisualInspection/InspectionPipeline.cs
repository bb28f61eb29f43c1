using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace VisualInspection;

/// <summary>What goes into the pipeline.</summary>
internal sealed class ImageFile
{
    public string Path { get; set; } = "";
}

/// <summary>What the model says of one image, before it is normalised.</summary>
internal sealed class RawInspection
{
    /// <summary>One element: the image score.</summary>
    [ColumnName(GaussianModel.ScoreName)]
    public float[] Score { get; set; } = [];

    /// <summary>The anomaly map, row by row.</summary>
    [ColumnName(GaussianModel.MapName)]
    public float[] Map { get; set; } = [];
}

/// <summary>The ML.NET side: from image files to features, raw scores, and normalised scores.</summary>
internal sealed class InspectionPipeline(MLContext mlContext, ImageSize size)
{
    public IEnumerable<float[]> Features(string onnxPath, IEnumerable<InspectionImage> images)
        => Apply(onnxPath, [GaussianModel.FeaturesName], images).GetColumn<float[]>(GaussianModel.FeaturesName);

    public IEnumerable<RawInspection> Score(string onnxPath, IEnumerable<InspectionImage> images)
        => mlContext.Data.CreateEnumerable<RawInspection>(
            Apply(onnxPath, [GaussianModel.ScoreName, GaussianModel.MapName], images), reuseRowObject: false);

    public IDataView Load(IEnumerable<InspectionImage> images)
        => mlContext.Data.LoadFromEnumerable(images.Select(image => new ImageFile { Path = image.Path }));

    private IDataView Apply(string onnxPath, string[] outputs, IEnumerable<InspectionImage> images)
    {
        IDataView data = Load(images);
        return ModelSteps(onnxPath, outputs).Fit(data).Transform(data);
    }

    private IEstimator<ITransformer> ModelSteps(string onnxPath, string[] outputs)
        => mlContext.Transforms.LoadImages("Photo", imageFolder: "", inputColumnName: nameof(ImageFile.Path))
            .Append(mlContext.Transforms.ResizeImages(
                "Photo", size.Width, size.Height, resizing: ImageResizingEstimator.ResizingKind.Fill))
            .Append(mlContext.Transforms.ExtractPixels(GaussianModel.InputName, "Photo"))
            .Append(mlContext.Transforms.ApplyOnnxModel(outputs, [GaussianModel.InputName], onnxPath));
}
