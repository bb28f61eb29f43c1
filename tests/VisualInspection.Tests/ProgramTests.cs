using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.ML;
using SkiaSharp;

namespace VisualInspection.Tests;

/// <summary>The real program, as a process of its own.</summary>
[TestClass]
public sealed partial class ProgramTests
{
    private static TemporaryFolder s_folder = null!;
    private static Run s_drawn = null!;

    private static string Output => s_folder["output"];

    [ClassInitialize]
    public static void Run_on_the_drawn_images(TestContext context)
    {
        s_folder = new TemporaryFolder();
        s_drawn = Start("--output", Output);
    }

    [ClassCleanup]
    public static void Clean() => s_folder.Dispose();

    [TestMethod]
    public void Without_arguments_it_draws_images_learns_and_finds_the_defects()
    {
        Assert.AreEqual(0, s_drawn.ExitCode, s_drawn.Errors);
        Assert.AreEqual("", s_drawn.Errors);
        Assert.HasCount(50, s_drawn.Table);
        Assert.IsGreaterThanOrEqualTo(0.95, s_drawn.ImageAuroc);
        Assert.IsLessThan(1.0, s_drawn.ImageAuroc, "the subtlest defects are meant to be hard");
        Assert.IsGreaterThanOrEqualTo(24, s_drawn.Table.Count(row => row.IsDefect && row.IsAnomalous));
        Assert.IsLessThanOrEqualTo(2, s_drawn.Table.Count(row => !row.IsDefect && row.IsAnomalous));
    }

    [TestMethod]
    public void Every_decision_in_the_table_is_whether_the_normalised_score_reads_100()
    {
        foreach (Row row in s_drawn.Table)
            Assert.AreEqual(row.NormalizedScore >= 100, row.IsAnomalous, row.Image);
    }

    [TestMethod]
    public void The_counts_below_the_table_are_those_of_its_rows()
    {
        foreach (bool isDefect in new[] { false, true })
        {
            Row[] rows = [.. s_drawn.Table.Where(row => row.IsDefect == isDefect)];
            int anomalous = rows.Count(row => row.IsAnomalous);
            string pattern = $"^really {(isDefect ? "anomalous" : "good")} +{rows.Length - anomalous} +{anomalous}$";
            StringAssert.Matches(s_drawn.Text, new Regex(pattern, RegexOptions.Multiline));
        }
    }

    [TestMethod]
    public void Progress_and_the_paths_of_what_it_wrote_are_printed()
    {
        StringAssert.StartsWith(s_drawn.Text, """
            Drawing images: 74 of 74
            Checking images: 74 of 74
            Learning from good images: 24 of 24
            Finding the thresholds: 24 of 24
            Inspecting new images: 50 of 50

            """);
        Assert.DoesNotContain('\r', s_drawn.Text, "no terminal, so no line that changes");

        string[] written = [Path.Combine(Output, "drawn"), Path.Combine(Output, "model.onnx"), Path.Combine(Output, "pipeline.zip")];
        foreach (string path in written)
            StringAssert.Contains(s_drawn.Text, path);
        CollectionAssert.AreEquivalent(written, Directory.GetFileSystemEntries(Output), "and nothing else is left behind");
    }

    [TestMethod]
    public void The_saved_pipeline_gives_the_scores_of_the_table_with_and_without_the_normaliser_put_back()
    {
        var mlContext = new MLContext();
        string zip = Path.Combine(Output, "pipeline.zip");
        foreach (ITransformer pipeline in new[] { mlContext.Model.LoadAnomalyModel(zip, out _), mlContext.Model.Load(zip, out _) })
        {
            using PredictionEngine<ImageFile, Inspection> engine = mlContext.Model.CreatePredictionEngine<ImageFile, Inspection>(pipeline);
            foreach (Row row in s_drawn.Table.Where((_, i) => i % 7 == 0))
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
        foreach (string image in s_drawn.Table.Where(row => row.IsDefect && row.IsAnomalous).Select(row => row.Image))
        {
            float[] map = engine.Predict(new ImageFile { Path = Path.Combine(Output, "drawn", "test", image) }).NormalizedMap;
            int peak = Array.IndexOf(map, map.Max());
            (int peakY, int peakX) = (peak / Fabric.Size, peak % Fabric.Size);

            string maskName = image.Replace(".png", "_mask.png", StringComparison.Ordinal);
            using SKBitmap mask = SKBitmap.Decode(Path.Combine(Output, "drawn", "ground_truth", maskName));
            SKColor[] pixels = mask.Pixels;
            Assert.IsTrue(
                Enumerable.Range(0, map.Length).Any(i => pixels[i].Red == 255
                    && Math.Abs((i / Fabric.Size) - peakY) <= WindowRadius && Math.Abs((i % Fabric.Size) - peakX) <= WindowRadius),
                $"{image}: the map is highest at row {peakY}, column {peakX}");
        }
    }

    [TestMethod]
    public void The_same_folder_gives_the_same_table_again_and_replaces_the_files()
    {
        Run again = Start("--images", Path.Combine(Output, "drawn"), "--output", s_folder["again"]);
        CollectionAssert.AreEqual(s_drawn.Table, again.Table);
        CollectionAssert.AreEqual(
            File.ReadAllBytes(Path.Combine(Output, "model.onnx")), File.ReadAllBytes(Path.Combine(s_folder["again"], "model.onnx")));
    }

    [TestMethod]
    public void On_real_photos_defects_score_higher_than_good_ones()
    {
        string cookie = Path.Combine(RepositoryRoot(), "..", "shared", "data", "cookie");
        if (!Directory.Exists(cookie))
            Assert.Inconclusive($"There are no photos in '{cookie}'.");

        Run run = Start("--images", cookie, "--output", s_folder["cookie"]);
        Assert.AreEqual(0, run.ExitCode, run.Errors);
        Assert.HasCount(22, run.Table);
        Assert.IsGreaterThanOrEqualTo(0.93, run.ImageAuroc);
    }

    [TestMethod]
    [DataRow("", "--verbose", "Unknown argument '--verbose'", DisplayName = "an unknown argument")]
    [DataRow("", "--images", "--images needs a folder", DisplayName = "an argument without its value")]
    [DataRow("", "--images,--output,x", "--images needs a folder", DisplayName = "an argument in place of a value")]
    [DataRow("", "--images,a,--images,b", "given twice", DisplayName = "an argument given twice")]
    [DataRow("", "--images,nowhere", "There is no folder 'nowhere'", DisplayName = "a wrong folder")]
    [DataRow("train/good", "", "has 0 images", DisplayName = "a folder without good images")]
    [DataRow("train/good/0.png", "", "has 3 images", DisplayName = "too few good images")]
    [DataRow("test", "", "has no images in its folders", DisplayName = "nothing to inspect")]
    public void What_can_t_be_used_gets_one_clear_line_and_nothing_is_written(string removed, string arguments, string message)
    {
        SmallImages.WriteFolder(s_folder["incomplete"]);
        string missing = Path.Combine(s_folder["incomplete"], removed);
        if (File.Exists(missing))
            File.Delete(missing);
        else if (removed.Length > 0)
            Directory.Delete(missing, recursive: true);

        string[] complete = ["--images", s_folder["incomplete"], "--output", s_folder["unwritten"]];
        Run run = Start(arguments.Length > 0 ? arguments.Split(',') : complete);
        Refused(run, message);
        Assert.IsFalse(Directory.Exists(s_folder["unwritten"]));
        Directory.Delete(s_folder["incomplete"], recursive: true);
    }

    [TestMethod]
    [DataRow(0, DisplayName = "empty")]
    [DataRow(-1, DisplayName = "text with the name of an image")]
    [DataRow(40, DisplayName = "cut off in the header")]
    [DataRow(500, DisplayName = "cut off in the pixels, which a lenient decoder fills with grey")]
    public void A_damaged_image_is_named_and_earlier_results_stay(int length)
    {
        SmallImages.WriteFolder(s_folder["damaged"]);
        string image = Path.Combine(s_folder["damaged"], "test", "good", "0.png");
        byte[] whole = File.ReadAllBytes(image);
        Assert.IsGreaterThan(500, whole.Length);
        File.WriteAllBytes(image, length < 0 ? "hello"u8.ToArray() : whole[..length]);
        Directory.CreateDirectory(s_folder["earlier"]);
        File.WriteAllText(Path.Combine(s_folder["earlier"], "model.onnx"), "earlier");

        Refused(Start("--images", s_folder["damaged"], "--output", s_folder["earlier"]), $"'{image}' is no image, or a damaged one");

        Assert.AreEqual("earlier", File.ReadAllText(Path.Combine(s_folder["earlier"], "model.onnx")));
        Assert.HasCount(1, Directory.GetFileSystemEntries(s_folder["earlier"]));
        Directory.Delete(s_folder["damaged"], recursive: true);
    }

    [TestMethod]
    public void An_output_that_is_a_file_is_refused_and_left_alone()
    {
        File.WriteAllText(s_folder["taken"], "mine");
        Refused(Start("--output", s_folder["taken"]), $"'{s_folder["taken"]}' is a file");
        Assert.AreEqual("mine", File.ReadAllText(s_folder["taken"]));
    }

    [TestMethod]
    public void The_fewest_images_and_only_good_ones_to_inspect_still_make_a_run()
    {
        SmallImages.WriteFolder(s_folder["small"]);
        Run run = Start("--images", s_folder["small"], "--output", s_folder["small output"]);
        Assert.AreEqual(0, run.ExitCode, run.Errors);
        StringAssert.Contains(run.Text, "Image AUROC: undefined");
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
            WorkingDirectory = s_folder[""],
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

        public double ImageAuroc
            => double.Parse(
                Regex.Match(Text, @"^Image AUROC: ([\d.]+)$", RegexOptions.Multiline).Groups[1].Value, CultureInfo.InvariantCulture);
    }
}
