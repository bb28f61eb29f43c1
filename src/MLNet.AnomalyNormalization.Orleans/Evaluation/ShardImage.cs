using MLNet.AnomalyNormalization.Files;

namespace MLNet.AnomalyNormalization.Orleans;

/// <summary>An image of a shard.</summary>
/// <param name="Path">The image file.</param>
/// <param name="IsAnomalous">The label; null if it is unknown.</param>
/// <param name="MaskPath">The picture of where the defects are; null for a good image, and where no pixels are evaluated.</param>
[GenerateSerializer, Immutable, Alias("MLNet.AnomalyNormalization.ShardImage")]
public sealed record ShardImage(string Path, bool? IsAnomalous, string? MaskPath = null)
{
    /// <summary>
    /// Lists a folder of one class in the layout of the MVTec data sets, with what lies in folders below it: images in <c>test/good</c> are
    /// normal, those of any other folder anomalous, with their masks in <c>ground_truth/&lt;class&gt;</c> beside <c>test</c>, named
    /// <c>NAME_mask.png</c> or <c>NAME.png</c>.
    /// </summary>
    /// <param name="path">The folder of the class.</param>
    /// <returns>The images (PNG, JPEG, WebP, BMP, GIF) in the ordinal order of their names; without a mask where there is none.</returns>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    public static IReadOnlyList<ShardImage> InFolder(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        if (!Directory.Exists(path))
            throw new DirectoryNotFoundException($"There is no folder '{path}'.");

        string folder = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        bool isAnomalous = !PictureFolder.IsGood(System.IO.Path.GetFileName(folder));
        string? test = System.IO.Path.GetDirectoryName(folder);
        return
        [
            .. PictureFolder.PicturesBelow(path).Select(file => new ShardImage(
                file, isAnomalous, isAnomalous && test is not null ? Array.Find(PictureFolder.MasksOf(file, test), File.Exists) : null)),
        ];
    }
}
