using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using MLNet.AnomalyNormalization.DataViews;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Tests.Evaluation;

namespace MLNet.AnomalyNormalization.Tests.DataViews;

[TestClass]
public sealed class ImageMaskTests
{
    private static readonly float[] s_map = [.. Enumerable.Range(0, 16).Select(i => i * 20f)];

    private readonly MLContext _mlContext = new(seed: 1);

    [TestMethod]
    [DataRow(new byte[] { 0, 255, 127, 128 }, 255, new byte[] { 0, 1, 0, 1 }, DisplayName = "half brightness divides")]
    [DataRow(new byte[] { 0, 255, 0, 0 }, 254, new byte[] { 0, 1, 0, 0 }, DisplayName = "one pixel that is hardly transparent changes nothing")]
    [DataRow(new byte[] { 0, 0, 0, 0 }, 255, new byte[] { 0, 0, 0, 0 }, DisplayName = "black")]
    public void A_pixel_is_a_defect_from_half_brightness_on(byte[] values, int alphaOfFirst, byte[] expected)
        => CollectionAssert.AreEqual(expected, ImageMask.Defects(Pixels(values, alphaOfFirst), new()));

    [TestMethod]
    [DataRow(1, DisplayName = "0 and 1, as label tools write")]
    [DataRow(127, DisplayName = "just below half")]
    public void A_mask_that_is_dark_all_over_is_refused_with_its_brightest_value(int value)
        => StringAssert.Contains(
            Assert.ThrowsExactly<FormatException>(() => ImageMask.Defects(Pixels([0, (byte)value]), new())).Message,
            $"the brightest value of the mask is {value}, and a defect begins at 128. Set MaskThreshold");

    [TestMethod]
    public void A_threshold_reads_0_and_1_and_an_ignored_value_is_told_apart()
    {
        CollectionAssert.AreEqual(new byte[] { 0, 1, 1 }, ImageMask.Defects(Pixels([0, 1, 255]), new() { Threshold = 1 }));
        CollectionAssert.AreEqual(
            new byte[] { 0, 1, MaskRules.Unknown }, ImageMask.Defects(Pixels([0, 1, 255]), new() { Threshold = 1, Ignored = 255 }));
        Assert.AreEqual("MaskThreshold", Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new MaskRules { Threshold = 0 }).ParamName);
        Assert.AreEqual("IgnoredMaskValue", Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new MaskRules { Ignored = 0 }).ParamName);
    }

    [TestMethod]
    [DataRow(1, true, "Column 'Mask', row 0: the brightest value of the mask is 1", DisplayName = "values 0 and 1")]
    [DataRow(0, true, "Column 'Mask', row 0: the row is anomalous but its mask has no defect", DisplayName = "all black on an anomalous row")]
    [DataRow(255, false, "Column 'Mask', row 0: the row is normal but its mask has a defect at index 5", DisplayName = "a defect on a normal row")]
    public void A_mask_that_contradicts_its_row_is_refused_in_evaluating_and_in_learning(int value, bool label, string message)
    {
        IDataView data = View(label, Mask(4, 4, (i, _) => i == 5 ? (byte)value : (byte)0));
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => Evaluate(data, new() { MaskColumnName = "Mask" })).Message, message);
        AnomalyNormalizationOptions learning = new() { MapColumnName = "Map", MaskColumnName = "Mask", ScoreColumnName = "Score" };
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(
            () => _mlContext.Transforms.NormalizeAnomaly(ThresholdStrategy.MaximumF1(), learning).Fit(data)).Message, message);
    }

    [TestMethod]
    public void Four_pixels_of_1_are_four_defects_from_a_threshold_of_1_on()
    {
        IDataView data = View(true, Mask(4, 4, (i, _) => i < 4 ? (byte)1 : (byte)0));
        PixelMetrics pixel = Evaluate(data, new() { MaskColumnName = "Mask", MaskThreshold = 1 }).Pixel!;
        Assert.AreEqual(4, pixel.Counts.TruePositives + pixel.Counts.FalseNegatives);
    }

    [TestMethod]
    public void Pixels_that_nobody_knows_are_left_out_in_images_and_vectors_alike()
    {
        PixelMetrics ofImage = Evaluate(
            View(true, Mask(4, 4, (i, _) => i < 4 ? (byte)255 : i < 8 ? (byte)200 : (byte)0)),
            new() { MaskColumnName = "Mask", IgnoredMaskValue = 200 }).Pixel!;
        PixelMetrics ofVector = Evaluate(View(true, null, i => i < 4 ? 1 : i < 8 ? -1 : 0), new() { MaskColumnName = "Vector", IgnoredMaskValue = -1 }).Pixel!;
        Assert.AreEqual(12, ofImage.Counts.Total);
        Metrics.SameBits(ofImage, ofVector);
    }

    [TestMethod]
    public void A_mask_of_the_photo_is_cropped_to_the_area_of_the_map_also_in_learning()
    {
        // The map covers the middle of a photo of 8 x 8: its first pixel is that at (2, 2).
        var area = new PictureArea(0.25, 0.25, 0.5, 0.5);
        IDataView data = View(true, Mask(8, 8, (y, x) => (y, x) is (2, 2) or (0, 0) ? (byte)255 : (byte)0, rows: true));
        AnomalyEvaluationOptions options = new() { MaskColumnName = "Mask", ResizeMasks = true, InspectedArea = area, PixelThreshold = 0.5 };
        PixelMetrics pixel = Evaluate(data, options).Pixel!;
        Assert.AreEqual(new ConfusionCounts(0, 15, 0, 1), pixel.Counts);

        AnomalyNormalizationOptions learning = new() { ScoreColumnName = null, MapColumnName = "Map", MaskColumnName = "Mask", ResizeMasks = true, InspectedArea = area };
        ThresholdFit fit = _mlContext.Transforms.NormalizeAnomaly(ThresholdStrategy.MaximumF1(), learning).Fit(data).PixelFit!;
        Assert.AreEqual((15L, 1L, 0d), (fit.NormalCount, fit.AnomalousCount, fit.Threshold));
    }

    [TestMethod]
    public void Defects_that_lie_outside_of_the_area_of_the_map_are_not_passed_over()
    {
        IDataView data = View(true, Mask(8, 8, (y, x) => (y, x) == (0, 0) ? (byte)255 : (byte)0, rows: true));
        AnomalyEvaluationOptions options = new() { MaskColumnName = "Mask", ResizeMasks = true, InspectedArea = new(0.25, 0.25, 0.5, 0.5) };
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => Evaluate(data, options)).Message, "or lie outside of its area");
    }

    [TestMethod]
    public void A_mask_of_the_maps_size_is_not_guessed_to_be_of_the_photo_or_of_its_part()
    {
        var area = new PictureArea(0.25, 0.25, 0.5, 0.5);
        IDataView data = View(true, Mask(4, 4, (i, _) => i == 0 ? (byte)255 : (byte)0));
        StringAssert.Contains(
            Assert.ThrowsExactly<InvalidDataException>(() => Evaluate(data, new() { MaskColumnName = "Mask", InspectedArea = area })).Message,
            "may show that part or the photo. Set ResizeMasks if it is the photo");
        Assert.AreEqual(1, Evaluate(data, new() { MaskColumnName = "Mask", InspectedArea = PictureArea.Whole }).Pixel!.Counts.FalseNegatives);
    }

    private static byte[] Pixels(byte[] values, int alphaOfFirst = 255)
        => [.. values.SelectMany((value, i) => new[] { value, (byte)(value / 2), (byte)0, i == 0 ? (byte)alphaOfFirst : (byte)255 })];

    private static MLImage Mask(int height, int width, Func<int, int, byte> value, bool rows = false)
        => MLImage.CreateFromPixels(width, height, MLPixelFormat.Rgba32,
            Pixels([.. Enumerable.Range(0, height * width).Select(i => rows ? value(i / width, i % width) : value(i, 0))]));

    private IDataView View(bool label, MLImage? mask, Func<int, float>? vector = null) => _mlContext.Data.LoadFromEnumerable<PictureRow>(
        [new() { Label = label, Map = s_map, Mask = mask, Vector = [.. Enumerable.Range(0, 16).Select(vector ?? (_ => 0))] }]);

    private AnomalyEvaluation Evaluate(IDataView data, AnomalyEvaluationOptions options)
        => _mlContext.AnomalyDetection.EvaluateNormalized(data, new()
        {
            ScoreColumnName = "Score",
            MapColumnName = "Map",
            MaskColumnName = options.MaskColumnName,
            MaskThreshold = options.MaskThreshold,
            IgnoredMaskValue = options.IgnoredMaskValue,
            ResizeMasks = options.ResizeMasks,
            InspectedArea = options.InspectedArea,
            PixelThreshold = options.PixelThreshold,
        });

    private sealed class PictureRow
    {
        public float Score { get; set; } = 50;

        public bool Label { get; set; }

        [VectorType(4, 4)]
        public float[] Map { get; set; } = [];

        [VectorType(4, 4)]
        public float[] Vector { get; set; } = [];

        [ImageType(4, 4)]
        public MLImage? Mask { get; set; }
    }
}
