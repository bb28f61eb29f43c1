using CsCheck;
using MLNet.AnomalyNormalization.Evaluation.Curves;

namespace MLNet.AnomalyNormalization.Tests.Evaluation;

[TestClass]
public class RadixSortTests
{
    [TestMethod]
    public void Numbers_come_out_in_the_order_of_comparing()
        => Gen.OneOf(Gen.ULong.Array[0, 300], Gen.ULong[0, 1000].Array[0, 300], Gen.ULong[1UL << 40, (1UL << 40) + 9].Array[0, 50])
            .Check(2_000, numbers => CollectionAssert.AreEqual(numbers.Order().ToArray(), RadixSort.Sort([.. numbers])));

    [TestMethod]
    public void Sorting_stops_between_two_bytes()
        => Assert.ThrowsExactly<OperationCanceledException>(() => RadixSort.Sort([2, 1], new CancellationToken(canceled: true)));
}
