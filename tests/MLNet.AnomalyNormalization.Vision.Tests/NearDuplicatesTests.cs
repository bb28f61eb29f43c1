using MLNet.AnomalyNormalization.Vision.Training;

namespace MLNet.AnomalyNormalization.Vision.Tests;

[TestClass]
public sealed class NearDuplicatesTests
{
    [TestMethod]
    [DataRow("0 10 20 30", "", DisplayName = "evenly apart: none")]
    [DataRow("0 10 10.5 20 30", "1,2", DisplayName = "a pair much nearer than usual")]
    [DataRow("0 10 10.5 11 20 30 40", "1,2,3", DisplayName = "three in a chain")]
    [DataRow("0 6 16 26 36", "", DisplayName = "somewhat nearer than usual is no twin")]
    [DataRow("5 5", "0,1", DisplayName = "the same photo twice and nothing else")]
    [DataRow("0 8", "", DisplayName = "two photos that differ")]
    [DataRow("0 0 10 10 20 20", "0,1|2,3|4,5", DisplayName = "every photo twice, to the bit")]
    public void Photos_much_nearer_to_each_other_than_usual_are_near_duplicates(string places, string expected)
    {
        (int[] groupOf, IReadOnlyList<IReadOnlyList<int>> duplicates) = NearDuplicates.Find(Summaries(places), given: null);
        Assert.AreEqual(expected, string.Join('|', duplicates.Select(group => string.Join(',', group))));
        foreach (IReadOnlyList<int> group in duplicates)
            Assert.HasCount(1, group.Select(photo => groupOf[photo]).Distinct().ToArray());
    }

    [TestMethod]
    public void Given_groups_are_joined_with_near_duplicates()
    {
        (int[] groupOf, IReadOnlyList<IReadOnlyList<int>> duplicates)
            = NearDuplicates.Find(Summaries("0 10 10.5 20 30"), [7, 7, 8, 8, 9]);
        CollectionAssert.AreEqual((int[])[0, 0, 0, 0, 4], groupOf);
        Assert.AreEqual("1,2", string.Join(',', duplicates.Single()));
    }

    private static float[][] Summaries(string places)
        => [.. places.Split(' ').Select(place => (float[])[float.Parse(place, System.Globalization.CultureInfo.InvariantCulture), 0])];
}
