using Microsoft.ML;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Orleans.Evaluation;

namespace MLNet.AnomalyNormalization.Orleans;

/// <summary>A part of a test set that one silo evaluates as a whole. Its files must be visible to every silo, under the same path.</summary>
[GenerateSerializer, Immutable, Alias("MLNet.AnomalyNormalization.EvaluationShard")]
public abstract class EvaluationShard
{
    private protected EvaluationShard(string name, string inputColumnName)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentException.ThrowIfNullOrWhiteSpace(inputColumnName);
        (Name, InputColumnName) = (name, inputColumnName);
    }

    /// <summary>What the shard is called where it is reported; unique within an evaluation.</summary>
    [Id(0)]
    public string Name { get; }

    /// <summary>The column that the model reads: paths of images, or recorded scores.</summary>
    [Id(1)]
    public string InputColumnName { get; }

    /// <summary>A list of images.</summary>
    /// <param name="name">What the shard is called.</param>
    /// <param name="images">The images, in the order in which they are evaluated.</param>
    /// <param name="inputColumnName">The text column from which the model takes the path of an image.</param>
    public static EvaluationShard Images(string name, IEnumerable<ShardImage> images, string inputColumnName = "ImagePath")
    {
        ArgumentNullException.ThrowIfNull(images);
        return new ImageShard(name, inputColumnName, [.. images]);
    }

    /// <summary>A folder of images in the layout of the MVTec data sets; the silo lists it as <see cref="ShardImage.InFolder"/> does.</summary>
    /// <param name="path">The folder; also the name of the shard.</param>
    /// <param name="inputColumnName">The text column from which the model takes the path of an image.</param>
    public static EvaluationShard Folder(string path, string inputColumnName = "ImagePath") => new FolderShard(path, inputColumnName);

    /// <summary>
    /// A file of recorded scores: <c>.csv</c> (comma-separated, with a header) or <c>.parquet</c>. It has a column of scores, and one of
    /// labels if the evaluation reads labels: true or false, or 0, 1 and, for unknown, -1, NaN or nothing. Scores are read as the type
    /// that the model has for them; else those of a CSV file as Single, and those of a Parquet file as the type that they have there.
    /// </summary>
    /// <param name="path">The file; also the name of the shard.</param>
    /// <param name="inputColumnName">
    /// The column of scores in the file: raw ones, or normalised ones where there is no model. A model that reads a column of this name gets
    /// them there; of one that makes its scores of something else, images for instance, only the normaliser is used. So both can be
    /// evaluated under one model, without masks: recorded scores have no maps.
    /// </param>
    public static EvaluationShard Scores(string path, string inputColumnName = "Score") => new ScoreShard(path, inputColumnName);

    /// <summary>Makes the rows that are evaluated.</summary>
    /// <param name="mlContext">The context of the model.</param>
    /// <param name="model">What normalises the rows; null if they are normalised.</param>
    /// <param name="options">What the evaluation reads.</param>
    internal abstract ShardRows Read(MLContext mlContext, FleetModel? model, AnomalyEvaluationOptions options);
}
