using System.Numerics;
using CsCheck;
using MLNet.AnomalyNormalization.Thresholds;

namespace MLNet.AnomalyNormalization.Tests.Thresholds;

[TestClass]
public sealed class OrderStatisticsTests
{
    [TestMethod]
    public void The_ranks_agree_with_whole_binomial_coefficients()
        => Gen.Select(Gen.Int[0, 99], Gen.Int[1, 80]).Check((percent, count) =>
            Assert.AreEqual(Slow(percent, count), OrderStatistics.RanksAround(percent / 100.0, count)), seed: "0000KDXOm2k3", iter: 300);

    [TestMethod]
    [DataRow(0.5, 1_000_000_000L, 499_969_010L, 500_030_991L)]
    [DataRow(0.99, 1_000_000_000L, 989_993_833L, 990_006_168L)]
    public void A_billion_rows_are_no_trouble(double probability, long count, long lower, long upper)
    {
        // The normal approximation is good to a few ranks there.
        (long l, long u) = OrderStatistics.RanksAround(probability, count);
        Assert.AreEqual(lower, l, 5d);
        Assert.AreEqual(upper, u, 5d);
    }

    [TestMethod]
    [DataRow(0.01, 5L, 0L, 2L, DisplayName = "no score bounds it from below")]
    [DataRow(0.99, 5L, 4L, 6L, DisplayName = "no score bounds it from above")]
    [DataRow(0.5, 5L, 0L, 6L, DisplayName = "five rows bound not even a median")]
    [DataRow(0.5, 6L, 1L, 6L, DisplayName = "six do")]
    [DataRow(0.0, 7L, 0L, 1L, DisplayName = "the minimum")]
    public void Where_no_score_is_a_bound_the_rank_lies_outside(double probability, long count, long lower, long upper)
        => Assert.AreEqual((lower, upper), OrderStatistics.RanksAround(probability, count));

    [TestMethod]
    [DataRow(0L, 10L, 0, 0.3084971, DisplayName = "none of ten")]
    [DataRow(1L, 10L, 0.00252858, 0.4450161, DisplayName = "one of ten")]
    [DataRow(5L, 10L, 0.1870860, 0.8129140, DisplayName = "half of ten")]
    [DataRow(10L, 10L, 0.6915029, 1, DisplayName = "all of ten")]
    [DataRow(3L, 1000L, 0.0006190942, 0.008742147, DisplayName = "few of many")]
    [DataRow(0L, 0L, 0, 1, DisplayName = "nothing is known of no rows")]
    public void The_rates_around_what_was_seen_are_those_of_Clopper_and_Pearson(long seen, long count, double lower, double upper)
    {
        // R: binom.test(seen, count)$conf.int.
        (double Lower, double Upper) rates = OrderStatistics.RatesAround(seen, count);
        Assert.AreEqual(lower, rates.Lower, 1e-6);
        Assert.AreEqual(upper, rates.Upper, 1e-6);
    }

    // All 100^count ways, counted.
    private static (long Lower, long Upper) Slow(int percent, int count)
    {
        BigInteger all = BigInteger.Pow(100, count), sum = 0, choose = 1;
        (long lower, long upper) = (-1, -1);
        for (int k = 0; k <= count; k++)
        {
            sum += choose * BigInteger.Pow(percent, k) * BigInteger.Pow(100 - percent, count - k);
            choose = choose * (count - k) / (k + 1);
            if (lower < 0 && sum * 1000 > all * 25)
                lower = k;
            if (upper < 0 && sum * 1000 >= all * 975)
                upper = k + 1;
        }

        return (lower, upper);
    }
}
