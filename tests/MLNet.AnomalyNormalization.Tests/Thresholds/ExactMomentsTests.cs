using CsCheck;
using MLNet.AnomalyNormalization.Thresholds;

namespace MLNet.AnomalyNormalization.Tests.Thresholds;

[TestClass]
public sealed class ExactMomentsTests
{
    [TestMethod]
    public void Mean_and_deviation_agree_with_two_passes_in_decimal()
        => Gen.Int[-1_000_000, 1_000_000].Select(i => i / 1024f).Array[2, 50].Check(values =>
        {
            (double mean, double deviation) = Moments(values);
            decimal slowMean = values.Sum(v => (decimal)(double)v) / values.Length;
            decimal squares = values.Sum(v => ((decimal)(double)v - slowMean) * ((decimal)(double)v - slowMean));
            double variance = (double)(squares / (values.Length - 1));
            Assert.AreEqual((double)slowMean, mean, 1e-12 * Math.Max(1, Math.Abs((double)slowMean)));
            Assert.AreEqual(Math.Sqrt(variance), deviation, 1e-12 * Math.Max(1, Math.Sqrt(variance)));
        }, seed: "0000KDXOm2k3", iter: 200);

    [TestMethod]
    public void Order_and_batches_change_no_bit()
        => Gen.Single.Where(float.IsFinite).Array[2, 40].Check(values =>
        {
            var batches = new ExactMoments();
            foreach (float value in values.OrderDescending())
                batches.AddWhereFalse([value], [false]);
            Assert.AreEqual(Moments(values), batches.Compute());
        }, seed: "0000KDXOm2k3", iter: 200);

    [TestMethod]
    [DataRow(new[] { float.MaxValue, float.MinValue }, 0.0, DisplayName = "the largest floats")]
    [DataRow(new[] { 1e30f, 1f, -1e30f }, 1 / 3.0, DisplayName = "cancellation")]
    [DataRow(new[] { float.Epsilon, float.Epsilon }, (double)float.Epsilon, DisplayName = "denormals")]
    [DataRow(new[] { 0f, -0f }, 0.0, DisplayName = "zeros")]
    [DataRow(new[] { -1f, -2f }, -1.5, DisplayName = "negative")]
    public void The_mean_is_exact(float[] values, double expected) => Assert.AreEqual(expected, Moments(values).Mean);

    [TestMethod]
    [DataRow(new[] { float.MaxValue, float.MinValue }, 4.8123191e38, DisplayName = "the largest floats")]
    [DataRow(new[] { 0f, float.Epsilon }, 9.9087e-46, DisplayName = "denormals")]
    [DataRow(new[] { 3f, 3f, 3f }, 0.0, DisplayName = "all equal")]
    public void The_deviation_has_no_overflow_and_no_underflow(float[] values, double expected)
        => Assert.AreEqual(expected, Moments(values).Deviation, 1e-5 * expected);

    [TestMethod]
    public void Marked_values_do_not_count_and_infinite_ones_are_noticed()
    {
        var moments = new ExactMoments();
        moments.AddWhereFalse([1, float.PositiveInfinity, 3], [false, true, false]);
        Assert.AreEqual((2, false), (moments.Count, moments.HasInfinity));
        Assert.AreEqual((2, Math.Sqrt(2)), moments.Compute());
        moments.AddWhereFalse([float.NegativeInfinity], [false]);
        Assert.IsTrue(moments.HasInfinity);
    }

    private static (double Mean, double Deviation) Moments(float[] values)
    {
        var moments = new ExactMoments();
        moments.AddWhereFalse(values, new bool[values.Length]);
        return moments.Compute();
    }
}
