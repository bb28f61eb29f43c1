using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Orleans.Evaluation;

/// <summary>Images by their paths, with their labels and, if pixels are evaluated, their masks.</summary>
[GenerateSerializer, Immutable, Alias("MLNet.AnomalyNormalization.ImageShard")]
internal sealed class ImageShard : EvaluationShard
{
    public ImageShard(string name, string inputColumnName, IReadOnlyList<ShardImage> images)
        : base(name, inputColumnName) => List = images;

    [Id(0)]
    public IReadOnlyList<ShardImage> List { get; }

    internal override ShardRows Read(MLContext mlContext, FleetModel? model, AnomalyEvaluationOptions options)
        => Rows(mlContext, model, InputColumnName, List, options);

    internal static ShardRows Rows(
        MLContext mlContext, FleetModel? model, string pathColumnName, IReadOnlyList<ShardImage> images, AnomalyEvaluationOptions options)
    {
        if (images.FirstOrDefault(image => !File.Exists(image.Path)) is { } absent)
            throw new FileNotFoundException($"There is no image '{absent.Path}'.", absent.Path);

        // What isn't named is not read, and so may have any name.
        var columns = SchemaDefinition.Create(typeof(Row));
        columns[nameof(Row.Path)].ColumnName = pathColumnName;
        columns[nameof(Row.Label)].ColumnName = options.LabelColumnName ?? nameof(Row.Label);
        columns[nameof(Row.Mask)].ColumnName = options.MaskColumnName ?? nameof(Row.Mask);
        IDataView data = mlContext.Data.LoadFromEnumerable(
            images.Select(image => new Row
            {
                Path = image.Path,
                Label = image.IsAnomalous switch { true => 1, false => 0, null => float.NaN },
                Mask = image.MaskPath ?? "",
            }),
            columns);
        if (options.MaskColumnName is { } mask)
        {
            if (images.FirstOrDefault(image => image.IsAnomalous == true && image.MaskPath is null) is { } unknown)
            {
                throw new InvalidDataException(
                    $"'{unknown.Path}' is anomalous but has no mask. Name its mask, or let MaskColumnName be null to leave the pixels out.");
            }

            data = mlContext.Transforms.LoadImages(mask, imageFolder: "", inputColumnName: mask).Fit(data).Transform(data);
        }

        return new(model?.Transformer.Transform(data) ?? data, row => row < images.Count ? images[(int)row].Path : null);
    }

    private sealed class Row
    {
        public string Path { get; set; } = "";

        public float Label { get; set; }

        public string Mask { get; set; } = "";
    }
}
