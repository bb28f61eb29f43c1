using MLNet.AnomalyNormalization.Vision.Training;

namespace MLNet.AnomalyNormalization.Vision.Tests;

[TestClass]
public sealed class PatchSampleTests
{
    [TestMethod]
    public void All_patches_are_kept_up_to_the_limit()
    {
        PatchSample sample = Filled(count: 3000, limit: 3000, seed: 0);
        Assert.AreEqual(3000, sample.Features.Count);
        for (int i = 0; i < 3000; i++)
            Assert.AreEqual((i, -i, i / 10), (sample.Features[i][0], sample.Projections[i][0], sample.PhotoOf(i)));
    }

    [TestMethod]
    public void Beyond_the_limit_every_patch_is_as_likely_as_any_other_and_keeps_its_own()
    {
        var kept = new int[2000];
        for (int seed = 0; seed < 200; seed++)
        {
            PatchSample sample = Filled(count: 2000, limit: 500, seed);
            Assert.AreEqual(500, sample.Features.Count);
            Assert.AreEqual(2000, sample.Seen);
            for (int i = 0; i < 500; i++)
            {
                int patch = (int)sample.Features[i][0];
                kept[patch]++;
                Assert.AreEqual((-patch, patch / 10), (sample.Projections[i][0], sample.PhotoOf(i)));
            }
        }

        // 50 of 200 each, with a deviation of about 6; tenths of all patches have 10,000 with one of about 75.
        foreach (int[] tenth in kept.Chunk(200))
            Assert.AreEqual(10_000, tenth.Sum(), 400);
    }

    [TestMethod]
    public void The_same_seed_keeps_the_same_patches()
    {
        Assert.AreEqual(Text(5), Text(5));
        Assert.AreNotEqual(Text(5), Text(6));

        static string Text(int seed)
        {
            PatchSample sample = Filled(count: 2000, limit: 500, seed);
            return string.Join(' ', Enumerable.Range(0, 500).Select(i => sample.Features[i][0]));
        }
    }

    [TestMethod]
    public void Rows_are_found_by_their_photo()
        => CollectionAssert.AreEqual(
            (int[])[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 20, 21, 22, 23, 24],
            Filled(count: 25, limit: 100, seed: 0).RowsOf(photo => photo != 1));

    private static PatchSample Filled(int count, int limit, int seed)
    {
        var sample = new PatchSample(width: 2, projectedWidth: 1, limit, seed);
        for (int i = 0; i < count; i++)
            sample.Add(i / 10, [i, 0], [-i]);
        return sample;
    }
}
