using System.Text.Json;
using MLNet.AnomalyNormalization.Onnx.Format;
using MLNet.AnomalyNormalization.Onnx.Pictures;
using MLNet.AnomalyNormalization.Tests;

namespace MLNet.AnomalyNormalization.Onnx.Tests.Pictures;

[TestClass]
public sealed class ImageInputTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow(new long[] { 1, 3, 4, 6 }, 3, false, DisplayName = "channels first")]
    [DataRow(new long[] { 0, 1, 4, 6 }, 1, false, DisplayName = "grey, any batch")]
    [DataRow(new long[] { 1, 4, 6, 3 }, 3, true, DisplayName = "channels last")]
    [DataRow(new long[] { 0, 3, 0, 0 }, 3, false, DisplayName = "any height and width")]
    [DataRow(new long[] { 0, 0, 0, 3 }, 3, true, DisplayName = "channels last, any height and width")]
    [DataRow(new long[] { 0, 0, 0, 0 }, 3, false, DisplayName = "anything")]
    public void An_input_is_an_image_of_one_size(long[] shape, int channels, bool isChannelLast)
        => Assert.AreEqual(new ImageInput(channels, 4, 6, null, isChannelLast), Of(shape, new() { Height = 4, Width = 6 }));

    [TestMethod]
    [DataRow(new long[] { 2, 3, 4, 6 }, "batch of 1", DisplayName = "a batch of 2")]
    [DataRow(new long[] { 1, 24 }, "4-dimensional", DisplayName = "features")]
    [DataRow(new long[] { 1, 5, 4, 6 }, "1 or 3 channels", DisplayName = "five channels")]
    public void An_input_that_is_no_image_is_refused(long[] shape, string reason)
        => StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Of(shape, new())).Message, reason);

    [TestMethod]
    public void Two_inputs_are_refused()
    {
        ModelProto model = ModelFile.Vision();
        model.Graph.Input.Add(ModelFile.Value("second", typeof(float), 1));
        AnomalyOnnxModel opened = AnomalyOnnxModel.Open(model.Save(_folder["model.onnx"]));
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => ImageInput.Of(opened, new(), "options")).Message, "has 2 input(s)");
    }

    [TestMethod]
    public void A_size_that_is_missing_wrong_or_impossible_is_refused()
    {
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => Of([1, 3, 0, 6], new())).Message, "any height, and nothing tells");
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => Of([1, 3, 4, 6], new() { Width = 8 })).Message,
                "of width 6, but width 8 is asked for");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Of([1, 3, 0, 6], new() { Height = 0 })).Message, "height 0");
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => Of([1, 3, 1L << 40, 6], new())).Message, "height 1099511627776");
    }

    [TestMethod]
    public void The_crop_is_what_a_model_of_a_fixed_size_takes()
    {
        ImagePreprocessing cropped = new() { Height = 10, Width = 11, CropHeight = 4, CropWidth = 6 };
        Assert.AreEqual(new ImageInput(3, 10, 11, new(3, 2, 4, 6), false), Of([1, 3, 4, 6], cropped));
        Assert.AreEqual(new ImageInput(3, 10, 11, new(3, 2, 4, 6), false), Of([1, 3, 0, 0], cropped));
        Assert.AreEqual(new ImageInput(3, 4, 6, null, false), Of([1, 3, 4, 6], new() { Height = 4, Width = 6, CropHeight = 4, CropWidth = 6 }));
    }

    [TestMethod]
    [DataRow(null, 6, null, "Set both", DisplayName = "from no size")]
    [DataRow(10, null, 11, "expected both", DisplayName = "of the height alone")]
    [DataRow(3, 6, 11, "is not possible", DisplayName = "larger than the picture")]
    public void A_crop_that_cannot_be_is_refused(int? height, int? cropWidth, int? width, string reason)
        => StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(
                () => Of([1, 3, 4, 6], new() { Height = height, Width = width, CropHeight = 4, CropWidth = cropWidth })).Message, reason);

    [TestMethod]
    public void A_crop_begins_where_torchvision_and_albumentations_begin_it()
    {
        foreach (JsonElement crop in Oracle.Load("resize.json").GetProperty("center_crops").EnumerateArray())
        {
            Assert.AreEqual(crop.GetProperty("top").GetInt32(), Offset("height"));
            Assert.AreEqual(crop.GetProperty("left").GetInt32(), Offset("width"));

            int Offset(string side)
                => ImageInput.Offset(crop.GetProperty(side).GetInt32(), crop.GetProperty($"crop_{side}").GetInt32(), ImageLibrary.Torchvision);
        }

        Assert.AreEqual(3, ImageInput.Offset(37, 30, ImageLibrary.OpenCv));
        Assert.AreEqual(4, ImageInput.Offset(37, 30, ImageLibrary.Torchvision));
    }

    [TestMethod]
    public void Means_and_deviations_must_fit_the_channels()
    {
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => Of([1, 3, 4, 6], new() { Mean = [1, 2] })).Message, "Mean is [1, 2]");
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => Of([1, 3, 4, 6], new() { StandardDeviation = [1, 0, 1] })).Message,
                "StandardDeviation");
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => Of([1, 3, 4, 6], new() { PixelDivisor = double.NaN })).Message, "PixelDivisor");
    }

    // 0 stands for an open dimension.
    private ImageInput Of(long[] shape, ImagePreprocessing preprocessing)
    {
        ModelProto model = ModelFile.Vision();
        model.Graph.Input[0] = ModelFile.Value("input", typeof(float), [.. shape.Select(size => size == 0 ? (long?)null : size)]);
        return ImageInput.Of(AnomalyOnnxModel.Open(model.Save(_folder["model.onnx"])), preprocessing, "options");
    }
}
