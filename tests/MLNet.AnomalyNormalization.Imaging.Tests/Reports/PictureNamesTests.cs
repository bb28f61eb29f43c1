using CsCheck;
using MLNet.AnomalyNormalization.Imaging.Reports;

namespace MLNet.AnomalyNormalization.Imaging.Tests.Reports;

[TestClass]
public sealed class PictureNamesTests
{
    [TestMethod]
    [DataRow("data/good/img_000.jpeg", "good/img_000.png", DisplayName = "class and name")]
    [DataRow("img.png", "img.png", DisplayName = "no class")]
    [DataRow("a/../b.png", "_/b.png", DisplayName = "the class that leads upwards")]
    [DataRow("a/b/...png", "b/_.png", DisplayName = "a name of dots")]
    [DataRow("a/con/aux.txt.png", "con_/aux.txt_.png", DisplayName = "names of devices")]
    [DataRow("a/b<c>/d:e|f?.png", "b_c_/d_e_f_.png", DisplayName = "characters that Windows doesn't take")]
    [DataRow("a/b\\c/d\\..\\e.png", "b_c/d_.._e.png", DisplayName = "separators of another system")]
    [DataRow("a/x\ny/\0.png", "x_y/_.png", DisplayName = "control characters")]
    public void Names_are_made_safe(string path, string expected)
    {
        if (OperatingSystem.IsWindows() && path.Contains('\\', StringComparison.Ordinal))
            Assert.Inconclusive("A backslash separates folders here.");
        Assert.AreEqual(expected, new PictureNames().Take(path));
    }

    [TestMethod]
    public void A_name_that_is_taken_gets_a_number()
    {
        var names = new PictureNames();
        CollectionAssert.AreEqual(
            new[] { "good/a.png", "good/a_2.png", "good/A_3.png", "bad/a.png" },
            new[] { "x/good/a.png", "y/good/a.jpg", "x/good/A.bmp", "x/bad/a.png" }.Select(names.Take).ToArray());
    }

    [TestMethod]
    public void A_class_and_an_image_of_one_name_get_different_ones()
    {
        var names = new PictureNames();
        CollectionAssert.AreEqual(
            new[] { "x.png", "x.png_/a.png", "y.png/a.png", "y_2.png", "x.png_/b.png" },
            new[] { "x.jpg", "x.png/a.png", "y.png/a.png", "y.png", "x.png/b.png" }.Select(names.Take).ToArray());
    }

    [TestMethod]
    public void Many_images_of_one_name_are_named_in_one_go()
    {
        var names = new PictureNames();
        string[] taken = [.. Enumerable.Range(0, 100_000).Select(i => names.Take($"part{i}/good/x.png"))];
        Assert.AreEqual("good/x_100000.png", taken[^1]);
        Assert.HasCount(taken.Length, taken.Distinct().ToArray());
    }

    [TestMethod]
    public void Whatever_the_name_it_stays_below_the_folder_and_is_its_own()
    {
        Gen<char> character = Gen.Frequency((3, Gen.Char["./\\: a"]), (1, Gen.Char));
        Gen.String[character, 0, 100].Array[1, 8].Sample(paths =>
        {
            var names = new PictureNames();
            string root = Path.Combine(Path.GetTempPath(), "root");
            string[] taken = [.. paths.Select(path => Path.GetFullPath(Path.Combine(root, names.Take(path))))];
            foreach (string path in taken)
            {
                Assert.StartsWith(root + Path.DirectorySeparatorChar, path);
                Assert.IsTrue(Path.GetRelativePath(root, path).Split('/', '\\').All(part => part.Length <= 90), path);
                Assert.EndsWith(".png", path);
            }

            Assert.HasCount(taken.Length, taken.Distinct(StringComparer.OrdinalIgnoreCase).ToArray());
        }, seed: "0000KDXOm2k3", iter: 2000);
    }
}
