using System.Text.Json;
using CsCheck;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Imaging.Tests;

[TestClass]
public sealed class HeatMapTests
{
    private const string Seed = "0000KDXOm2k3";

    private static readonly Gen<float> s_score = Gen.Frequency(
        (6, Gen.Float[0, 200]),
        (2, OneOf(100f, float.BitDecrement(100f), float.BitIncrement(100f), 50f, 150f, 0f, 1000f)),
        (1, OneOf(float.NaN, float.PositiveInfinity, float.NegativeInfinity)));

    [TestMethod]
    public void Render_colours_every_pixel_by_its_score_alone()
        => s_score.Array[24].Select(Gen.Double[60, 140], Gen.Bool).Sample((map, threshold, isJet) =>
        {
            HeatMapColors colors = isJet ? HeatMapColors.Jet : HeatMapColors.Even;
            using MLImage picture = HeatMap.Render(map, height: 4, width: 6, threshold, colors);
            Assert.AreEqual((4, 6), (picture.Height, picture.Width));
            for (int i = 0; i < map.Length; i++)
            {
                ColorTable.Rgb expected = ColorTable.Of(colors).At(Position(map[i], threshold));
                Assert.AreEqual((expected.Red, expected.Green, expected.Blue), Pixels.At(picture, i / 6, i % 6));
            }
        }, seed: Seed, iter: 200);

    [TestMethod]
    public void Overlay_mixes_image_and_colours_in_the_share_asked_for()
        => s_score.Array[12].Select(Gen.Double[0, 1], Gen.Int[1, 9], Gen.Int[1, 9]).Sample((map, opacity, height, width) =>
        {
            using MLImage image = Pixels.Ramp(height, width);
            using MLImage picture = HeatMap.Overlay(image, map, height: 3, width: 4, opacity);
            float[] positions = [.. map.Select(score => Position(score, 100))];
            var scaling = new MapScaling(new(3, 4), new(height, width));
            for (int y = 0; y < height; y++)
            {
                for (int x = 0; x < width; x++)
                {
                    ColorTable.Rgb color = ColorTable.Of(HeatMapColors.Even).At(scaling.Bilinear(positions, y, x));
                    (byte grey, _, _) = Pixels.At(image, y, x);
                    (byte red, byte green, byte blue) = Pixels.At(picture, y, x);
                    Assert.AreEqual((grey * (1 - opacity)) + (color.Red * opacity), red, 0.502);
                    Assert.AreEqual((grey * (1 - opacity)) + (color.Green * opacity), green, 0.502);
                    Assert.AreEqual((grey * (1 - opacity)) + (color.Blue * opacity), blue, 0.502);
                }
            }
        }, seed: Seed, iter: 200);

    [TestMethod]
    public void A_map_of_a_part_is_laid_over_that_part_and_the_rest_is_dimmed_and_never_a_defect()
    {
        // The middle 2 x 4 pixels of an image of 4 x 8.
        var area = new PictureArea(0.25, 0.25, 0.5, 0.5);
        float[] map = [.. Enumerable.Range(0, 8).Select(i => 60f + (10 * i))];
        using MLImage image = Pixels.Ramp(4, 8), part = HeatMap.Render(map, height: 2, width: 4);
        using MLImage overlay = HeatMap.Overlay(image, map, height: 2, width: 4, opacity: 1, area: area);
        using MLImage mask = HeatMap.Mask([.. map.Select(_ => 200f)], 2, 4, 4, 8, area: area);
        byte[] truth = HeatMap.ReadMask(mask, 2, 4, area: area);
        CollectionAssert.AreEqual(Enumerable.Repeat((byte)1, 8).ToArray(), truth);
        for (int y = 0; y < 4; y++)
        {
            for (int x = 0; x < 8; x++)
            {
                bool isInside = y is 1 or 2 && x is >= 2 and < 6;
                (byte red, byte green, byte blue) = Pixels.At(overlay, y, x);
                Assert.AreEqual(isInside ? 255 : 0, Pixels.At(mask, y, x).Item1);
                if (isInside)
                    Assert.AreEqual(Pixels.At(part, y - 1, x - 2), (red, green, blue));
                else
                    Assert.AreEqual(0.4 * Pixels.At(image, y, x).Item1, red, 0.502);
            }
        }
    }

    [TestMethod]
    public void What_is_ignored_is_dimmed_as_what_lies_outside_of_the_map()
        => s_score.Array[24].Select(Gen.Int[0, 1].Array[24], Gen.Int[0, 1]).Sample((map, valid, margin) =>
        {
            var regions = new AnomalyRegionOptions { ValidArea = [.. valid.Select(bit => (byte)bit)], BorderMargin = margin, MinimumArea = 9 };
            using MLImage image = Pixels.Ramp(12, 12);
            using MLImage all = HeatMap.Overlay(image, map, height: 4, width: 6);
            using MLImage outside = HeatMap.Overlay(image, [0], height: 1, width: 1, area: new(0, 0, 1e-3, 1e-3));
            using MLImage overlay = HeatMap.Overlay(image, map, height: 4, width: 6, regions: regions);
            for (int y = 0; y < 12; y++)
            {
                for (int x = 0; x < 12; x++)
                {
                    (int row, int column) = (y / 3, x / 2);
                    bool isLooked = valid[(row * 6) + column] == 1
                        && row >= margin && row < 4 - margin && column >= margin && column < 6 - margin;
                    Assert.AreEqual(Pixels.At(isLooked ? all : outside, y, x), Pixels.At(overlay, y, x));
                }
            }
        }, seed: Seed, iter: 200);

    [TestMethod]
    public void Mask_and_outline_show_only_the_regions_that_count()
        => Gen.Select(s_score.Array[30], Gen.Int[0, 3].Array[30], Gen.Int[1, 5], OneOf<float?>(null, 120), OneOf(100.0, 64.25), Gen.Bool)
            .Sample((map, valid, minimumArea, minimumPeak, threshold, isFour) =>
            {
                RegionConnectivity connectivity = isFour ? RegionConnectivity.Four : RegionConnectivity.Eight;
                var regions = new AnomalyRegionOptions
                {
                    ValidArea = [.. valid.Select(bit => (byte)bit)],
                    MinimumArea = minimumArea,
                    MinimumPeak = minimumPeak,
                    Connectivity = connectivity,
                    Threshold = 1,
                };
                using MLImage mask = HeatMap.Mask(map, height: 5, width: 6, threshold: threshold, regions: regions);
                float[] shown = new float[30];
                for (int i = 0; i < 30; i++)
                {
                    float[] region = [.. Region(i).Select(pixel => map[pixel])];
                    bool counts = region.Length >= minimumArea
                        && (minimumPeak is null || region.Any(score => !(score < minimumPeak)));
                    Assert.AreEqual(counts ? 255 : 0, Pixels.At(mask, i / 6, i % 6).Red);
                    shown[i] = counts ? 1000 : 0;
                }

                using MLImage image = Pixels.Ramp(11, 13);
                using MLImage outline = HeatMap.Outline(image, map, height: 5, width: 6, threshold, regions: regions);
                using MLImage expected = HeatMap.Outline(image, shown, height: 5, width: 6);
                Pixels.AssertSame(expected, outline);

                // By flood fill.
                HashSet<int> Region(int start)
                {
                    var seen = new HashSet<int>();
                    Visit(start / 6, start % 6);
                    return seen;

                    void Visit(int y, int x)
                    {
                        int i = (y * 6) + x;
                        if (y is < 0 or >= 5 || x is < 0 or >= 6 || valid[i] == 0 || map[i] < (float)threshold || !seen.Add(i))
                            return;
                        for (int down = -1; down <= 1; down++)
                        {
                            for (int right = -1; right <= 1; right++)
                            {
                                if (!isFour || down == 0 || right == 0)
                                    Visit(y + down, x + right);
                            }
                        }
                    }
                }
            }, seed: Seed, iter: 300);

    [TestMethod]
    public void Overlay_without_opacity_is_the_image_and_with_all_of_it_the_heat_map()
    {
        float[] map = [40, 80, 100, 120, 160, float.NaN];
        using MLImage image = Pixels.Ramp(2, 3);
        using MLImage none = HeatMap.Overlay(image, map, height: 2, width: 3, opacity: 0);
        using MLImage all = HeatMap.Overlay(image, map, height: 2, width: 3, opacity: 1);
        using MLImage rendered = HeatMap.Render(map, height: 2, width: 3);
        Pixels.AssertSame(image, none);
        Pixels.AssertSame(rendered, all);
    }

    [TestMethod]
    public void The_order_of_the_colours_in_memory_is_of_no_account()
    {
        float[] map = [40, 80, 120, 160];
        using MLImage rgba = Pixels.Plain(5, 5, 10, 100, 200);
        using MLImage bgra = Pixels.Plain(5, 5, 10, 100, 200, MLPixelFormat.Bgra32);
        using MLImage first = HeatMap.Overlay(rgba, map, height: 2, width: 2);
        using MLImage second = HeatMap.Overlay(bgra, map, height: 2, width: 2);
        Pixels.AssertSame(first, second);
    }

    [TestMethod]
    public void The_mask_is_white_exactly_where_the_nearest_score_is_not_below_the_threshold()
        => s_score.Array[12].Select(OneOf(100.0, 99.9995, 64.25, 110), Gen.Int[1, 20], Gen.Int[1, 20])
            .Sample((map, threshold, height, width) =>
            {
                using MLImage mask = HeatMap.Mask(map, height: 4, width: 3, height, width, threshold);
                var scaling = new MapScaling(new(4, 3), new(height, width));
                for (int y = 0; y < height; y++)
                {
                    for (int x = 0; x < width; x++)
                    {
                        bool isDefect = !(map[scaling.Nearest(y, x)] < (float)threshold);
                        byte value = isDefect ? (byte)255 : (byte)0;
                        Assert.AreEqual((value, value, value), Pixels.At(mask, y, x));
                    }
                }
            }, seed: Seed, iter: 300);

    [TestMethod]
    [DataRow(100f, true, DisplayName = "at the threshold: anomalous")]
    [DataRow(99.99999f, false, DisplayName = "the float below the threshold: normal")]
    [DataRow(float.NaN, true, DisplayName = "NaN is never normal")]
    [DataRow(float.PositiveInfinity, true, DisplayName = "above everything")]
    [DataRow(0f, false, DisplayName = "the floor")]
    public void The_decision_at_one_pixel(float score, bool isAnomalous)
    {
        using MLImage mask = HeatMap.Mask([score], height: 1, width: 1);
        Assert.AreEqual(isAnomalous ? 255 : 0, Pixels.At(mask, 0, 0).Red);
    }

    [TestMethod]
    public void NaN_has_the_top_colour()
    {
        using MLImage picture = HeatMap.Render([float.NaN, 1000], height: 1, width: 2);
        Assert.AreEqual(Pixels.At(picture, 0, 1), Pixels.At(picture, 0, 0));
    }

    [TestMethod]
    public void A_good_part_never_looks_red_because_it_is_alone()
        => Gen.Float[0, 85].Array[16].Select(Gen.Bool).Sample((map, isJet) =>
        {
            using MLImage picture = HeatMap.Render(map, height: 4, width: 4, colors: isJet ? HeatMapColors.Jet : HeatMapColors.Even);
            for (int i = 0; i < 16; i++)
            {
                (byte red, _, byte blue) = Pixels.At(picture, i / 4, i % 4);
                Assert.IsLessThan(blue, red, $"score {map[i]}");
            }
        }, seed: Seed, iter: 300);

    [TestMethod]
    public void A_score_has_the_same_colour_whatever_else_is_in_the_map()
        => s_score.Array[9].Sample(map =>
        {
            using MLImage together = HeatMap.Render(map, height: 3, width: 3);
            for (int i = 0; i < map.Length; i++)
            {
                using MLImage alone = HeatMap.Render(map.AsSpan(i, 1), height: 1, width: 1);
                Assert.AreEqual(Pixels.At(alone, 0, 0), Pixels.At(together, i / 3, i % 3));
            }
        }, seed: Seed, iter: 100);

    [TestMethod]
    [DataRow(6, 4, 6, 4, DisplayName = "its own size: as it is")]
    [DataRow(9, 6, 3, 2, DisplayName = "a third: the middle pixel of each block")]
    [DataRow(96, 72, 46, 34, DisplayName = "a photo at the size of the model")]
    [DataRow(3, 2, 7, 5, DisplayName = "larger")]
    [DataRow(1, 1, 4, 4, DisplayName = "a single pixel")]
    public void A_mask_that_is_read_has_the_pixel_of_the_picture_under_the_centre(int height, int width, int newHeight, int newWidth)
    {
        bool[] isDefect = [.. Enumerable.Range(0, height * width).Select(i => i * 7 % 11 < 5)];
        byte[] pixels = [.. isDefect.SelectMany(defect => new byte[] { 0, defect ? (byte)128 : (byte)127, 0, 255 })];
        using MLImage mask = MLImage.CreateFromPixels(width, height, MLPixelFormat.Bgra32, pixels);
        byte[] read = HeatMap.ReadMask(mask, newHeight, newWidth);

        Assert.HasCount(newHeight * newWidth, read);
        for (int y = 0; y < newHeight; y++)
        {
            for (int x = 0; x < newWidth; x++)
            {
                (decimal centerY, decimal centerX) = ((y + 0.5m) * height / newHeight, (x + 0.5m) * width / newWidth);
                Assert.AreEqual(isDefect[((int)centerY * width) + (int)centerX] ? 1 : 0, read[(y * newWidth) + x], $"{y}, {x}");
            }
        }
    }

    [TestMethod]
    public void A_mask_with_any_transparency_is_read_by_its_opacity_alone()
    {
        byte[] pixels = [255, 255, 255, 127, 0, 0, 0, 128, 0, 0, 0, 255];
        using MLImage mask = MLImage.CreateFromPixels(3, 1, MLPixelFormat.Rgba32, pixels);
        CollectionAssert.AreEqual(new byte[] { 0, 1, 1 }, HeatMap.ReadMask(mask, height: 1, width: 3));
    }

    [TestMethod]
    public void A_mask_that_was_drawn_is_read_as_it_was()
    {
        float[] map = [99.9f, 100, float.NaN, 0, 1000, 50];
        using MLImage mask = HeatMap.Mask(map, height: 2, width: 3);
        CollectionAssert.AreEqual(new byte[] { 0, 1, 1, 0, 1, 0 }, HeatMap.ReadMask(mask, height: 2, width: 3));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => HeatMap.ReadMask(mask, height: 0, width: 3));
        Assert.ThrowsExactly<ArgumentNullException>(() => HeatMap.ReadMask(null!, height: 1, width: 3));
    }

    [TestMethod]
    public void The_outline_is_the_border_of_the_mask_and_nothing_else_changes()
        => s_score.Array[20].Select(Gen.Int[1, 25], Gen.Int[1, 25]).Sample((map, height, width) =>
        {
            using MLImage image = Pixels.Ramp(height, width);
            using MLImage mask = HeatMap.Mask(map, height: 5, width: 4, height, width);
            using MLImage outlined = HeatMap.Outline(image, map, height: 5, width: 4);
            for (int y = 0; y < height; y++)
            {
                for (int x = 0; x < width; x++)
                {
                    bool isBorder = IsIn(y, x) && !(IsIn(y - 1, x) && IsIn(y + 1, x) && IsIn(y, x - 1) && IsIn(y, x + 1));
                    Assert.AreEqual(isBorder ? ((byte)255, (byte)0, (byte)255) : Pixels.At(image, y, x), Pixels.At(outlined, y, x));
                }
            }

            bool IsIn(int y, int x) => y >= 0 && y < height && x >= 0 && x < width && Pixels.At(mask, y, x).Red == 255;
        }, seed: Seed, iter: 200);

    [TestMethod]
    public void The_line_of_the_outline_grows_with_the_image()
    {
        using MLImage image = Pixels.Plain(600, 700, 0, 0, 0);
        using MLImage outlined = HeatMap.Outline(image, [1000, 0], height: 1, width: 2);
        byte[] middleRow = [.. Enumerable.Range(0, 700).Select(x => Pixels.At(outlined, 300, x).Red)];
        Assert.AreEqual("0,1,348,349", string.Join(',', Enumerable.Range(0, 700).Where(x => middleRow[x] == 255)));
    }

    [TestMethod]
    public void The_window_is_quadra_s_bit_for_bit()
    {
        int compared = 0;
        foreach (JsonElement scenario in Oracle.Load("report.json").GetProperty("scenarios").EnumerateArray())
        {
            if (!scenario.TryGetProperty("heat_input_per_image_bits", out JsonElement heat))
                continue;

            double normalized = Oracle.Number(scenario.GetProperty("normalized_threshold_full_precision"));
            double raw = Oracle.Number(scenario.GetProperty("metadata").GetProperty("threshold"));
            string type = scenario.GetProperty("effective").GetProperty("training_threshold_type").GetString()!;
            double training = Oracle.Number(scenario.GetProperty("model_json_thresholds").GetProperty($"{type}_threshold"));
            float[] maps = Oracle.Singles(scenario.GetProperty("raw_maps"));
            new ScoreNormalizer(training, new(raw, normalized)).Normalize<float>(maps, maps);
            int image = 0;
            foreach (JsonElement bits in heat.EnumerateArray())
            {
                float[] expected = [.. bits.EnumerateArray().Select(bit => BitConverter.UInt32BitsToSingle(bit.GetUInt32()))];
                CollectionAssert.AreEqual(expected, HeatMap.Positions(maps.AsSpan(36 * image++, 36), normalized));
                compared++;
            }
        }

        Assert.IsGreaterThan(40, compared);
    }

    [TestMethod]
    [DataRow("even", DisplayName = "the even colours over an image")]
    [DataRow("jet", DisplayName = "quadra's colours over an image")]
    [DataRow("mask", DisplayName = "the mask")]
    [DataRow("outline", DisplayName = "the outline on the image")]
    public void Pictures_are_the_committed_ones(string name)
    {
        // A slope from 0 to 200 with a hill, a hole and a missing value.
        float[] map = [.. Enumerable.Range(0, 12 * 16).Select(i => (12.5f * (i % 16)) + (i / 16 is > 3 and < 8 ? 30 : 0))];
        map[(9 * 16) + 13] = 20;
        map[(2 * 16) + 2] = float.NaN;
        using MLImage image = Pixels.Ramp(48, 64);
        using MLImage picture = name switch
        {
            "even" => HeatMap.Overlay(image, map, height: 12, width: 16, opacity: 0.7),
            "jet" => HeatMap.Overlay(image, map, height: 12, width: 16, opacity: 0.7, colors: HeatMapColors.Jet),
            "mask" => HeatMap.Mask(map, height: 12, width: 16, 48, 64),
            _ => HeatMap.Outline(image, map, height: 12, width: 16),
        };

        using var folder = new TemporaryFolder();
        picture.Save(folder["saved.png"]);
        using MLImage saved = MLImage.CreateFromFile(folder["saved.png"]);
        Pixels.AssertSame(picture, saved);

        using MLImage golden = MLImage.CreateFromFile(Path.Combine(AppContext.BaseDirectory, "Golden", $"{name}.png"));
        Pixels.AssertSame(golden, saved);
    }

    [TestMethod]
    public void Bad_input_says_what_came_and_what_was_due()
    {
        using MLImage image = Pixels.Plain(2, 2, 0, 0, 0);
        float[] map = new float[5];
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => HeatMap.Render(map, height: 2, width: 3)).Message, "5 values, but height x width is 2 x 3 = 6");
        Assert.ThrowsExactly<ArgumentException>(() => HeatMap.Overlay(image, map, height: 2, width: 3));
        Assert.ThrowsExactly<ArgumentException>(() => HeatMap.Outline(image, map, height: 2, width: 3));
        Assert.ThrowsExactly<ArgumentException>(() => HeatMap.Mask(map, height: 2, width: 3));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => HeatMap.Render(map, height: 0, width: 3));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => HeatMap.Mask(map, height: 1, width: 5, 0, 5));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => HeatMap.Render(map, height: 1, width: 5, threshold: double.NaN));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => HeatMap.Mask(map, height: 1, width: 5, threshold: double.PositiveInfinity));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => HeatMap.Overlay(image, map, height: 1, width: 5, opacity: 1.5));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => HeatMap.Overlay(image, map, height: 1, width: 5, opacity: double.NaN));
        Assert.ThrowsExactly<ArgumentNullException>(() => HeatMap.Overlay(null!, map, height: 1, width: 5));
        var regions = new AnomalyRegionOptions { ValidArea = new byte[4] };
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(
            () => HeatMap.Overlay(image, map, height: 1, width: 5, regions: regions)).Message, "4 pixels, but the map has 1 x 5 = 5");
        Assert.ThrowsExactly<ArgumentException>(() => HeatMap.Mask(map, height: 1, width: 5, regions: regions));
        Assert.ThrowsExactly<ArgumentException>(() => HeatMap.Outline(image, map, height: 1, width: 5, regions: regions));
    }

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    // In the element type of the map, operation by operation, as quadra's tensors do.
    private static float Position(float score, double threshold)
    {
        float position = (score - (float)(threshold - 50)) / 100;
        return float.IsNaN(position) ? 1 : position < 0 ? 0 : position > 1 ? 1 : position;
    }
}
