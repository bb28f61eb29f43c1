namespace VisualInspection.Tests;

[TestClass]
public sealed class InspectionFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void Images_are_listed_in_order_with_their_class_and_other_files_are_passed_over()
    {
        for (int i = 4; i > 0; i--)
            SmallImages.Write(_folder[$"train/good/{i}.png"]);
        SmallImages.Write(_folder["test/scratch/b.png"]);
        SmallImages.Write(_folder["test/scratch/A.PNG"]);
        SmallImages.Write(_folder["test/good/c.png"]);
        File.WriteAllText(_folder["test/good/readme.txt"], "not an image");
        File.WriteAllText(_folder["test/notes.png"], "not in a class");

        InspectionFolder opened = InspectionFolder.Open(_folder[""]);
        string[] train = [.. opened.Train.Select(image => image.Name)];
        string[] test = [.. opened.Test.Select(image => image.Name)];
        CollectionAssert.AreEqual(new[] { "good/1.png", "good/2.png", "good/3.png", "good/4.png" }, train);
        CollectionAssert.AreEqual(new[] { "good/c.png", "scratch/A.PNG", "scratch/b.png" }, test);
        CollectionAssert.AreEqual(new[] { false, true, true }, opened.Test.Select(image => image.IsAnomalous).ToArray());
        Assert.IsTrue(opened.Test.All(image => image.Mask is null), "there is no ground truth");
    }

    [TestMethod]
    [DataRow("a_mask.png", DisplayName = "as MVTec names it")]
    [DataRow("a.png", DisplayName = "named as the image")]
    public void The_mask_of_a_defective_image_is_found_in_the_ground_truth_and_a_good_one_has_none(string name)
    {
        WriteScratch();
        string mask = _folder[$"ground_truth/scratch/{name}"];
        SmallImages.WriteMask(mask);
        CollectionAssert.AreEqual(new[] { null, mask }, InspectionFolder.Open(_folder[""]).Test.Select(image => image.Mask).ToArray());
    }

    [TestMethod]
    [DataRow(null, DisplayName = "none for one of the defects")]
    [DataRow("scratch/a.jpg", DisplayName = "a file of another kind")]
    [DataRow("good/a.png", DisplayName = "in the folder of another class")]
    public void A_mask_that_is_missing_is_refused_with_the_name_of_the_file(string? mask)
    {
        WriteScratch();
        Directory.CreateDirectory(_folder["ground_truth"]);
        if (mask is not null)
            SmallImages.WriteMask(_folder[$"ground_truth/{mask}"]);
        StringAssert.Contains(
            Assert.ThrowsExactly<InputException>(() => InspectionFolder.Open(_folder[""])).Message, "a.png' has no mask");
    }

    private void WriteScratch()
    {
        SmallImages.WriteFolder(_folder[""]);
        SmallImages.Write(_folder["test/scratch/a.png"]);
    }
}
