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
    public void Missing_values_are_refused() => Assert.ThrowsExactly<ArgumentNullException>(() => new AnomalyMap(null!, 0, 0));
}
