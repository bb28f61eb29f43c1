using System.Net;
using MLNet.AnomalyNormalization.Orleans.Evaluation;

namespace MLNet.AnomalyNormalization.Orleans.Tests.Evaluation;

[TestClass]
public sealed class SiloSpreadTests
{
    private static readonly SiloAddress[] Silos =
        [.. Enumerable.Range(0, 3).Select(i => SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 1000 + i), 1))];

    [TestMethod]
    public void Silos_of_which_nothing_is_known_get_equal_shares()
    {
        var spread = new SiloSpread();
        spread.Know(Silos);

        SiloAddress?[] taken = [.. Enumerable.Range(0, 25).Select(_ => spread.Take())];

        CollectionAssert.AreEquivalent(new[] { 8, 8, 9 }, taken.CountBy(silo => silo!).Select(silo => silo.Value).ToArray());
    }

    [TestMethod]
    public void The_silo_that_is_done_gets_the_next_range()
    {
        var spread = new SiloSpread();
        spread.Know(Silos);
        SiloAddress?[] taken = [.. Enumerable.Range(0, 6).Select(_ => spread.Take())];

        spread.Return(taken[4]);
        spread.Know(Silos);

        Assert.AreEqual(taken[4], spread.Take(), "What is known stays known.");
    }

    [TestMethod]
    public void Silos_that_come_get_work_and_those_that_go_get_none()
    {
        var spread = new SiloSpread();
        Assert.IsNull(spread.Take());
        Assert.AreEqual(1, spread.Count);

        spread.Know(Silos[..1]);
        Assert.AreEqual(Silos[0], spread.Take());
        spread.Know(Silos[1..]);
        spread.Return(Silos[0]);

        CollectionAssert.AreEquivalent(Silos[1..], new[] { spread.Take(), spread.Take() });
        Assert.AreEqual(2, spread.Count);
    }
}
