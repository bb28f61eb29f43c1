using System.Text.Json;
using CsCheck;
using MLNet.AnomalyNormalization.Evaluation;

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
