namespace VisualInspection.Tests;

[TestClass]
public sealed class GroundTruthTests
{
    private static readonly ImageSize Size = new(Height: 8, Width: 3);

    [TestMethod]
    public void A_mask_is_read_at_the_size_of_the_maps_and_its_file_let_go()
    {
        using var folder = new TemporaryFolder();
        SmallImages.WriteMask(folder["mask.png"]);
        byte[] mask = GroundTruth.Read(new InspectionImage("a.png", "hole", folder["mask.png"]), Size);
        CollectionAssert.AreEqual(Enumerable.Range(0, 8 * 3).Select(i => i < 2 * 3 ? (byte)1 : (byte)0).ToArray(), mask);
        File.Open(folder["mask.png"], FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
    }

    [TestMethod]
    public void An_image_without_a_mask_has_no_defect_anywhere()
        => CollectionAssert.AreEqual(new byte[Size.Area], GroundTruth.Read(new InspectionImage("a.png", InspectionImage.Good), Size));
}
