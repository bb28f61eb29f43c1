using MLNet.AnomalyNormalization.Evaluation;

namespace MLNet.AnomalyNormalization.Tests.Evaluation;

[TestClass]
public sealed class AnomalyMapTests
{
    [TestMethod]
    [DataRow(2, 4, DisplayName = "too large")]
    [DataRow(1, 5, DisplayName = "too small")]
    [DataRow(-2, -3, DisplayName = "negative, though the product fits")]
    [DataRow(65536, 65536, DisplayName = "the product is beyond an int")]
    public void A_shape_that_is_not_the_maps_is_refused_with_both(int height, int width)
    {
        var refusal = Assert.ThrowsExactly<ArgumentException>(() => new AnomalyMap(new float[6], height, width));
        StringAssert.Contains(refusal.Message, "6 values");
        StringAssert.Contains(refusal.Message, $"{height} x {width}");
    }

    [TestMethod]
    public void A_map_is_normalised_and_evaluated_as_its_values_are()
    {
        var map = new AnomalyMap([0.5f, 1, 2, float.NaN, 3, 0], 2, 3);
        var normalizer = new ScoreNormalizer(2);
        AnomalyMap normalized = normalizer.Normalize(map);
        Assert.AreEqual((2, 3), (normalized.Height, normalized.Width));
        Same.Bits<float>(Array.ConvertAll(map.Values, normalizer.Normalize), normalized.Values, "normalised");

        byte[] mask = [0, 0, 1, 0, 1, 0];
        PixelEvaluator ofMaps = new(new() { CountNaNAsAnomalous = true }), ofSpans = new(new() { CountNaNAsAnomalous = true });
        ofMaps.Add(normalized, mask);
        ofSpans.Add(normalized.Values, mask, 2, 3);
        Assert.AreEqual(ofSpans.Compute(), ofMaps.Compute());
    }

    [TestMethod]
    public void Missing_values_are_refused() => Assert.ThrowsExactly<ArgumentNullException>(() => new AnomalyMap(null!, 0, 0));
}
