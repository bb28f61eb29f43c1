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
            (double mean, double deviation) = Moments(Array.ConvertAll(values, value => (double)value));
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
                batches.Add(value);
            Assert.AreEqual(Moments(Array.ConvertAll(values, value => (double)value)), batches.Compute());
        }, seed: "0000KDXOm2k3", iter: 200);

    [TestMethod]
    [DataRow(new double[] { float.MaxValue, float.MinValue }, 0.0, DisplayName = "the largest floats")]
    [DataRow(new double[] { 1e30, 1, -1e30 }, 1 / 3.0, DisplayName = "cancellation")]
    [DataRow(new double[] { float.Epsilon, float.Epsilon }, (double)float.Epsilon, DisplayName = "denormals")]
    [DataRow(new double[] { 0, -0.0 }, 0.0, DisplayName = "zeros")]
    [DataRow(new double[] { double.MaxValue, double.MaxValue }, double.MaxValue, DisplayName = "the largest doubles")]
    [DataRow(new double[] { -1, -2 }, -1.5, DisplayName = "negative")]
    public void The_mean_is_exact(double[] values, double expected) => Assert.AreEqual(expected, Moments(values).Mean);

    [TestMethod]
    [DataRow(new double[] { float.MaxValue, float.MinValue }, 4.8123191e38, DisplayName = "the largest floats")]
    [DataRow(new double[] { 0, float.Epsilon }, 9.9087e-46, DisplayName = "denormals")]
    [DataRow(new double[] { 1e300, -1e300 }, 1.4142135623730951e300, DisplayName = "a variance beyond the doubles")]
    [DataRow(new double[] { 1e-300, -1e-300 }, 1.4142135623730951e-300, DisplayName = "a variance below the doubles")]
    [DataRow(new double[] { 3, 3, 3 }, 0.0, DisplayName = "all equal")]
    public void The_deviation_has_no_overflow_and_no_underflow(double[] values, double expected)
        => Assert.AreEqual(expected, Moments(values).Deviation, 1e-5 * expected);

    [TestMethod]
    public void Infinite_values_are_noticed()
    {
        var moments = new ExactMoments();
        moments.Add(1);
        moments.Add(3);
        Assert.AreEqual((2, false), (moments.Count, moments.HasInfinity));
        Assert.AreEqual((2, Math.Sqrt(2)), moments.Compute());
        moments.Add(double.NegativeInfinity);
        Assert.IsTrue(moments.HasInfinity);
    }

    private static (double Mean, double Deviation) Moments(params double[] values)
    {
        var moments = new ExactMoments();
        foreach (double value in values)
            moments.Add(value);
        return moments.Compute();
    }
}
