using System.Text.Json;
using CsCheck;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Regions;

namespace MLNet.AnomalyNormalization.Tests.Regions;

[TestClass]
public sealed class AnomalyRegionsTests
{
    private static readonly Gen<(float[] Map, int Width)> s_maps =
        Gen.Select(Gen.Int[1, 12], Gen.Int[1, 12]).SelectMany(size =>
            Gen.Float[0, 200].Array[size.Item1 * size.Item2].Select(map => (map, size.Item2)));

    [TestMethod]
    public void Regions_are_those_of_scipy()
    {
        foreach (JsonElement sample in Oracle.Load("regions.json").GetProperty("cases").EnumerateArray())
        {
            string name = sample.GetProperty("name").GetString()!;
            float[] map = [.. sample.GetProperty("map").EnumerateArray().Select(value => value.GetSingle())];
            IReadOnlyList<AnomalyRegion> regions = AnomalyRegions.Find(map, Number("height"), Number("width"), new()
            {
                Threshold = sample.GetProperty("threshold").GetSingle(),
                MinimumArea = Number("minimum_area"),
                Connectivity = Number("connectivity") == 4 ? RegionConnectivity.Four : RegionConnectivity.Eight,
                ValidArea = sample.GetProperty("valid") is { ValueKind: JsonValueKind.Array } valid
                    ? [.. valid.EnumerateArray().Select(value => value.GetByte())] : null,
            });
            JsonElement[] expected = [.. sample.GetProperty("regions").EnumerateArray()];
            Assert.HasCount(expected.Length, regions, name);
            foreach ((JsonElement should, AnomalyRegion region) in expected.Zip(regions))
            {
                Assert.AreEqual(
                    (Whole("top"), Whole("left"), Whole("height"), Whole("width"), Whole("area"), Whole("peak_row"), Whole("peak_column")),
                    (region.Top, region.Left, region.Height, region.Width, region.Area, region.PeakRow, region.PeakColumn), name);
                Assert.AreEqual(should.GetProperty("peak").GetSingle(), region.Peak, name);
                Assert.AreEqual(should.GetProperty("touches_border").GetBoolean(), region.TouchesBorder, name);
                Assert.AreEqual(Real("mean"), region.Mean, 1e-12 * Math.Abs(region.Mean), name);
                Assert.AreEqual(Real("sum"), region.Sum, 1e-12 * Math.Abs(region.Sum), name);
                Assert.AreEqual(Real("centre_row"), region.CentreRow, 1e-12, name);
                Assert.AreEqual(Real("centre_column"), region.CentreColumn, 1e-12, name);

                int Whole(string key) => should.GetProperty(key).GetInt32();

                double Real(string key) => should.GetProperty(key).GetDouble();
            }

            int Number(string key) => sample.GetProperty(key).GetInt32();
        }
    }

    [TestMethod]
    public void More_minimum_area_or_peak_never_finds_more_and_what_is_found_stays_the_same()
        => Gen.Select(s_maps, Gen.Int[1, 9], Gen.Float[100, 200]).Check((drawn, area, peak) =>
        {
            IReadOnlyList<AnomalyRegion> all = Find(drawn, new());
            CollectionAssert.AreEqual(all.Where(region => region.Area >= area).ToArray(), Find(drawn, new() { MinimumArea = area }).ToArray());
            CollectionAssert.AreEqual(all.Where(region => region.Peak >= peak).ToArray(), Find(drawn, new() { MinimumPeak = peak }).ToArray());
        }, seed: "0000REgion01", iter: 300);

    [TestMethod]
    public void Every_anomalous_pixel_is_in_one_region_and_a_margin_is_a_valid_area()
        => Gen.Select(s_maps, Gen.Int[0, 3]).Check((drawn, margin) =>
        {
            int height = drawn.Map.Length / drawn.Width;
            byte[] inside = [.. drawn.Map.Select((_, i) => (byte)(i / drawn.Width >= margin && i / drawn.Width < height - margin
                && i % drawn.Width >= margin && i % drawn.Width < drawn.Width - margin ? 1 : 0))];
            IReadOnlyList<AnomalyRegion> regions = Find(drawn, new() { BorderMargin = margin });
            Assert.AreEqual(drawn.Map.Where((score, i) => inside[i] == 1 && score >= 100).Count(), regions.Sum(region => region.Area));
            CollectionAssert.AreEqual(Find(drawn, new() { ValidArea = inside }).ToArray(), regions.ToArray());
        }, seed: "0000REgion02", iter: 300);

    [TestMethod]
    public void The_score_of_a_map_is_the_highest_threshold_at_which_a_region_is_found()
        => Gen.Select(s_maps, Gen.Select(Gen.Int[1, 9], Gen.Bool, Gen.Int[0, 2], Gen.Float[0, 200]), Gen.Int[0, 3], Gen.Int[0, 1 << 20]).Check(
            (drawn, limits, coarse, seed) =>
        {
            // Ties, and pixels of NaN and of infinity, in some of the maps.
            var random = new Random(seed);
            float[] map = Array.ConvertAll(drawn.Map, score => coarse switch
            {
                1 => MathF.Round(score / 50) * 50,
                2 => random.Next(5) == 0 ? float.NaN : score,
                3 => random.Next(5) == 0 ? float.PositiveInfinity : score - 100,
                _ => score,
            });
            (int area, bool isEight, int margin, float peak) = limits;
            var options = new AnomalyRegionOptions
            {
                MinimumArea = area,
                Connectivity = isEight ? RegionConnectivity.Eight : RegionConnectivity.Four,
                BorderMargin = margin,
                MinimumPeak = seed % 3 == 0 ? peak : null,
                ValidArea = seed % 4 == 0 ? [.. map.Select(_ => (byte)random.Next(4))] : null,
            };
            float score = AnomalyRegions.Score(map, map.Length / drawn.Width, drawn.Width, options);
            foreach (float threshold in map.Where(float.IsFinite).SelectMany(value => (float[])[value, MathF.BitIncrement(value)]).Append(float.MaxValue))
            {
                bool isFound = Find((map, drawn.Width), options with { Threshold = threshold }).Count > 0;
                if (isFound != !(score < threshold))
                    return false;
            }

            return map.Contains(score) || float.IsNegativeInfinity(score);
        }, seed: "0000REgion03", iter: 400);

    [TestMethod]
    public void Map_after_map_of_any_size_gets_the_score_that_it_gets_alone()
        => s_maps.Array[2, 6].Check(maps =>
        {
            var options = new AnomalyRegionOptions { MinimumArea = 2, BorderMargin = 1 };
            var scores = new RegionScore(options);
            return maps.All(drawn =>
            {
                int height = drawn.Map.Length / drawn.Width;
                return scores.Of(drawn.Map, height, drawn.Width) == AnomalyRegions.Score(drawn.Map, height, drawn.Width, options);
            });
        }, seed: "0000REgion05", iter: 200);

    [TestMethod]
    public void Where_every_region_counts_the_mask_is_all_of_them()
        => s_maps.Check(drawn =>
        {
            int height = drawn.Map.Length / drawn.Width;
            var options = new AnomalyRegionOptions { BorderMargin = 1 };
            return AnomalyRegions.Mask(drawn.Map, height, drawn.Width, options).Count(pixel => pixel == 1)
                    == Find(drawn, options).Sum(region => region.Area)
                && AnomalyRegions.Mask(drawn.Map, height, drawn.Width, options).SequenceEqual(
                    AnomalyRegions.Mask(drawn.Map, height, drawn.Width, options with { MinimumPeak = 0 }));
        }, seed: "0000REgion06", iter: 200);

    [TestMethod]
    public void More_minimum_area_or_ignored_pixels_never_raise_the_score_and_normalising_keeps_it()
        => Gen.Select(s_maps, Gen.Int[1, 9], Gen.Float[1, 200]).Check((drawn, area, threshold) =>
        {
            int height = drawn.Map.Length / drawn.Width;
            var map = new AnomalyMap(drawn.Map, height, drawn.Width);
            float score = AnomalyRegions.Score(map, new() { MinimumArea = area });
            var normalizer = new ScoreNormalizer(threshold);
            return AnomalyRegions.Score(map, new() { MinimumArea = area + 1 }) <= score
                && AnomalyRegions.Score(map, new() { MinimumArea = area, BorderMargin = 1 }) <= score
                && AnomalyRegions.Score(map) == drawn.Map.Max()
                && (float.IsNegativeInfinity(score)
                    || AnomalyRegions.Score(normalizer.Normalize(map), new() { MinimumArea = area }) == normalizer.Normalize(score));
        }, seed: "0000REgion04", iter: 300);

    [TestMethod]
    public void Pixels_of_NaN_that_make_up_a_region_give_NaN_and_too_few_pixels_give_no_score()
    {
        Assert.AreEqual(float.NaN, AnomalyRegions.Score([1, float.NaN, float.NaN, 2], 1, 4, new() { MinimumArea = 2 }));
        Assert.AreEqual(2, AnomalyRegions.Score([1, float.NaN, 2, 3], 1, 4, new() { MinimumArea = 3 }));
        Assert.AreEqual(float.NegativeInfinity, AnomalyRegions.Score([1, 2, 3, 4], 2, 2, new() { MinimumArea = 5 }));
        Assert.AreEqual(float.NegativeInfinity, AnomalyRegions.Score([1, 2, 3, 4], 2, 2, new() { MinimumPeak = 5 }));
        Assert.AreEqual(float.NegativeInfinity, AnomalyRegions.Score([], 0, 0));
        Assert.ThrowsExactly<ArgumentException>(() => AnomalyRegions.Score(new float[5], 2, 3));
    }

    [TestMethod]
    public void NaN_is_anomalous_and_the_peak_of_its_region()
    {
        AnomalyRegion region = AnomalyRegions.Find([100, float.NaN, 500], 1, 3, new() { MinimumPeak = 200 }).Single();
        Assert.AreEqual((3, 1), (region.Area, region.PeakColumn));
        Assert.AreEqual(float.NaN, region.Peak);
        Assert.AreEqual(double.NaN, region.Mean);
    }

    [TestMethod]
    public void Shares_are_of_the_pixels_that_count_and_areas_have_a_scale_if_one_is_given()
    {
        float[] map = [0, 0, 0, 0, 0, 150, 150, 0, 0, 0, 0, 0];
        AnomalyRegion region = AnomalyRegions.Find(map, 3, 4, new() { BorderMargin = 1, SquareMillimetresPerPixel = 0.25 }).Single();
        Assert.AreEqual((2, 1.0, 0.5), (region.Area, region.AreaShare, region.SquareMillimetres));
        Assert.IsNull(AnomalyRegions.Find(map, 3, 4).Single().SquareMillimetres);
        Assert.AreEqual(2 / 12.0, AnomalyRegions.Find(new AnomalyMap(map, 3, 4)).Single().AreaShare);
        Assert.IsEmpty(AnomalyRegions.Find(map, 3, 4, new() { BorderMargin = 100 }));
        Assert.IsEmpty(AnomalyRegions.Find([], 0, 0));
    }

    [TestMethod]
    public void What_cannot_be_is_refused()
    {
        Assert.ThrowsExactly<ArgumentException>(() => AnomalyRegions.Find(new float[5], 2, 3));
        Assert.ThrowsExactly<ArgumentException>(() => AnomalyRegions.Find(new float[6], 2, 3, new() { ValidArea = new byte[5] }));
        foreach (AnomalyRegionOptions wrong in (AnomalyRegionOptions[])
            [new() { Threshold = float.NaN }, new() { MinimumArea = 0 }, new() { BorderMargin = -1 }, new() { MinimumPeak = float.NaN },
                new() { Connectivity = (RegionConnectivity)7 }, new() { SquareMillimetresPerPixel = 0 }])
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => AnomalyRegions.Find([0], 1, 1, wrong));
    }

    private static IReadOnlyList<AnomalyRegion> Find((float[] Map, int Width) drawn, AnomalyRegionOptions options)
        => AnomalyRegions.Find(drawn.Map, drawn.Map.Length / drawn.Width, drawn.Width, options);
}
