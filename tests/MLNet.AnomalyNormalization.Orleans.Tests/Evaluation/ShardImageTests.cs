using MLNet.AnomalyNormalization.Tests;

namespace MLNet.AnomalyNormalization.Orleans.Tests.Evaluation;

[TestClass]
public sealed class ShardImageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow("test/cut/a.jpg", "ground_truth/cut/a_mask.png", DisplayName = "as MVTec names it")]
    [DataRow("test/cut/a.webp", "ground_truth/cut/a.png", DisplayName = "named as the picture")]
    [DataRow("test/cut/camera 1/a.png", "ground_truth/cut/camera 1/a.png", DisplayName = "in a folder below the class")]
    public void An_image_of_a_defect_has_the_mask_of_the_ground_truth(string image, string mask)
    {
        Touch(image, mask);
        foreach (string folder in new[] { _folder["test/cut"], _folder["test/cut/"], Path.GetRelativePath(".", _folder["test/cut"]) })
        {
            ShardImage found = ShardImage.InFolder(folder).Single();
            Assert.AreEqual(Path.GetFullPath(_folder[image]), Path.GetFullPath(found.Path));
            Assert.AreEqual((true, Path.GetFullPath(_folder[mask])), (found.IsAnomalous, found.MaskPath));
        }
    }

    [TestMethod]
    [DataRow("good", false, DisplayName = "good")]
    [DataRow("Good", false, DisplayName = "good with a capital")]
    [DataRow("cut", true, DisplayName = "a kind of defect, whose mask is missing")]
    public void Images_of_any_class_but_good_are_anomalous(string name, bool isAnomalous)
    {
        Touch($"test/{name}/b.png", $"test/{name}/a.png", "ground_truth/other/a.png");
        CollectionAssert.AreEqual(
            new ShardImage[] { new(_folder[$"test/{name}/a.png"], isAnomalous), new(_folder[$"test/{name}/b.png"], isAnomalous) },
            ShardImage.InFolder(_folder[$"test/{name}"]).ToArray());
    }

    [TestMethod]
    [DataRow("test/good/.ipynb_checkpoints/a.png", DisplayName = "what a notebook leaves")]
    [DataRow("test/good/._a.png", DisplayName = "what macOS leaves")]
    [DataRow("test/good/a.tif", DisplayName = "a format that can't be read")]
    public void What_is_no_image_is_left_out(string file)
    {
        Touch(file);
        Assert.IsEmpty(ShardImage.InFolder(_folder["test/good"]));
        Assert.ThrowsExactly<DirectoryNotFoundException>(() => ShardImage.InFolder(_folder["test/none"]));
    }

    private void Touch(params string[] files)
    {
        foreach (string file in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_folder[file])!);
            File.WriteAllBytes(_folder[file], []);
        }
    }
}
