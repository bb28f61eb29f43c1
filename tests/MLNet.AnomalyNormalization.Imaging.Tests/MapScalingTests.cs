using CsCheck;

namespace MLNet.AnomalyNormalization.Imaging.Tests;

[TestClass]
public sealed class MapScalingTests
{
    private static readonly Gen<(MapSize Map, MapSize Image)> s_sizes =
        Gen.Int[1, 12].Select(Gen.Int[1, 12], Gen.Int[1, 30], Gen.Int[1, 30], (a, b, c, d) => (new MapSize(a, b), new MapSize(c, d)));

    [TestMethod]
    public void Nearest_is_the_map_pixel_around_the_centre_of_the_image_pixel()
        => s_sizes.Sample((map, image) =>
        {
            var scaling = new MapScaling(map, image);
            for (int y = 0; y < image.Height; y++)
            {
                for (int x = 0; x < image.Width; x++)
                {
                    // Rational twin: the last map pixel that does not begin beyond the centre.
                    int row = Enumerable.Range(0, map.Height).Last(i => 2 * i * image.Height <= ((2 * y) + 1) * map.Height);
                    int column = Enumerable.Range(0, map.Width).Last(i => 2 * i * image.Width <= ((2 * x) + 1) * map.Width);
                    Assert.AreEqual((row * map.Width) + column, scaling.Nearest(y, x));
                }
            }
        }, seed: "0000KDXOm2k3", iter: 300);

    [TestMethod]
    public void Bilinear_is_the_weighted_mean_of_the_four_centres_around()
        => s_sizes.Sample((map, image) =>
        {
            var scaling = new MapScaling(map, image);
            float[] values = [.. Enumerable.Range(0, map.Pixels).Select(i => i * 7 % 11 / 11f)];
            for (int y = 0; y < image.Height; y++)
            {
                for (int x = 0; x < image.Width; x++)
                {
                    double sum = 0;
                    for (int i = 0; i < map.Pixels; i++)
                        sum += values[i] * Weight(y, i / map.Width, map.Height, image.Height) * Weight(x, i % map.Width, map.Width, image.Width);
                    Assert.AreEqual(sum, scaling.Bilinear(values, y, x), 1e-6);
                }
            }

            static double Weight(int to, int from, int fromSize, int toSize)
            {
                double place = Math.Clamp(((to + 0.5) * fromSize / toSize) - 0.5, 0, fromSize - 1);
                return Math.Max(0, 1 - Math.Abs(place - from));
            }
        }, seed: "0000KDXOm2k3", iter: 300);

    [TestMethod]
    public void A_map_of_the_image_s_size_is_taken_as_it_is()
    {
        var size = new MapSize(5, 7);
        var scaling = new MapScaling(size, size);
        float[] values = [.. Enumerable.Range(0, 35).Select(i => i / 35f)];
        for (int i = 0; i < 35; i++)
        {
            Assert.AreEqual(i, scaling.Nearest(i / 7, i % 7));
            Assert.AreEqual(values[i], scaling.Bilinear(values, i / 7, i % 7));
        }
    }
}
