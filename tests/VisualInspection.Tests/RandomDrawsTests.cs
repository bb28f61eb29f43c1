namespace VisualInspection.Tests;

[TestClass]
public sealed class RandomDrawsTests
{
    // The numbers that the reference implementation in C gives for this seed (https://prng.di.unimi.it/splitmix64.c).
    [TestMethod]
    public void The_numbers_are_those_of_SplitMix64()
    {
        var random = new RandomDraws(1234567);
        ulong[] expected = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821];
        CollectionAssert.AreEqual(expected, Enumerable.Range(0, 5).Select(_ => random.Next()).ToArray());
    }

    [TestMethod]
    public void A_draw_lies_between_its_bounds_and_a_direction_has_length_one()
    {
        var random = new RandomDraws(1);
        double[] draws = [.. Enumerable.Range(0, 10_000).Select(_ => random.Between(-3, 5))];
        Assert.IsTrue(draws.All(draw => draw is >= -3 and < 5));
        Assert.AreEqual(1, draws.Average(), 0.1);
        for (int i = 0; i < 1000; i++)
        {
            (double x, double y) = random.Direction();
            Assert.AreEqual(1, (x * x) + (y * y), 1e-12);
        }
    }

    [TestMethod]
    public void A_surface_is_smooth_and_stays_within_one()
    {
        Func<double, double, double> surface = new RandomDraws(2).Surface(size: 100, cell: 20);
        for (double x = 0; x < 99; x++)
        {
            Assert.IsInRange(-1, 1, surface(x, 50));
            Assert.AreEqual(surface(x, 50), surface(x + 1, 50), 2 * 1.5 / 20, "the steepest slope of the interpolation");
        }
    }
}
