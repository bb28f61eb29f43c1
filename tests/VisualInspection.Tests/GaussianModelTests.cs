using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace VisualInspection.Tests;

[TestClass]
public sealed class GaussianModelTests : IDisposable
{
    private static readonly ImageSize Size = new(Height: 24, Width: 31);

    private readonly RandomDraws _random = new(5);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void The_features_are_the_means_contrasts_and_gradients_of_a_window()
    {
        float[] image = Image();
        double[] expected = Features(image);
        float[] actual = Run(FeaturesPath(), image)[GaussianModel.FeaturesName];
        AreClose(expected, actual, 1e-4);
    }

    [TestMethod]
    public void The_map_counts_deviations_from_the_good_images_and_the_score_is_the_mean_of_its_top()
    {
        float[][] good = [.. Enumerable.Range(0, 5).Select(_ => Image())];
        GaussianModel.Fit([Sums(good[..2]), Sums(good[2..])], Size).Save(_folder["model.onnx"]);

        float[] image = Image();
        Dictionary<string, float[]> outputs = Run(_folder["model.onnx"], image);
        double[] map = Map([.. good.Select(Features)], Features(image));
        AreClose(map, outputs[GaussianModel.MapName], 1e-3);

        // Half a percent of 24 x 31 pixels: three.
        Assert.HasCount(1, outputs[GaussianModel.ScoreName]);
        Assert.AreEqual(map.OrderDescending().Take(3).Average(), outputs[GaussianModel.ScoreName][0], 1e-3);
    }

    [TestMethod]
    public void A_defect_raises_the_map_where_it_is_and_nowhere_else()
    {
        float[][] good = [.. Enumerable.Range(0, 8).Select(_ => Image())];
        GaussianModel.Fit([Sums(good)], Size).Save(_folder["model.onnx"]);
        float[] clean = Image();
        float[] broken = [.. clean];
        for (int i = 0; i < 3; i++)
            broken[(i * Size.Area) + (6 * Size.Width) + 7] = 2000;

        float[] before = Run(_folder["model.onnx"], clean)[GaussianModel.MapName];
        float[] after = Run(_folder["model.onnx"], broken)[GaussianModel.MapName];
        for (int y = 0; y < Size.Height; y++)
        {
            for (int x = 0; x < Size.Width; x++)
            {
                int i = (y * Size.Width) + x;
                int distance = Math.Max(Math.Abs(y - 6), Math.Abs(x - 7));
                if (distance <= 4)
                    Assert.IsGreaterThan(before[i], after[i]);
                else if (distance > 5)
                    Assert.AreEqual(before[i], after[i], 1e-3f);
            }
        }
    }

    [TestMethod]
    public void An_image_without_any_variation_has_a_finite_map()
    {
        float[] gray = [.. Enumerable.Repeat(128f, 3 * Size.Area)];
        GaussianModel.Fit([Sums([gray, gray])], Size).Save(_folder["model.onnx"]);
        Assert.IsTrue(Run(_folder["model.onnx"], gray)[GaussianModel.MapName].All(value => value is >= 0 and < 1));
    }

    [TestMethod]
    public void The_files_have_the_inputs_and_outputs_that_an_anomaly_model_has()
    {
        GaussianModel.Fit([Sums([Image(), Image()])], Size).Save(_folder["model.onnx"]);
        using var session = new InferenceSession(_folder["model.onnx"]);
        CollectionAssert.AreEqual(new[] { 1, 3, 24, 31 }, session.InputMetadata["image"].Dimensions);
        CollectionAssert.AreEqual(new[] { 1, 1, 24, 31 }, session.OutputMetadata["anomaly_map"].Dimensions);
        CollectionAssert.AreEqual(new[] { 1, 1 }, session.OutputMetadata["pred_score"].Dimensions);
        Assert.IsTrue(session.InputMetadata.Values.Concat(session.OutputMetadata.Values).All(value => value.ElementType == typeof(float)));
    }

    private string FeaturesPath()
    {
        GaussianModel.SaveFeatures(_folder["features.onnx"], Size);
        return _folder["features.onnx"];
    }

    private FeatureSums Sums(float[][] images)
    {
        var sums = new FeatureSums(Size);
        foreach (float[] image in images)
            sums.Add(Run(FeaturesPath(), image)[GaussianModel.FeaturesName]);
        return sums;
    }

    // Noise: much on the right, and so little on the left that the floor of the variance is what counts there.
    private float[] Image() =>
    [
        .. from i in Enumerable.Range(0, 3 * Size.Area)
           let contrast = i % Size.Width < 12 ? 2 : 120
           select (float)_random.Between(125 - contrast, 125 + contrast),
    ];

    private static Dictionary<string, float[]> Run(string path, float[] image)
    {
        using var session = new InferenceSession(path);
        var input = new DenseTensor<float>(image, [1, 3, Size.Height, Size.Width]);
        using var outputs = session.Run([NamedOnnxValue.CreateFromTensor(GaussianModel.InputName, input)]);
        return outputs.ToDictionary(output => output.Name, output => output.AsEnumerable<float>().ToArray());
    }

    private static void AreClose(double[] expected, float[] actual, double tolerance)
    {
        Assert.HasCount(expected.Length, actual);
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], actual[i], tolerance * (1 + Math.Abs(expected[i])), $"element {i}");
    }

    // The slow, obvious twin of the features: every window summed by itself, pixels beyond the border are the nearest ones within.
    private static double[] Features(float[] image)
    {
        var features = new List<double>();
        Func<int, int, double>[] colors =
        [
            Luminance,
            (y, x) => (Channel(0, y, x) - Channel(1, y, x)) / 2,
            (y, x) => (Channel(2, y, x) / 2) - ((Channel(0, y, x) + Channel(1, y, x)) / 4),
        ];
        foreach (Func<int, int, double> color in colors)
            features.AddRange(Windows().Select(window => window.Average(at => color(at.Y, at.X))));
        foreach (Func<int, int, double> color in colors)
        {
            features.AddRange(Windows().Select(window =>
            {
                double mean = window.Average(at => color(at.Y, at.X));
                return Math.Sqrt(window.Average(at => (color(at.Y, at.X) - mean) * (color(at.Y, at.X) - mean)));
            }));
        }

        features.AddRange(Windows().Select(window => window.Average(at => Math.Abs(Slope(at.Y, at.X, 0, 1)))));
        features.AddRange(Windows().Select(window => window.Average(at => Math.Abs(Slope(at.Y, at.X, 1, 0)))));
        return [.. features];

        double Channel(int channel, int y, int x)
        {
            (y, x) = (Math.Clamp(y, 0, Size.Height - 1), Math.Clamp(x, 0, Size.Width - 1));
            return image[(channel * Size.Area) + (y * Size.Width) + x] / 255;
        }

        double Luminance(int y, int x) => (Channel(0, y, x) + Channel(1, y, x) + Channel(2, y, x)) / 3;

        double Slope(int y, int x, int down, int right)
            => Enumerable.Range(-1, 3).Sum(i => (2 - Math.Abs(i)) * (
                Luminance(y + down + (i * right), x + right + (i * down))
                - Luminance(y - down + (i * right), x - right + (i * down)))) / 8;
    }

    // The slow, obvious twin of the fit and of the map: a tenth of 24 is two places up, down, left and right.
    private static double[] Map(double[][] good, double[] features)
    {
        int channels = features.Length / Size.Area;
        double[] map = new double[Size.Area];
        for (int channel = 0; channel < channels; channel++)
        {
            (double Mean, double Variance)[] places =
            [
                .. Windows(radius: 2).Select(window =>
                {
                    double[] values = [.. window.Where(Inside).SelectMany(at => good.Select(image => image[Index(channel, at)]))];
                    double mean = values.Average();
                    return (mean, values.Average(value => (value - mean) * (value - mean)));
                }),
            ];
            double floor = places.Average(place => place.Variance) / 10;
            for (int i = 0; i < map.Length; i++)
            {
                double distance = features[(channel * Size.Area) + i] - places[i].Mean;
                map[i] += distance * distance / (Math.Max(places[i].Variance, floor) + 1e-6) / channels;
            }
        }

        return [.. map.Select(Math.Sqrt)];

        static bool Inside((int Y, int X) at) => at.Y >= 0 && at.Y < Size.Height && at.X >= 0 && at.X < Size.Width;

        static int Index(int channel, (int Y, int X) at) => (channel * Size.Area) + (at.Y * Size.Width) + at.X;
    }

    private static IEnumerable<(int Y, int X)[]> Windows(int radius = 4)
        => from y in Enumerable.Range(0, Size.Height)
           from x in Enumerable.Range(0, Size.Width)
           select (from dy in Enumerable.Range(-radius, (2 * radius) + 1)
                   from dx in Enumerable.Range(-radius, (2 * radius) + 1)
                   select (y + dy, x + dx)).ToArray();
}
