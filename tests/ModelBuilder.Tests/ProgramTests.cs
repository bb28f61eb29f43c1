using System.Diagnostics;
using System.Text.RegularExpressions;

namespace ModelBuilder.Tests;

/// <summary>The real program, as a process of its own.</summary>
[TestClass]
public sealed partial class ProgramTests
{
    [TestMethod]
    public void In_an_empty_folder_it_draws_readings_trains_and_predicts_and_the_second_time_it_uses_what_is_there()
    {
        using var folder = new TemporaryFolder();
        string first = Run(folder[""]);
        MatchCollection rows = Prediction().Matches(first);
        Assert.HasCount(4, rows, first);
        foreach (Match row in rows)
            Assert.AreEqual(row.Groups[1].Value == "good" ? "good" : $"faulty, likely {row.Groups[1].Value}", row.Groups[2].Value, row.Value);

        string artifacts = folder["artifacts/ModelBuilder"];
        CollectionAssert.AreEquivalent(
            new[] { "PumpModel.mlnet", "readings.csv", "test.csv" },
            Directory.GetFileSystemEntries(artifacts).Select(Path.GetFileName).ToArray());
        byte[] model = File.ReadAllBytes(Path.Combine(artifacts, "PumpModel.mlnet"));
        Assert.AreEqual(first, Run(folder[""]));
        CollectionAssert.AreEqual(model, File.ReadAllBytes(Path.Combine(artifacts, "PumpModel.mlnet")), "not trained again");
    }

    private static string Run(string workingDirectory)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, "ModelBuilder.dll") },
            WorkingDirectory = workingDirectory,
            RedirectStandardOutput = true,
        };
        using Process process = Process.Start(start)!;
        string text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode, text);
        return text.ReplaceLineEndings("\n");
    }

    [GeneratedRegex(@"^(good|worn bearing|cavitation|blocked pipe) +[\d.]+ +[\d.]+  (good|faulty, likely .+)$", RegexOptions.Multiline)]
    private static partial Regex Prediction();
}
