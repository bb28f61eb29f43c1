using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.Vision;

/// <summary>How PatchCore is trained. The defaults suit most parts; what is worth trying first is said at each property.</summary>
public sealed class PatchCoreOptions
{
    /// <summary>The photos: a column of images (MLImage, as LoadImages gives them), or text with the path of a file in each row.</summary>
    public string ImageColumnName { get; init; } = "Image";

    /// <summary>
    /// Whether a row is anomalous: Boolean, or Single, Double or Int32 with 0 and 1. Training is refused where a row is; a column that
    /// isn't there, or null, says that all rows are good.
    /// </summary>
    public string? LabelColumnName { get; init; } = "Label";

    /// <summary>
    /// Photos that agree in this column, for instance of one part or one lot, are never judged by a model that knows one of them: text, a
    /// key, Boolean or a whole number. Null where each photo shows another part.
    /// </summary>
    public string? GroupColumnName { get; init; }

    /// <summary>The column for the raw score of a photo: a Single vector of one element, a distance, at least 0.</summary>
    public string ScoreColumnName { get; init; } = "Score";

    /// <summary>The column for the raw map, Single, 1 x 1 x height x width, distances, at least 0; null leaves it out.</summary>
    public string? MapColumnName { get; init; } = "AnomalyMap";

    /// <summary>
    /// The height that photos are brought to, smoothly: a multiple of 16, at least 32. Null: what <see cref="ShorterSide"/> and the
    /// proportions of the first photo make of it; the other photos must have the same proportions then.
    /// </summary>
    public int? Height { get; init; }

    /// <summary>The width that photos are brought to; given together with the height.</summary>
    public int? Width { get; init; }

    /// <summary>
    /// The shorter side of photos, a multiple of 16, at least 32, where no height and width are given. What is best depends on the defects:
    /// small ones need more, faint and wide ones less.
    /// </summary>
    public int ShorterSide { get; init; } = 224;

    /// <summary>The share of the patches of all photos that the model keeps to compare with, greater than 0, at most 1.</summary>
    public double BankShare { get; init; } = 0.01;

    /// <summary>The number of patches that are kept at least, if there are so many.</summary>
    public int SmallestBank { get; init; } = 1000;

    /// <summary>The number of patches that are kept at most: what a photo costs, in time and memory, grows with it.</summary>
    public int LargestBank { get; init; } = 10_000;

    /// <summary>
    /// The number of parts that the photos are divided into, at least 2: each part is scored by a model of the others, and these scores
    /// make the thresholds. Null: 5 or, with fewer than 20 photos, one for each photo, so that the models know nearly as much as the final one.
    /// Never more than there are photos or groups.
    /// </summary>
    public int? Folds { get; init; }

    /// <summary>
    /// How the thresholds are learned from held-out scores, and from the highest pixel of each held-out map. Null:
    /// <c>MeanPlusDeviations(3)</c> or, with fewer than 20 photos, whose deviation says little, <c>FalseAlarms(0)</c>.
    /// </summary>
    public ThresholdStrategy? ThresholdStrategy { get; init; }

    /// <summary>
    /// Whether a photo's score, the largest distance of its patches, is weighted by how lonely the patch's nearest neighbour is (equation 7
    /// of the paper, with 9 neighbours).
    /// </summary>
    public bool ReweightScore { get; init; }

    /// <summary>The part of each photo that is inspected, all of it by default; the map is 0 elsewhere.</summary>
    public PictureArea Area { get; init; }

    /// <summary>
    /// Where a photo doesn't matter, for instance a fixture or a label that changes: a picture, of any size, laid over the photo. A patch
    /// is ignored where the mask is bright at its middle, or opaque if it has any transparency; score and map are 0 there. Null: all matters.
    /// </summary>
    public MLImage? IgnoreMask { get; init; }

    /// <summary>The same seed gives the same file, on one machine.</summary>
    public int Seed { get; init; }

    /// <summary>The CUDA device to train and score on; null for the CPU. Needs the GPU package of OnnxRuntime.</summary>
    public int? GpuDeviceId { get; init; }

    /// <summary>Another network than ResNet18, which comes with the library.</summary>
    public PatchCoreBackbone? Backbone { get; init; }

    /// <summary>Told of every photo and patch that is done.</summary>
    public IProgress<PatchCoreProgress>? Progress { get; init; }

    /// <summary>Told in words of what deserves a look: near-duplicates, a bank that is smaller than asked for, left-out patches.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>Ends the training with an <see cref="OperationCanceledException"/>.</summary>
    public CancellationToken CancellationToken { get; init; }
}
