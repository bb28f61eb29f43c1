namespace MLNet.AnomalyNormalization.Tests;

[TestClass]
public sealed class EvaluationThresholdTests
{
    [TestMethod]
    [DataRow(110, 1.24, 1.364, DisplayName = "positive threshold")]
    [DataRow(110, 0, 0.1, DisplayName = "threshold zero")]
    [DataRow(110, -2, -1.8, DisplayName = "negative threshold: the raw value lies above it too")]
    [DataRow(100, -2, -2, DisplayName = "100 is the threshold itself")]
    [DataRow(1000, 3, 30, DisplayName = "the cap is allowed")]
    public void At_gives_the_raw_value_that_is_normalized_to_the_place(double normalized, double training, double raw)
    {
        EvaluationThreshold pair = EvaluationThreshold.At(normalized, training);
        Assert.AreEqual(normalized, pair.Normalized);
        Assert.AreEqual(raw, pair.Raw, 1e-15 * Math.Max(1, Math.Abs(raw)));
    }

    [TestMethod]
    [DataRow(0, 1, DisplayName = "normalised 0")]
    [DataRow(1000.1, 1, DisplayName = "normalised beyond the cap")]
    [DataRow(double.NaN, 1, DisplayName = "normalised NaN")]
    [DataRow(100, double.NaN, DisplayName = "threshold NaN")]
    [DataRow(1000, 1e308, DisplayName = "raw value beyond the range of a double")]
    public void At_refuses_a_place_that_is_off_the_scale(double normalized, double training)
        => Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => EvaluationThreshold.At(normalized, training));
}
