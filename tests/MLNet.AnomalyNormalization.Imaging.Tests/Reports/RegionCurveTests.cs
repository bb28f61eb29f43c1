using CsCheck;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Imaging.Reports;

namespace MLNet.AnomalyNormalization.Imaging.Tests.Reports;

[TestClass]
public sealed class RegionCurveTests
{
    [TestMethod]
    public void The_area_under_the_curve_is_the_measured_one()
        => Gen.Int[0, 400].Select(i => i / 2f).Array[60].Select(Gen.Frequency((3, Gen.Const((byte)0)), (1, Gen.Const((byte)1))).Array[60])
            .Where((_, mask) => mask.Contains((byte)1) && mask.Contains((byte)0))
            .Sample((values, mask) =>
            {
                var row = new AnomalyReportRow("a/b.png", 1, new AnomalyMap(values, 6, 10)) { Mask = mask, IsAnomalous = true };
                RegionCurve curve = RegionCurve.Of(new Assessment([row], new(100, 100), 100))!;
                double area = 0;
                (double X, double Y) last = (0, 0);
                foreach ((double x, double y) in curve.Points().Skip(1))
                {
                    double right = Math.Min(x, 0.3);
                    if (last.X < 0.3 && x > last.X)
                    {
                        double height = last.Y + ((y - last.Y) * (right - last.X) / (x - last.X));
                        area += (right - last.X) * (last.Y + height) / 2;
                    }

                    last = (x, y);
                }

                Assert.AreEqual(1, last.X, 1e-12);
                Assert.AreEqual(1, last.Y, 1e-9);
                Assert.AreEqual(curve.Metrics.AreaUnderPerRegionOverlap, area / 0.3, 1e-3 + curve.Metrics.AreaUnderPerRegionOverlapError);
            }, seed: "0000KDXOm2k3", iter: 20, threads: 1);

    [TestMethod]
    public void Normal_images_count_without_a_mask_and_others_do_not()
    {
        AnomalyMap map = new([0, 100, 100, 0], 2, 2);
        AnomalyReportRow defect = new("x/a.png", 1, map) { IsAnomalous = true, Mask = [0, 1, 0, 0] };
        AnomalyReportRow good = new("x/b.png", 1, map) { IsAnomalous = false }, unknown = new("x/c.png", 1, map), unmasked = defect with { Mask = null };
        RegionCurve curve = RegionCurve.Of(new Assessment([defect, good, unknown, unmasked], new(100, 100), 100))!;
        Assert.AreEqual(1, curve.Regions);
        Assert.Contains((3.0 / 7, 1.0), curve.Points());
        Assert.IsNull(RegionCurve.Of(new Assessment([good, unknown, unmasked], new(100, 100), 100)));
    }

    [TestMethod]
    public void NaN_lies_above_every_score()
    {
        AnomalyReportRow row = new("x/a.png", 1, new AnomalyMap([float.NaN, 900], 1, 2)) { IsAnomalous = true, Mask = [1, 0] };
        Assert.Contains((0.0, 1.0), RegionCurve.Of(new Assessment([row], new(100, 100), 100))!.Points());
    }
}
