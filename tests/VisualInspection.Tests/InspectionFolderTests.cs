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
        Assert.AreEqual(new ImageSize(SmallImages.Height, SmallImages.Width), opened.ImageSize);
    }
}
