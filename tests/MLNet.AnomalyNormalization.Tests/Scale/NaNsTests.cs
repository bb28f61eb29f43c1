using CsCheck;
using MLNet.AnomalyNormalization.Scale;

namespace MLNet.AnomalyNormalization.Tests.Scale;

[TestClass]
public sealed class NaNsTests
{
    [TestMethod]
    public void The_first_NaN_is_found_wherever_it_stands()
        => Gen.Select(Gen.Int[0, 70], Gen.Int[0, 70].List[0, 2]).Check((length, places) =>
        {
            var scores = new float[length];
            foreach (int place in places.Where(place => place < scores.Length))
                scores[place] = BitConverter.UInt32BitsToSingle(place % 2 == 0 ? 0x7FC00000 : 0xFF800001);
            Assert.AreEqual(Array.FindIndex(scores, float.IsNaN), NaNs.IndexIn<float>(scores));
            Assert.AreEqual(Array.FindIndex(scores, float.IsNaN), NaNs.IndexIn<double>(Array.ConvertAll(scores, score => (double)score)));
            Assert.AreEqual(Array.FindIndex(scores, float.IsNaN), NaNs.IndexIn<Half>(Array.ConvertAll(scores, score => (Half)score)));
        }, seed: "0000000000001", iter: 500);
}
