using System.Runtime.InteropServices;
using System.Text.Json;
using Google.Protobuf;
using MLNet.AnomalyNormalization.Onnx.Graphs;
using MLNet.AnomalyNormalization.Onnx.Pictures;
using MLNet.AnomalyNormalization.Tests;

namespace MLNet.AnomalyNormalization.Onnx.Tests.Pictures;

[TestClass]
public sealed class PreparationGraphTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow("bilinear_antialias", ImageInterpolation.Bilinear, true, ImageLibrary.Torchvision, 2e-5, DisplayName = "torchvision, antialiased")]
    [DataRow("bicubic_antialias", ImageInterpolation.Bicubic, true, ImageLibrary.Torchvision, 2e-5, DisplayName = "torchvision, cubic, antialiased")]
    [DataRow("bilinear", ImageInterpolation.Bilinear, false, ImageLibrary.Torchvision, 2e-5, DisplayName = "torch")]
    [DataRow("nearest", ImageInterpolation.Nearest, false, ImageLibrary.Torchvision, 0, DisplayName = "torch, nearest")]
    [DataRow("nearest", ImageInterpolation.Nearest, true, ImageLibrary.Torchvision, 0, DisplayName = "nearest is never antialiased")]
    [DataRow("opencv_linear_uint8", ImageInterpolation.Bilinear, false, ImageLibrary.OpenCv, 1.0001 / 255, DisplayName = "OpenCV")]
    [DataRow("opencv_cubic_uint8", ImageInterpolation.Bicubic, false, ImageLibrary.OpenCv, 1.0001 / 255, DisplayName = "OpenCV, cubic")]
    public void Pictures_become_what_Python_makes_of_them(
        string method, ImageInterpolation interpolation, bool antialias, ImageLibrary library, double tolerance)
    {
        var preprocessing = new ImagePreprocessing { Interpolation = interpolation, Antialias = antialias, Library = library };
        double largest = 0;
        foreach (JsonElement sample in Oracle.Load("resize.json").GetProperty("cases").EnumerateArray())
        {
            string name = sample.GetProperty("name").GetString()!;
            int channels = sample.GetProperty("channels").GetInt32();
            RgbPicture picture = Picture(name, sample);
            float[] expected = MemoryMarshal.Cast<byte, float>(
                File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Oracle", $"{name}_{method}.f32"))).ToArray();
            float[] actual = Run(picture, preprocessing,
                new(channels, sample.GetProperty("to_height").GetInt32(), sample.GetProperty("to_width").GetInt32(), null, false));
            Assert.HasCount(expected.Length, actual);
            for (int i = 0; i < actual.Length; i++)
            {
                double difference = Math.Abs(expected[i] - actual[i]);
                largest = Math.Max(largest, difference);
                Assert.IsLessThanOrEqualTo(tolerance, difference, $"{name}, value {i}: expected {expected[i]}, got {actual[i]}");
            }
        }

        Console.WriteLine($"{method}: {largest:G3}");
    }

    [TestMethod]
    [DataRow(ImageInterpolation.Bilinear, true, ImageLibrary.Torchvision, DisplayName = "torchvision")]
    [DataRow(ImageInterpolation.Bicubic, true, ImageLibrary.Torchvision, DisplayName = "torchvision, cubic")]
    [DataRow(ImageInterpolation.Bilinear, false, ImageLibrary.OpenCv, DisplayName = "OpenCV")]
    [DataRow(ImageInterpolation.Nearest, false, ImageLibrary.OpenCv, DisplayName = "nearest")]
    public void A_picture_of_the_right_size_passes_untouched(ImageInterpolation interpolation, bool antialias, ImageLibrary library)
    {
        RgbPicture picture = Noise(23, 31);
        float[] actual = Run(picture, new() { Interpolation = interpolation, Antialias = antialias, Library = library }, new(3, 23, 31, null, false));
        float[] expected = [.. Enumerable.Range(0, 3).SelectMany(channel => Enumerable.Range(0, 23 * 31)
            .Select(i => picture.Pixels[(3 * i) + channel] / 255f))];
        Same.Bits<float>(expected, actual);
    }

    [TestMethod]
    public void Crop_order_mean_and_deviation_follow_the_resize()
    {
        RgbPicture picture = Noise(9, 11);
        ImagePreprocessing preprocessing = new() { PixelDivisor = 2, Mean = [1, 2, 3], StandardDeviation = [4, 5, 6], IsBlueFirst = true };
        float[] actual = Run(picture, preprocessing, new(3, 9, 11, new(2, 3, 4, 5), false));
        float[] expected = [.. Enumerable.Range(0, 3).SelectMany(channel => Enumerable.Range(0, 20).Select(i =>
            ((picture.Pixels[(((2 + (i / 5)) * 11) + 3 + (i % 5)) * 3 + 2 - channel] / 2f) - (channel + 1)) / (channel + 4)))];
        Same.Bits<float>(expected, actual);
    }

    [TestMethod]
    public void Grey_is_the_brightness_that_Pillow_computes()
    {
        RgbPicture picture = Noise(40, 50);
        float[] actual = Run(picture, new() { PixelDivisor = 1 }, new(1, 40, 50, null, false));
        for (int i = 0; i < actual.Length; i++)
        {
            // Pillow, Convert.c: L = (R * 19595 + G * 38470 + B * 7471 + 0x8000) >> 16.
            int expected = ((picture.Pixels[3 * i] * 19595) + (picture.Pixels[(3 * i) + 1] * 38470) + (picture.Pixels[(3 * i) + 2] * 7471) + 0x8000) >> 16;
            Assert.AreEqual(expected, actual[i]);
        }
    }

    private static RgbPicture Noise(int height, int width)
    {
        byte[] pixels = new byte[height * width * 3];
        new Random(3).NextBytes(pixels);
        return new(pixels, height, width);
    }

    // One channel is a grey picture.
    private static RgbPicture Picture(string name, JsonElement sample)
    {
        byte[] bytes = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Oracle", $"{name}.u8"));
        return new(sample.GetProperty("channels").GetInt32() == 3 ? bytes : [.. bytes.SelectMany(value => (byte[])[value, value, value])],
            sample.GetProperty("height").GetInt32(), sample.GetProperty("width").GetInt32());
    }

    private float[] Run(RgbPicture picture, ImagePreprocessing preprocessing, ImageInput input)
    {
        var graph = new GraphEditor(PreparationGraph.Opset);
        graph.Graph.Input.Add(ModelFile.Value("picture", typeof(byte), 1, null, null, 3));
        string prepared = PreparationGraph.AddTo(graph, "picture", preprocessing, input);
        graph.Graph.Output.Add(ModelFile.Value(prepared, typeof(float), 1, input.Channels, input.Height, input.Width));
        File.WriteAllBytes(_folder["preparation.onnx"], graph.Model.ToByteArray());
        using var runtime = new Runtime(_folder["preparation.onnx"]);
        return runtime.Run<float>(prepared, ("picture", picture.Bytes.ToArray(), [1, picture.Height, picture.Width, 3]));
    }
}
