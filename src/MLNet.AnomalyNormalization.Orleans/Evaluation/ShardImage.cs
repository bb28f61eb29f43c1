namespace MLNet.AnomalyNormalization.Orleans;

/// <summary>An image of a shard.</summary>
/// <param name="Path">The image file.</param>
/// <param name="IsAnomalous">The label; null if it is unknown.</param>
/// <param name="MaskPath">The picture of where the defects are; null for a good image, and where no pixels are evaluated.</param>
[GenerateSerializer, Immutable, Alias("MLNet.AnomalyNormalization.ShardImage")]
public sealed record ShardImage(string Path, bool? IsAnomalous, string? MaskPath = null)
{
    private static readonly string[] Extensions = [".png", ".jpg", ".jpeg", ".bmp"];

    /// <summary>
    /// Lists a folder of one class in the layout of the MVTec data sets: images in <c>test/good</c> are normal, those of any other folder
    /// anomalous, with their masks in <c>ground_truth/&lt;class&gt;</c> beside <c>test</c>, named <c>NAME_mask.png</c> or <c>NAME.png</c>.
    /// </summary>
    /// <param name="path">The folder of the class.</param>
    /// <returns>The images (png, jpg, jpeg, bmp) in the ordinal order of their names; without a mask where there is none.</returns>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    public static IReadOnlyList<ShardImage> InFolder(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        var folder = new DirectoryInfo(path);
        if (!folder.Exists)
            throw new DirectoryNotFoundException($"There is no folder '{path}'.");

        bool isAnomalous = folder.Name != "good";
        string? masks = folder.Parent?.Parent is { } root ? System.IO.Path.Combine(root.FullName, "ground_truth", folder.Name) : null;
        return
        [
            .. Directory.GetFiles(path)
                .Where(file => Extensions.Contains(System.IO.Path.GetExtension(file), StringComparer.OrdinalIgnoreCase))
                .Order(StringComparer.Ordinal)
                .Select(file => new ShardImage(file, isAnomalous, isAnomalous ? MaskOf(file) : null)),
        ];

        string? MaskOf(string file)
        {
            string name = System.IO.Path.GetFileNameWithoutExtension(file);
            return masks is null ? null
                : new[] { $"{name}_mask.png", $"{name}.png" }.Select(mask => System.IO.Path.Combine(masks, mask)).FirstOrDefault(File.Exists);
        }
    }
}
