using CsCheck;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Evaluation.Curves;

namespace MLNet.AnomalyNormalization.Tests.Evaluation;

[TestClass]
public class RegionRunsTests
{
    [TestMethod]
    public void Regions_are_those_of_a_flood_fill()
    {
        // One instance for all masks: what the last one left in the buffers must not matter.
        var runs = new RegionRuns();
        Gen.Select(Gen.Int[1, 12], Gen.Int[1, 12], Gen.Bool).SelectMany((height, width, diagonal) =>
            Draw.Mask(height * width).Select(mask => (mask, height, width, diagonal))).Check(10_000, image =>
        {
            runs.Label(image.mask, image.width, image.diagonal ? RegionConnectivity.Eight : RegionConnectivity.Four);
            int[] expected = Twins.FloodFill(image.mask, image.height, image.width, image.diagonal);
            var actual = new int[image.mask.Length];
            var numbers = new Dictionary<int, int>();
            for (int i = 0; i < runs.Runs.Length; i++)
            {
                RegionRuns.Run run = runs.Runs[i];
                int region = runs.RegionOf(i);
                numbers.TryAdd(region, numbers.Count + 1);
                Array.Fill(actual, numbers[region], run.Start, run.Length);
                Assert.AreEqual(expected.Count(number => number == numbers[region]), runs.SizeOf(region));
            }

            CollectionAssert.AreEqual(expected, actual);
            Assert.AreEqual(expected.Count(number => number > 0), runs.Pixels);
        });
    }

    [TestMethod]
    [DataRow(RegionConnectivity.Eight, 125)]
    [DataRow(RegionConnectivity.Four, 538)]
    public void The_large_set_has_as_many_regions_as_the_golden_values_say(RegionConnectivity connectivity, int expected)
    {
        var runs = new RegionRuns();
        int regions = 0;
        foreach (byte[] mask in LargeSet.Draw().Masks)
        {
            runs.Label(mask, 256, connectivity);
            regions += Enumerable.Range(0, runs.Runs.Length).Count(i => runs.RegionOf(i) == i);
        }

        Assert.AreEqual(expected, regions);
    }
}
