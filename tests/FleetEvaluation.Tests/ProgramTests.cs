using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using MLNet.AnomalyNormalization.Tests;

namespace Fleet.Tests;

/// <summary>The real program, with silos in processes of their own.</summary>
[TestClass]
public sealed class ProgramTests
{
    private static TemporaryFolder s_folder = null!;

    [ClassInitialize]
    public static void MakeFolder(TestContext context) => s_folder = new TemporaryFolder();

    [ClassCleanup]
    public static void RemoveFolder() => s_folder.Dispose();

    [TestMethod]
    public void A_silo_that_is_killed_while_it_works_costs_no_bit_and_stations_remember_what_they_counted()
    {
        // Both write to the same folder, as two runs of a person would.
        string[] undisturbed = Run("--silos", "1");
        string[] disturbed = Run("--silos", "3", "--kill-one");

        Assert.HasCount(1, disturbed.Where(line => line.StartsWith("Killed the silo", StringComparison.Ordinal)));
        foreach (string[] output in new[] { undisturbed, disturbed })
        {
            CollectionAssert.Contains(output, "The same bits.");
            Assert.AreEqual(25, Shards(output).Sum(silo => silo.Count));
            string[][] figures = [.. Figures(output).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
            Assert.HasCount(6, figures);
            foreach (string[] line in figures)
                Assert.AreEqual(line[^2], line[^1]);
        }

        CollectionAssert.AreEqual(Figures(undisturbed), Figures(disturbed));
        Assert.HasCount(1, Shards(undisturbed));
        Assert.HasCount(1, undisturbed.Where(line => line.StartsWith("Station 'steady': 3000 rows", StringComparison.Ordinal)));
        Assert.HasCount(1, disturbed.Where(line => line.StartsWith("Station 'steady': 6000 rows", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void The_first_evaluation_of_a_cluster_is_spread_over_its_silos()
    {
        const int ShardsInHand = 6;
        (string Silo, int Count)[] silos = Shards(Run("--silos", "3"));

        Assert.HasCount(3, silos);
        foreach ((string silo, int count) in silos)
            Assert.IsGreaterThanOrEqualTo(ShardsInHand, count, silo);
    }

    [TestMethod]
    public void A_damaged_station_ends_the_program_by_its_name()
    {
        string output = s_folder["damaged"];
        Directory.CreateDirectory(Path.Combine(output, "stations"));
        string file = Path.Combine(output, "stations", $"station-{Convert.ToHexString(SHA256.HashData("station/steady"u8))}.state");
        File.WriteAllText(file, "This was a station once.");

        (int exitCode, _, string errors) = Start(["--silos", "1", "--output", output]);

        Assert.AreEqual(1, exitCode);
        StringAssert.Contains(errors, "'station/steady'", StringComparison.Ordinal);
        StringAssert.Contains(errors, file, StringComparison.Ordinal);
        Assert.HasCount(1, errors.Trim().Split('\n'));
    }

    [TestMethod]
    [DataRow("TERM", 143)]
    [DataRow("INT", 130)]
    public void A_signal_ends_all_silos(string signal, int exitCode)
    {
        if (!OperatingSystem.IsLinux())
            Assert.Inconclusive("Signals, and the processes of others, are looked at as Linux has them.");

        string output = s_folder[$"ended by {signal}"];
        using Process process = StartProcess(["--silos", "3", "--output", output]);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        while (process.StandardOutput.ReadLine() is { } line && line != "Started 3 silos")
        {
        }

        Assert.HasCount(3, SilosOf(output));
        using (Process kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]))
            kill.WaitForExit();

        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.AreEqual(exitCode, process.ExitCode, errors.Result);
        Assert.AreEqual("Ended before it was done.", errors.Result.Trim());
        Assert.IsEmpty(SilosOf(output));
    }

    [TestMethod]
    [DataRow("--silos 0", "--silos is '0'; expected a number from 1 to 16.", DisplayName = "no silo")]
    [DataRow("--silos", "Required argument missing for option: '--silos'.", DisplayName = "no value")]
    [DataRow("--silos 1 --kill-one", "--kill-one needs --silos 2 or more", DisplayName = "nobody to kill")]
    [DataRow("--output=/proc/x", "The output folder '/proc/x' can't be made or written to", DisplayName = "an output that can't be")]
    [DataRow("--silo 2", "Unrecognized command or argument '--silo'.", DisplayName = "a misspelt argument")]
    public void Arguments_that_mean_nothing_are_refused(string arguments, string message)
    {
        (int exitCode, _, string errors) = Start(arguments.Split(' '));

        Assert.AreEqual(1, exitCode);
        StringAssert.StartsWith(errors, message, StringComparison.Ordinal);
    }

    [TestMethod]
    public void Help_names_every_option_that_is_for_a_person()
    {
        (int exitCode, string output, string errors) = Start(["--help"]);

        Assert.AreEqual(0, exitCode, errors);
        foreach (string option in new[] { "--silos <N>", "--kill-one", "--output <DIR>" })
            StringAssert.Contains(output, option, StringComparison.Ordinal);
        Assert.DoesNotContain("--join", output);
    }

    private static (string Silo, int Count)[] Shards(string[] output)
        => [.. output.Select(line => Regex.Match(line, @"^  (\S+) evaluated (\d+) of 25 shards$")).Where(match => match.Success)
            .Select(match => (match.Groups[1].Value, int.Parse(match.Groups[2].Value, System.Globalization.CultureInfo.InvariantCulture)))];

    private static string[] Figures(string[] output)
        => [.. output.SkipWhile(line => !line.Contains("this process alone", StringComparison.Ordinal)).Skip(1)
            .TakeWhile(line => line != "The same bits.")];

    private static string[] Run(params string[] arguments)
    {
        (int exitCode, string output, string errors) = Start([.. arguments, "--output", s_folder["output"]]);
        Assert.AreEqual(0, exitCode, errors);
        Assert.AreEqual("", errors);
        return output.Split(Environment.NewLine);
    }

    private static (int ExitCode, string Output, string Errors) Start(string[] arguments)
    {
        using Process process = StartProcess(arguments);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }

    private static Process StartProcess(string[] arguments)
    {
        string program = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "FleetEvaluation.exe" : "FleetEvaluation");

        // What a shell without job control starts in the background ignores SIGINT, and hands that on to all that it starts.
        if (OperatingSystem.IsLinux())
            (program, arguments) = ("env", ["--default-signal=INT", program, .. arguments]);
        return Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
    }

    private static string[] SilosOf(string output)
        => [.. Directory.GetDirectories("/proc")
            .Where(process => CommandLine(Path.Combine(process, "cmdline")).Contains(output, StringComparison.Ordinal))];

    private static string CommandLine(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The process has ended, or is none.
            return "";
        }
    }
}
