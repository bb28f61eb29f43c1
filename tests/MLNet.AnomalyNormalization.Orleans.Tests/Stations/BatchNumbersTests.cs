using CsCheck;
using MLNet.AnomalyNormalization.Orleans.Stations;
using MLNet.AnomalyNormalization.Tests;

namespace MLNet.AnomalyNormalization.Orleans.Tests.Stations;

[TestClass]
public sealed class BatchNumbersTests
{
    [TestMethod]
    public void Numbers_in_any_order_are_remembered_as_a_set_remembers_them()
        => Gen.Long[0, 60].Array[0, 80].Check(numbers =>
        {
            var ranges = new List<long>();
            var set = new HashSet<long>();
            foreach (long number in numbers)
                Assert.AreEqual(set.Add(number), BatchNumbers.Add(ranges, number));

            Assert.AreEqual(set.Count == 0 ? 0 : set.Max() + 1 - set.Count, BatchNumbers.CountMissing(ranges));
            CollectionAssert.AreEqual(
                set.Order().Where(number => !set.Contains(number - 1)).SelectMany(first => new[] { first, Last(first) }).ToList(), ranges);

            long Last(long first) => Enumerable.Range(0, 100).Select(i => first + i).First(number => !set.Contains(number + 1));
        }, seed: "0000KOIPe036", iter: 2000);

    [TestMethod]
    public void Consecutive_numbers_take_the_same_room_however_many_they_are()
    {
        var ranges = new List<long>();
        for (long number = 100_000; number-- > 0;)
            BatchNumbers.Add(ranges, number);

        CollectionAssert.AreEqual(new long[] { 0, 99_999 }, ranges);
    }

    [TestMethod]
    public void More_gaps_than_can_be_kept_are_refused_but_not_the_numbers_that_fill_them()
    {
        var ranges = new List<long>();
        for (long number = 0; number < 4096; number++)
            BatchNumbers.Add(ranges, 2 * number);

        InvalidOperationException refused = Assert.ThrowsExactly<InvalidOperationException>(() => BatchNumbers.Add(ranges, 1_000_000));

        StringAssert.Contains(refused.Message, "Batch 1000000 would be apart from all others", StringComparison.Ordinal);
        Assert.IsTrue(BatchNumbers.Add(ranges, 1));
    }
}
