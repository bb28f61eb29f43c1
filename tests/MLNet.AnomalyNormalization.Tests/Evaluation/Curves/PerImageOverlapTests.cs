using System.Globalization;
using System.Text.Json;
using CsCheck;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Evaluation.Curves;

namespace MLNet.AnomalyNormalization.Tests.Evaluation;

[TestClass]
public class PerImageOverlapTests
{
    // The scores of normal images go from 0 to 64, so that these thresholds are exact in Single.
    private static readonly float[] s_thresholds = [.. Enumerable.Range(0, 1025).Select(k => k / 16f)];

    [TestMethod]
    public void Thresholds_have_the_bits_of_torch_linspace()
    {
        int checkedBits = 0;
        foreach (JsonElement set in GoldenData.Load("pixel.json").GetProperty("sets").EnumerateArray())
        {
            ImageSet images = GoldenData.LoadSet(set);
            float[] normal = [.. images.Maps.Where((_, i) => images.Masks[i].All(pixel => pixel == 0)).SelectMany(map => map)];
            foreach (JsonElement golden in set.GetProperty("metrics").GetProperty("aupimo").EnumerateArray())
            {
                if (!golden.TryGetProperty("thresholds_sample_bits", out JsonElement bits))
                    continue;
                float[] thresholds = PerImageOverlap.Thresholds(normal.Min(), normal.Max(), golden.Integer("num_thresholds"))!;
                foreach (JsonProperty sample in bits.EnumerateObject())
                {
                    uint actual = BitConverter.SingleToUInt32Bits(thresholds[int.Parse(sample.Name, CultureInfo.InvariantCulture)]);
                    Assert.AreEqual(sample.Value.GetUInt32(), actual, $"threshold {sample.Name} of {thresholds.Length}");
                    checkedBits++;
                }
            }
        }

        Assert.IsGreaterThan(50, checkedBits);
    }

    [TestMethod]
    public void Areas_are_their_definition_also_for_images_of_different_sizes()
        => Gen.Select(Image.Array[0, 6], Gen.Double[0.01, 0.4], Gen.Double[0.1, 0.6]).Check(1_000, drawn =>
        {
            var (images, lower, range) = drawn;
            // No simple fraction: two rates equally far from a bound would be told apart by rounding.
            lower += Math.PI / 1000;
            float[][] maps = [[0, 64, 20, 21, 22, 23, 24, 25], .. images.Select(image => image.Map)];
            byte[][] masks = [new byte[8], .. images.Select(image => image.Mask)];
            var evaluator = new PixelEvaluator(new()
            {
                PerImageOverlapThresholds = s_thresholds.Length,
                PerImageOverlapLowerBound = lower,
                PerImageOverlapUpperBound = lower + range,
            });
            for (int i = 0; i < maps.Length; i++)
                evaluator.Add(maps[i], masks[i], 1, maps[i].Length);

            PixelMetrics metrics = evaluator.Compute();
            double[] expected = Twins.PerImageOverlap(maps, masks, s_thresholds, lower, lower + range);
            for (int i = 0; i < expected.Length; i++)
                Metrics.Near(expected[i], metrics.AreaUnderPerImageOverlaps[i], 1e-12, $"image {i}");
            Metrics.Near(expected.All(double.IsNaN) ? double.NaN : expected.Where(area => !double.IsNaN(area)).Average(),
                metrics.AreaUnderPerImageOverlap, 1e-12, "mean");
        });

    [TestMethod]
    [DataRow(30, 100f, DisplayName = "fewer thresholds than an area needs points")]
    [DataRow(1000, 0f, DisplayName = "all normal scores equal")]
    [DataRow(1000, float.PositiveInfinity, DisplayName = "an infinite range")]
    [DataRow(1000, 1e-43f, DisplayName = "thresholds that are not distinct in Single")]
    public void The_area_is_undefined_without_enough_distinct_thresholds(int thresholds, float highest)
    {
        var evaluator = new PixelEvaluator(
            new() { PerImageOverlapThresholds = thresholds, PerImageOverlapLowerBound = 0.5, PerImageOverlapUpperBound = 1 });
        evaluator.Add([0, highest], [0, 0], 1, 2);
        evaluator.Add([0, 50], [0, 1], 1, 2);
        PixelMetrics metrics = evaluator.Compute();
        Assert.IsTrue(double.IsNaN(metrics.AreaUnderPerImageOverlap));
        Assert.HasCount(2, metrics.AreaUnderPerImageOverlaps);
        Assert.IsTrue(metrics.AreaUnderPerImageOverlaps.All(double.IsNaN));
    }

    [TestMethod]
    [DataRow(30, false)]
    [DataRow(31, true)]
    public void The_area_needs_31_thresholds_between_the_bounds(int points, bool isDefined)
    {
        var evaluator = new PixelEvaluator(
            new() { PerImageOverlapThresholds = s_thresholds.Length, PerImageOverlapLowerBound = 0.25, PerImageOverlapUpperBound = 0.5 });

        // The rate is 1/2 up to 20 and 1/4 from there on: the first threshold above 20 ends the curve, the first above the other begins it.
        evaluator.Add([0, 20 - ((points - 1) / 16f), 20, 64], new byte[4], 2, 2);
        evaluator.Add([50], [1], 1, 1);
        Assert.AreEqual(isDefined, !double.IsNaN(evaluator.Compute().AreaUnderPerImageOverlap));
    }

    private static Gen<(float Map, byte Mask)[]> Pixels(Gen<byte> mask)
        => Gen.Select(Gen.Int[0, 128].Select(i => i / 2f), mask).Array[1, 12];

    /// <summary>Scores of 0..64 in images of 1 to 12 pixels; defects also beyond.</summary>
    private static Gen<(float[] Map, byte[] Mask)> Image { get; } =
        Gen.OneOf(Pixels(Gen.Const((byte)0)), Pixels(Gen.Byte[0, 1])).Select(pixels => (
            pixels.Select(pixel => pixels.Any(any => any.Mask != 0) ? (pixel.Map * 2) - 20 : pixel.Map).ToArray(),
            pixels.Select(pixel => pixel.Mask).ToArray()));
}
