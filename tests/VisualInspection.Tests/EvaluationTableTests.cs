using MLNet.AnomalyNormalization.Evaluation;

namespace VisualInspection.Tests;

[TestClass]
public sealed class EvaluationTableTests
{
    [TestMethod]
    public void The_counts_and_the_image_metrics_are_printed()
    {
        string[] lines = Lines(new AnomalyEvaluation { Image = Image([50, 60, 150, 160], [70, 200]) });
        CollectionAssert.AreEqual(
            new[]
            {
                "                  found good   found anomalous",
                "really good                2                 2",
                "really anomalous           1                 1",
                "Image AUROC: 0.7500",
                "Image AP:    0.7500",
                "Maximum F1:  0.6667 with the threshold at 70.000",
                "F1 at 100:   0.4000 (precision 0.3333, recall 0.5000)",
            },
            lines);
    }

    [TestMethod]
    public void With_masks_the_pixel_metrics_follow()
    {
        var pixels = new PixelEvaluator();
        pixels.Add([200, 150, 10, 20], [1, 0, 0, 0], height: 2, width: 2);
        string[] lines = Lines(new AnomalyEvaluation { Image = Image([1], [2]), Pixel = pixels.Compute() });
        CollectionAssert.AreEqual(
            new[]
            {
                "Pixel AUROC: 1.0000",
                "AUPRO:       1.0000",
                "AUPIMO:      undefined, as the good images have too few scores in its narrow range.",
                "Pixel F1:    0.6667 at 100 (precision 0.5000, recall 1.0000)",
            },
            lines[7..]);
    }

    [TestMethod]
    public void What_the_images_can_t_define_is_said_to_be_undefined_and_why()
    {
        string[] good = Lines(new AnomalyEvaluation { Image = Image([50, 60], []) });
        Assert.AreEqual("Image AUROC: undefined, as the test folder has only good images or only defects.", good[3]);
        Assert.AreEqual("Image AP:    undefined, as the test folder has no defects.", good[4]);
        Assert.AreEqual("Maximum F1:  undefined, as the test folder has no defects.", good[5]);

        string[] defects = Lines(new AnomalyEvaluation { Image = Image([], [50, 160]) });
        StringAssert.Contains(defects[3], "undefined");
        Assert.AreEqual("Image AP:    1.0000", defects[4]);

        var pixels = new PixelEvaluator();
        pixels.Add([1, 2], [0, 0], height: 1, width: 2);
        foreach (string line in Lines(new AnomalyEvaluation { Pixel = pixels.Compute() })[..3])
            StringAssert.EndsWith(line, "undefined, as the masks mark no pixel at all, or every one.");
    }

    private static ImageMetrics Image(float[] good, float[] defective)
    {
        var images = new ImageEvaluator();
        foreach (float score in good)
            images.Add(score, isAnomalous: false);
        foreach (float score in defective)
            images.Add(score, isAnomalous: true);
        return images.Compute();
    }

    private static string[] Lines(AnomalyEvaluation evaluation)
    {
        using var writer = new StringWriter { NewLine = "\n" };
        evaluation.Print(writer);
        return writer.ToString().TrimEnd('\n').Split('\n');
    }
}
