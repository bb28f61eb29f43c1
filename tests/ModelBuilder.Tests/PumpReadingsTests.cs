namespace ModelBuilder.Tests;

[TestClass]
public sealed class PumpReadingsTests
{
    [TestMethod]
    public void The_same_seed_draws_the_same_file_and_another_one_another()
    {
        using var folder = new TemporaryFolder();
        PumpReadings.Save(folder["a.csv"], seed: 1, good: 20, faulty: 5);
        PumpReadings.Save(folder["b.csv"], seed: 1, good: 20, faulty: 5);
        PumpReadings.Save(folder["c.csv"], seed: 2, good: 20, faulty: 5);
        string[] lines = File.ReadAllLines(folder["a.csv"]);
        CollectionAssert.AreEqual(lines, File.ReadAllLines(folder["b.csv"]));
        CollectionAssert.AreNotEqual(lines, File.ReadAllLines(folder["c.csv"]));
        Assert.HasCount(1 + 20 + 5, lines);
        Assert.HasCount(20, lines.Where(line => line.EndsWith(",good", StringComparison.Ordinal)));
    }
}
