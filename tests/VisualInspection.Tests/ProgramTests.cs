using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.ML;
using SkiaSharp;

namespace VisualInspection.Tests;

/// <summary>The real program, as a process of its own.</summary>
[TestClass]
public sealed partial class ProgramTests
{
    private static TemporaryFolder Folder = null!;
    private static Run Drawn = null!;

    private static string Output => Folder["output"];

    [ClassInitialize]
    public static void Run_on_the_drawn_images(TestContext context)
    {
        Folder = new TemporaryFolder();
        Drawn = Start("--output", Output);
    }

    [ClassCleanup]
    public static void Clean() => Folder.Dispose();

    [TestMethod]
    public void Without_arguments_it_draws_images_learns_and_finds_the_defects()
    {
        Assert.AreEqual(0, Drawn.ExitCode, Drawn.Errors);
        Assert.AreEqual("", Drawn.Errors);
        Assert.HasCount(50, Drawn.Table);
        Assert.IsGreaterThanOrEqualTo(0.99, Drawn.ImageAuroc);
        int found = Drawn.Table.Count(row => row.IsDefect && row.IsAnomalous);
        Assert.IsGreaterThanOrEqualTo(27, found);
        Assert.IsLessThan(30, found, "the subtlest defects are meant to be hard");
        Assert.IsLessThanOrEqualTo(1, Drawn.Table.Count(row => !row.IsDefect && row.IsAnomalous));
    }

    [TestMethod]
    public void Every_decision_in_the_table_is_whether_the_normalised_score_reads_100()
    {
        foreach (Row row in Drawn.Table)
            Assert.AreEqual(row.NormalizedScore >= 100, row.IsAnomalous, row.Image);
    }

    [TestMethod]
    public void The_counts_below_the_table_are_those_of_its_rows()
    {
        foreach ((string name, bool isDefect, bool isAnomalous) in new[]
            { ("True positives", true, true), ("False negatives", true, false), ("False positives", false, true), ("True negatives", false, false) })
        {
            int count = Drawn.Table.Count(row => row.IsDefect == isDefect && row.IsAnomalous == isAnomalous);
            Assert.AreEqual(count, Drawn.Number(name), name);
        }
    }

    [TestMethod]
    public void The_printed_AUROC_is_the_share_of_pairs_that_the_printed_raw_scores_have_in_the_right_order() => IsPairwise(Drawn);

    [TestMethod]
    public void With_masks_the_pixels_are_evaluated_too()
    {
        Assert.IsGreaterThanOrEqualTo(0.97, Drawn.PixelNumber("AUROC"));
        Assert.IsGreaterThanOrEqualTo(0.92, Drawn.PixelNumber("AUPRO"));
        Assert.IsGreaterThanOrEqualTo(0.6, Drawn.PixelNumber("AUPIMO"));
        Assert.IsGreaterThanOrEqualTo(0.15, Drawn.PixelNumber("F1"), "a map of patches is wider than a cut");
    }

    [TestMethod]
    public void What_100_stands_for_is_printed_with_its_interval()
    {
        foreach (string what in new[] { "an image", "a pixel" })
        {
            string pattern = $@"^100 stands for (\S+) of {what}; 95 % interval (\S+) to (\S+), 24 good images\.$";
            GroupCollection groups = Regex.Match(Drawn.Text, pattern, RegexOptions.Multiline).Groups;
            double[] numbers = [.. groups.Values.Skip(1).Select(group => double.Parse(group.Value, CultureInfo.InvariantCulture))];
            Assert.HasCount(3, numbers, Drawn.Text);
            Assert.IsTrue(0 < numbers[1] && numbers[1] < numbers[0] && numbers[0] < numbers[2], Drawn.Text);
        }
    }

    [TestMethod]
    public void Progress_and_the_paths_of_what_it_wrote_are_printed()
    {
        StringAssert.StartsWith(Drawn.Text, """
            Drawing images: 74 of 74
            Looking at good images: 24 of 24
            Choosing what to remember: 6000 of 6000
            Finding the thresholds: 24 of 24
            Inspecting new images: 50 of 50

            """);
        Assert.DoesNotContain('\r', Drawn.Text, "no terminal, so no line that changes");

        string[] written = [.. new[] { "drawn", "model.onnx", "normalized.onnx", "pipeline.zip", "report" }.Select(name => Path.Combine(Output, name))];
        foreach (string path in written)
            StringAssert.Contains(Drawn.Text, path);
        CollectionAssert.AreEquivalent(written, Directory.GetFileSystemEntries(Output), "and nothing else is left behind");
    }

    [TestMethod]
    public void The_last_line_leads_to_a_report_on_all_images_with_the_counts_and_scores_that_were_printed()
    {
        string page = Path.Combine(Output, "report", "report.html");
        Assert.AreEqual($"Report    {page}", Drawn.Text.TrimEnd().Split('\n')[^1]);
        string html = File.ReadAllText(page);
        foreach (Row row in Drawn.Table)
            StringAssert.Contains(html, $"<h3>{row.Image}</h3>");
        Assert.HasCount(Drawn.Table.Length + 1, html.Split("<h3>"));
        Assert.HasCount(Drawn.Table.Length + 1, html.Split("alt=\"true mask\""));
        foreach ((string cell, bool isDefect, bool isAnomalous) in new[]
            { ("passed", false, false), ("overkill", false, true), ("escape", true, false), ("found", true, true) })
        {
            int count = Drawn.Table.Count(row => row.IsDefect == isDefect && row.IsAnomalous == isAnomalous);
            StringAssert.Matches(html, new Regex($"<td id=\"{cell}\"[^>]*>{count}</td>"));
        }

        using JsonDocument output = JsonDocument.Parse(File.ReadAllText(Path.Combine(Output, "report", "anomaly_test_output.json")));
        var scores = output.RootElement.GetProperty("observations").EnumerateArray().ToDictionary(
            image => Path.Combine(image.GetProperty("image_path").GetString()!, image.GetProperty("file_name").GetString()!),
            image => image.GetProperty("anomaly_score").GetString());
        foreach (Row row in Drawn.Table)
        {
            string score = row.NormalizedScore.ToString("F3", CultureInfo.InvariantCulture);
            Assert.AreEqual(score, scores[Path.Combine(Output, "drawn", "test", row.Image)]);
        }
    }

    [TestMethod]
    public void The_saved_pipeline_gives_the_scores_of_the_table_with_and_without_the_normaliser_put_back()
    {
        var mlContext = new MLContext();
        string zip = Path.Combine(Output, "pipeline.zip");
        foreach (ITransformer pipeline in new[] { mlContext.Model.LoadAnomalyModel(zip, out _), mlContext.Model.Load(zip, out _) })
        {
            using PredictionEngine<ImageFile, Inspection> engine = mlContext.Model.CreatePredictionEngine<ImageFile, Inspection>(pipeline);
            foreach (Row row in Drawn.Table.Where((_, i) => i % 7 == 0))
            {
                Inspection inspection = engine.Predict(new ImageFile { Path = Path.Combine(Output, "drawn", "test", row.Image) });
                Assert.AreEqual(row.NormalizedScore, inspection.NormalizedScore[0], 0.0006, row.Image);
                Assert.AreEqual(row.IsAnomalous, inspection.PredictedLabel[0], row.Image);
            }
        }
    }

    [TestMethod]
    public void The_map_of_a_found_defect_is_highest_within_a_window_of_it()
    {
        const int WindowRadius = 5;
        var mlContext = new MLContext();
        ITransformer pipeline = mlContext.Model.LoadAnomalyModel(Path.Combine(Output, "pipeline.zip"), out _);
        using PredictionEngine<ImageFile, Inspection> engine = mlContext.Model.CreatePredictionEngine<ImageFile, Inspection>(pipeline);
        foreach (string image in Drawn.Table.Where(row => row.IsDefect && row.IsAnomalous).Select(row => row.Image))
        {
            float[] map = engine.Predict(new ImageFile { Path = Path.Combine(Output, "drawn", "test", image) }).NormalizedMap;
            int peak = Array.IndexOf(map, map.Max());
            const int Side = DrawnModel.ShorterSide;
            (int peakY, int peakX) = (peak / Side, peak % Side);

            string maskName = image.Replace(".png", "_mask.png", StringComparison.Ordinal);
            using SKBitmap mask = SKBitmap.Decode(Path.Combine(Output, "drawn", "ground_truth", maskName));
            SKColor[] pixels = mask.Pixels;
            Assert.IsTrue(
                Enumerable.Range(0, pixels.Length).Any(i => pixels[i].Red == 255
                    && Math.Abs((i / Fabric.Size * Side / Fabric.Size) - peakY) <= WindowRadius
                    && Math.Abs((i % Fabric.Size * Side / Fabric.Size) - peakX) <= WindowRadius),
                $"{image}: the map is highest at row {peakY}, column {peakX}");
        }
    }

    [TestMethod]
    public void The_same_folder_gives_the_same_table_again_and_replaces_the_files()
    {
        Run again = Start("--images", Path.Combine(Output, "drawn"), "--output", Folder["again"]);
        CollectionAssert.AreEqual(Drawn.Table, again.Table);
        CollectionAssert.AreEqual(
            File.ReadAllBytes(Path.Combine(Output, "model.onnx")), File.ReadAllBytes(Path.Combine(Folder["again"], "model.onnx")));
    }

    [TestMethod]
    public void On_real_photos_defects_score_higher_than_good_ones()
    {
        string cookie = Path.Combine(RepositoryRoot(), "..", "shared", "data", "cookie");
        if (!Directory.Exists(cookie))
            Assert.Inconclusive($"There are no photos in '{cookie}'.");

        Run run = Start("--images", cookie, "--output", Folder["cookie"]);
        Assert.AreEqual(0, run.ExitCode, run.Errors);
        Assert.HasCount(22, run.Table);
        Assert.IsGreaterThanOrEqualTo(0.99, run.ImageAuroc);
        IsPairwise(run);
        Assert.AreEqual(0, run.Table.Count(row => !row.IsDefect && row.IsAnomalous));
        Assert.IsLessThanOrEqualTo(1, run.Table.Count(row => row.IsDefect && !row.IsAnomalous));
        Assert.IsGreaterThanOrEqualTo(0.97, run.PixelNumber("AUROC"));
        Assert.IsGreaterThanOrEqualTo(0.90, run.PixelNumber("AUPRO"));
        Assert.IsGreaterThanOrEqualTo(0, run.PixelNumber("AUPIMO"));
    }

    [TestMethod]
    [DataRow("", "--verbose", "'--verbose'", DisplayName = "an unknown argument")]
    [DataRow("", "--images", "Required argument missing for option: '--images'", DisplayName = "an argument without its value")]
    [DataRow("", "--images,--output", "There is no folder '--output'", DisplayName = "an argument in place of a value")]
    [DataRow("", "--output,", "--output is empty", DisplayName = "an empty name")]
    [DataRow("", "--side,much", "--side is 'much'", DisplayName = "a side that is no number")]
    [DataRow("", "--side,100", "expected a multiple of 16", DisplayName = "a side that the network can't halve four times")]
    [DataRow("", "--images,a,--images,b", "'--images' expects a single argument", DisplayName = "an argument given twice")]
    [DataRow("", "--images=nowhere", "There is no folder 'nowhere'", DisplayName = "a wrong folder behind =")]
    [DataRow("", "--images,nowhere", "There is no folder 'nowhere'", DisplayName = "a wrong folder")]
    [DataRow("train/good", "", "has 0 good images", DisplayName = "a folder without good images")]
    [DataRow("train/good/1.png", "", "has 1 good images", DisplayName = "too few good images")]
    [DataRow("test", "", "0 in test/<class>", DisplayName = "nothing to inspect")]
    public void What_can_t_be_used_gets_one_clear_line_and_nothing_is_written(string removed, string arguments, string message)
    {
        SmallImages.WriteFolder(Folder["incomplete"]);
        string missing = Path.Combine(Folder["incomplete"], removed);
        if (File.Exists(missing))
            File.Delete(missing);
        else if (removed.Length > 0)
            Directory.Delete(missing, recursive: true);

        string[] complete = ["--images", Folder["incomplete"], "--output", Folder["unwritten"]];
        Run run = Start(arguments.Length > 0 ? arguments.Split(',') : complete);
        Refused(run, message);
        Assert.IsFalse(Directory.Exists(Folder["unwritten"]));
        Directory.Delete(Folder["incomplete"], recursive: true);
    }

    [TestMethod]
    [DataRow(0, DisplayName = "empty")]
    [DataRow(-1, DisplayName = "text with the name of an image")]
    [DataRow(40, DisplayName = "cut off in the header")]
    [DataRow(500, DisplayName = "cut off in the pixels, which a lenient decoder fills with grey")]
    public void A_damaged_image_is_named_and_earlier_results_stay(int length)
    {
        SmallImages.WriteFolder(Folder["damaged"]);
        string image = Path.Combine(Folder["damaged"], "test", "good", "0.png");
        byte[] whole = File.ReadAllBytes(image);
        Assert.IsGreaterThan(500, whole.Length);
        File.WriteAllBytes(image, length < 0 ? "hello"u8.ToArray() : whole[..length]);
        Directory.CreateDirectory(Folder["earlier"]);
        File.WriteAllText(Path.Combine(Folder["earlier"], "model.onnx"), "earlier");

        Refused(Start("--images", Folder["damaged"], "--output", Folder["earlier"], "--side", "32"), image);

        Assert.AreEqual("earlier", File.ReadAllText(Path.Combine(Folder["earlier"], "model.onnx")));
        Assert.HasCount(1, Directory.GetFileSystemEntries(Folder["earlier"]));
        Directory.Delete(Folder["damaged"], recursive: true);
    }

    [TestMethod]
    public void Help_names_every_option_and_does_nothing_else()
    {
        Run run = Start("--help", "--output", Folder["helped"]);
        Assert.AreEqual(0, run.ExitCode, run.Errors);
        foreach (string option in new[] { "--images <DIR>", "--output <DIR>", "--side <N>" })
            StringAssert.Contains(run.Text, option);
        Assert.IsFalse(Directory.Exists(Folder["helped"]));
    }

    [TestMethod]
    public void An_output_that_can_t_be_made_is_refused_by_its_name()
    {
        File.WriteAllText(Folder["no folder"], "");
        string output = Path.Combine(Folder["no folder"], "within");
        Refused(Start($"--output={output}"), $"The output folder '{output}' can't be made or written to");
    }

    [TestMethod]
    public void An_output_that_is_a_file_is_refused_and_left_alone()
    {
        File.WriteAllText(Folder["taken"], "mine");
        Refused(Start("--output", Folder["taken"]), $"The output folder '{Folder["taken"]}' can't be made or written to");
        Assert.AreEqual("mine", File.ReadAllText(Folder["taken"]));
    }

    [TestMethod]
    public void A_report_folder_with_something_else_in_it_is_refused_and_everything_stays_as_it_was()
    {
        SmallImages.WriteFolder(Folder["kept"]);
        Directory.CreateDirectory(Folder["kept output/report"]);
        File.WriteAllText(Folder["kept output/report/notes.txt"], "mine");
        Run run = Start("--images", Folder["kept"], "--output", Folder["kept output"]);
        Assert.AreEqual(1, run.ExitCode, run.Text);
        StringAssert.Contains(run.Errors, "holds 'notes.txt', which is no part of a report");
        Assert.AreEqual("mine", File.ReadAllText(Folder["kept output/report/notes.txt"]));
        Assert.HasCount(1, Directory.GetFileSystemEntries(Folder["kept output"]));
    }

    [TestMethod]
    public void The_fewest_images_and_only_good_ones_to_inspect_still_make_a_run()
    {
        SmallImages.WriteFolder(Folder["small"]);
        Run run = Start("--images", Folder["small"], "--output", Folder["small output"]);
        Assert.AreEqual(0, run.ExitCode, run.Errors);
        StringAssert.Matches(run.Text, new(@"^AUROC +–  \(not defined: .+\)$", RegexOptions.Multiline));
        Assert.DoesNotContain("AUPRO", run.Text, "without masks no pixel is evaluated");
    }

    [TestMethod]
    public void A_defective_image_without_a_mask_among_masks_is_named_and_nothing_is_written()
    {
        SmallImages.WriteFolder(Folder["masked"]);
        SmallImages.Write(Folder["masked/test/hole/a.png"]);
        SmallImages.Write(Folder["masked/test/hole/b.png"]);
        SmallImages.WriteMask(Folder["masked/ground_truth/hole/a_mask.png"]);
        string[] arguments = ["--images", Folder["masked"], "--output", Folder["masked output"]];
        Refused(Start(arguments), $"'{Path.Combine(Folder["masked"], "test", "hole", "b.png")}' has no mask");
        Assert.IsFalse(Directory.Exists(Folder["masked output"]));

        SmallImages.WriteMask(Folder["masked/ground_truth/hole/b_mask.png"]);
        Run complete = Start(arguments);
        Assert.AreEqual(0, complete.ExitCode, complete.Errors);
        StringAssert.Matches(
            complete.Text, new(@"^AUPIMO +–  \(not defined: .+\)$", RegexOptions.Multiline), "few good pixels can't resolve its rates");
    }

    // Scores that print alike may have been either way round.
    private static void IsPairwise(Run run)
    {
        (double Defective, double Good)[] pairs =
        [
            .. from defective in run.Table.Where(row => row.IsDefect)
               from good in run.Table.Where(row => !row.IsDefect)
               select (defective.RawScore, good.RawScore),
        ];
        const double Rounding = 0.00005 + 1e-9;
        double surely = (double)pairs.Count(pair => pair.Defective > pair.Good) / pairs.Length;
        double perhaps = (double)pairs.Count(pair => pair.Defective >= pair.Good) / pairs.Length;
        Assert.IsInRange(surely - Rounding, perhaps + Rounding, run.ImageAuroc);
    }

    private static void Refused(Run run, string message)
    {
        Assert.AreEqual(1, run.ExitCode, run.Text);
        StringAssert.Contains(run.Errors, message);
        Assert.HasCount(1, run.Errors.TrimEnd().Split('\n'), run.Errors);
        Assert.IsEmpty(run.Table);
    }

    private static Run Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, "VisualInspection.dll") },
            WorkingDirectory = Folder[""],
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);

        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new Run(process.ExitCode, text.ReplaceLineEndings("\n"), errors.Result);
    }

    private static string RepositoryRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (folder.GetFiles("*.sln").Length > 0)
                return folder.FullName;
        }

        throw new InvalidOperationException($"There is no solution above '{AppContext.BaseDirectory}'.");
    }

    [GeneratedRegex(@"^(\S+\.\w+) +([\d.]+) +([\d.]+) +[\d.]+ ?%  (good|anomalous)", RegexOptions.Multiline)]
    private static partial Regex TableRow { get; }

    private sealed record Row(string Image, double RawScore, double NormalizedScore, bool IsAnomalous)
    {
        public bool IsDefect => !Image.StartsWith("good/", StringComparison.Ordinal);
    }

    private sealed record Run(int ExitCode, string Text, string Errors)
    {
        public Row[] Table =>
        [
            .. TableRow.Matches(Text).Select(match => new Row(
                match.Groups[1].Value,
                double.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture),
                double.Parse(match.Groups[3].Value, CultureInfo.InvariantCulture),
                match.Groups[4].Value == "anomalous")),
        ];

        public double ImageAuroc => Number("AUROC");

        /// <summary>The number that is printed after the name: that of the images.</summary>
        public double Number(string name) => Numbers(name)[0];

        /// <summary>The number that is printed last in the line of the name: that of the pixels.</summary>
        public double PixelNumber(string name) => Numbers(name)[^1];

        private double[] Numbers(string name)
        {
            Group numbers = Regex.Match(Text, $@"^{name}((?: +[\d.,]+)+)$", RegexOptions.Multiline).Groups[1];
            return [.. numbers.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(number => double.Parse(number, NumberStyles.Number, CultureInfo.InvariantCulture))];
        }
    }
}
