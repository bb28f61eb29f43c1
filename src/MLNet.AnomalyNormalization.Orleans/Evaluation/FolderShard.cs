using Microsoft.ML;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Files;

namespace MLNet.AnomalyNormalization.Orleans.Evaluation;

/// <summary>The images of a folder, listed where they are evaluated.</summary>
[GenerateSerializer, Immutable, Alias("MLNet.AnomalyNormalization.FolderShard")]
internal sealed class FolderShard : EvaluationShard
{
    public FolderShard(string path, string inputColumnName)
        : base(path, inputColumnName)
    {
    }

    internal override ShardRows Read(MLContext mlContext, FleetModel? model, AnomalyEvaluationOptions options)
    {
        IReadOnlyList<ShardImage> images = ShardImage.InFolder(Name);
        return images.Count > 0
            ? ImageShard.Rows(mlContext, model, InputColumnName, images, options)
            : throw new InvalidDataException($"'{Name}' has no images ({PictureFolder.Formats}).");
    }
}
