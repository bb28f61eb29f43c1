using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.Imaging.Tests;

[TestClass]
public sealed class ImageFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void Pictures_are_listed_in_order_with_class_name_and_whether_they_are_anomalous()
    {
        Touch("train/good/2.png", "train/good/1.png", "test/scratch/b.png", "test/scratch/A.PNG", "test/good/c.jpeg");
        ImageFolder opened = ImageFolder.Open(_folder[""]);
        Assert.AreEqual("good/1.png good/2.png", Names(opened.Train));
        Assert.AreEqual("good/c.jpeg scratch/A.PNG scratch/b.png", Names(opened.Test));
        CollectionAssert.AreEqual(new[] { false, true, true }, opened.Test.Select(image => image.IsAnomalous).ToArray());
        Assert.IsTrue(opened.Test.All(image => image.MaskPath is null), "there is no ground truth");
        Assert.AreEqual(_folder["train/good/1.png"], opened.Train[0].Path);
        Assert.IsEmpty(opened.LeftOut);
    }

    [TestMethod]
    [DataRow("test/good/.ipynb_checkpoints/c.png", "hidden", DisplayName = "what a notebook leaves")]
    [DataRow("test/.ipynb_checkpoints/c.png", "hidden", DisplayName = "what a notebook leaves among the classes")]
    [DataRow("test/good/._c.png", "hidden", DisplayName = "what macOS leaves")]
    [DataRow("test/good/Thumbs.db", "can't be read", DisplayName = "what Windows leaves")]
    [DataRow("test/good/c.tif", "can't be read", DisplayName = "a format that can't be read")]
    [DataRow("test/good/readme.txt", "can't be read", DisplayName = "no picture")]
    [DataRow("test/loose.png", "lies in no class", DisplayName = "a picture outside of the classes")]
    public void What_is_not_used_is_named(string file, string why)
    {
        Touch("train/good/1.png", "test/good/1.png", file);
        ImageFolder opened = ImageFolder.Open(_folder[""]);
        Assert.AreEqual("good/1.png", Names(opened.Test));
        StringAssert.Contains(opened.LeftOut.Single(), why);
        StringAssert.Contains(opened.LeftOut.Single(), Path.GetFullPath(_folder[""]));
    }

    [TestMethod]
    [DataRow("test/Good/1.webp", "Good/1.webp", false, DisplayName = "good with a capital")]
    [DataRow("test/cut/camera 1/1.gif", "cut/camera 1/1.gif", true, DisplayName = "a folder below a class")]
    [DataRow("test/cut/1.BMP", "cut/1.BMP", true, DisplayName = "an ending in capitals")]
    public void What_people_have_is_used(string file, string name, bool isAnomalous)
    {
        Touch("train/good/1.png", file);
        FolderImage image = ImageFolder.Open(_folder[""]).Test.Single();
        Assert.AreEqual((name, isAnomalous), (image.Name, image.IsAnomalous));
    }

    [TestMethod]
    public void A_folder_of_loose_pictures_holds_good_ones()
    {
        Touch("1.png", "lot 7/2.png", "notes.txt");
        ImageFolder opened = ImageFolder.Open(_folder[""]);
        Assert.AreEqual("1.png lot 7/2.png", Names(opened.Train));
        Assert.IsTrue(opened.Train.All(image => !image.IsAnomalous));
        Assert.IsEmpty(opened.Test);
    }

    [TestMethod]
    [DataRow("ground_truth/cut/deep/a_mask.png", DisplayName = "as MVTec names it")]
    [DataRow("ground_truth/cut/deep/a.png", DisplayName = "named as the picture")]
    public void The_mask_of_a_defect_is_found_and_a_good_picture_has_none(string mask)
    {
        Touch("test/cut/deep/a.jpg", "test/good/b.png", mask);
        CollectionAssert.AreEqual(new[] { _folder[mask], null }, ImageFolder.Open(_folder[""]).Test.Select(image => image.MaskPath).ToArray());
    }

    [TestMethod]
    [DataRow("ground_truth/other/a.png", DisplayName = "in another class")]
    [DataRow("ground_truth/cut/a.jpg", DisplayName = "of another kind")]
    public void A_mask_that_is_missing_is_refused_with_the_name_of_the_picture(string mask)
    {
        Touch("test/cut/a.png", mask);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => ImageFolder.Open(_folder[""])).Message, "a.png' has no mask");
    }

    [TestMethod]
    public void A_mask_is_read_at_the_size_of_the_map_and_refused_where_it_is_cut_off()
    {
        string mask = _folder["1_mask.png"];
        using (MLImage picture = HeatMap.Mask([0, 200], 1, 2, 4, 8))
            File.WriteAllBytes(mask, HeatMap.EncodePng(picture));
        CollectionAssert.AreEqual(new byte[] { 0, 1, 0, 1 }, new FolderImage("1.png", "cut", mask).ReadMask(2, 2));
        CollectionAssert.AreEqual(new byte[6], new FolderImage("2.png", "good").ReadMask(2, 3));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new FolderImage("2.png", "good").ReadMask(0, 3));
        File.WriteAllBytes(mask, File.ReadAllBytes(mask)[..^20]);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => new FolderImage("1.png", "cut", mask).ReadMask(2, 2)).Message, mask);
    }

    [TestMethod]
    public void What_is_no_folder_of_pictures_is_refused()
    {
        StringAssert.Contains(Assert.ThrowsExactly<DirectoryNotFoundException>(() => ImageFolder.Open(_folder["none"])).Message, "none");
        Touch("train/good/a.tif");
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => ImageFolder.Open(_folder[""])).Message, "a.tif");
        Touch("train/cut/a.png");
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => ImageFolder.Open(_folder[""])).Message, "of class 'cut'");
    }

    private static string Names(IEnumerable<FolderImage> images) => string.Join(' ', images.Select(image => image.Name));

    private void Touch(params string[] files)
    {
        foreach (string file in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_folder[file])!);
            File.WriteAllBytes(_folder[file], []);
        }
    }
}
