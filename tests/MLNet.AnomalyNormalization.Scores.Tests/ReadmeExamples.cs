using MLNet.AnomalyNormalization.Tests;
using Parquet.Schema;

namespace MLNet.AnomalyNormalization.Scores.Tests;

[TestClass]
public sealed class ReadmeExamples
{
    [TestMethod]
    public async Task Recorded_scores_are_read_and_give_a_threshold()
    {
        using var folder = new TemporaryFolder();
        float[] scores = [.. Enumerable.Range(0, 200).Select(i => i / 100f)];
        await RecordedScoresTests.Write(
            folder["monday.parquet"],
            (new DataField<float>("Score"), (group, field) => group.WriteAsync<float>(field, scores)),
            (new DataField<int>("Label"), (group, field) => group.WriteAsync<int>(field, new int[scores.Length])));
        string before = Environment.CurrentDirectory;
        try
        {
            Environment.CurrentDirectory = folder[""];
            RecordedScores recorded = RecordedScores.Read("monday.parquet");                // columns Score and, 0, 1 or unknown, Label
            ThresholdFit fit = ThresholdStrategy.FalsePositiveRate(0.01).Fit([.. recorded.Scores]);
            Assert.AreEqual(1.98, fit.Threshold, 0.02);
        }
        finally
        {
            Environment.CurrentDirectory = before;
        }
    }
}
