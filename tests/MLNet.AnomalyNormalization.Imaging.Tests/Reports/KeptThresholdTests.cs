using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.Playwright;

namespace MLNet.AnomalyNormalization.Imaging.Tests.Reports;

/// <summary>What is chosen on the page of a report, kept and loaded, decides every image as the page did.</summary>
[TestClass]
public sealed partial class KeptThresholdTests
{
    // Tenths that Single holds only roughly among them: 89.1 is 89.09999847...
    private static readonly double[] s_lines = [0.1, 89.1, 100, 120.3, 999.9];

    private static readonly TemporaryFolder s_folder = new();
    private static ReportBrowser? s_browser;

    [ClassInitialize]
    public static async Task Start(TestContext context) => s_browser = await ReportBrowser.StartAsync();

    [ClassCleanup]
    public static async Task Stop()
    {
        if (s_browser is not null)
            await s_browser.DisposeAsync();
        s_folder.Dispose();
    }

    [TestMethod]
    [DataRow(1.24, 100.0, DisplayName = "a threshold that Single rounds")]
    [DataRow(0, 120.3, DisplayName = "zero, in a report that decides above the threshold of the scale")]
    [DataRow(-2.1, 89.1, DisplayName = "a negative one, in a report that decides below it")]
    [DataRow(2.5e37, 100.0, DisplayName = "one near the end of Single, and longer than a whole number of C# may be")]
    public async Task A_threshold_or_a_band_decides_as_the_page_at_every_edge(double training, double normalizedThreshold)
    {
        (float Score, bool IsAnomalous)[] rows = EdgesOf(training, normalizedThreshold);
        string path = WriteReport(rows, training, normalizedThreshold);
        await using IBrowserContext context = await s_browser!.OpenAsync(path, new() { AcceptDownloads = true });
        IPage page = context.Pages[0];
        foreach (double threshold in s_lines)
        {
            await page.MoveTo("#threshold", threshold);
            await AssertDecidesAs(page, rows, hasBand: false);
        }

        await page.Locator("#has-review").CheckAsync();
        foreach ((double from, double to) in new[] { (89.1, 120.3), (100, 100), (0.1, 999.9) })
        {
            await page.MoveTo("#review", 0.1);
            await page.MoveTo("#threshold", to);
            await page.MoveTo("#review", from);
            await AssertDecidesAs(page, rows, hasBand: true);
        }
    }

    [TestMethod]
    public async Task The_cheapest_threshold_by_the_users_numbers_decides_as_the_page_and_costs_what_the_page_says()
    {
        // Scores at both ends of the scale, which no threshold passes all of, or rejects all of.
        (float Score, bool IsAnomalous)[] rows =
        [
            (-1, false), (0.2f, false), (0.5f, false), (0.891f, true), (0.7f, false), (0.95f, false), (1, true), (1.3f, true), (1.1f, false),
            (float.PositiveInfinity, true), (float.NegativeInfinity, true), (50, false),
        ];
        string path = WriteReport(rows, 1, 100);
        await using IBrowserContext context = await s_browser!.OpenAsync(path, new() { AcceptDownloads = true });
        IPage page = context.Pages[0];
        foreach ((string reject, string escape, string prevalence) in new[]
        {
            ("1", "10", "10"), ("1", "500", "100"), ("1", "1", "1"), ("0", "1", "10"), ("1", "0", "10"), ("3", "1000", "999"),
        })
        {
            await page.Locator("#cost-overkill").FillAsync(reject);
            await page.Locator("#cost-escape").FillAsync(escape);
            await page.Locator("#prevalence").FillAsync(prevalence);
            await page.Locator("#cheapest").ClickAsync();
            float threshold = await AssertDecidesAs(page, rows, hasBand: false);
            double least = rows.Select(row => row.Score).Where(score => score > 0).Select(score => Math.Min(score, 10)).Append(float.Epsilon).Append(10).Min(CostAt);
            Assert.AreEqual(least, CostAt(threshold), 1e-9, $"{reject}, {escape}, {prevalence}");
            Assert.AreEqual($"1,000 parts cost {Math.Round(least, 3).ToString(CultureInfo.InvariantCulture)}.", await page.TextOf("#cost"));

            double CostAt(float line)
                => ((1000 - Number(prevalence)) * Number(reject) * rows.Count(row => !row.IsAnomalous && row.Score >= line) / rows.Count(row => !row.IsAnomalous))
                    + (Number(prevalence) * Number(escape) * rows.Count(row => row.IsAnomalous && row.Score < line) / rows.Count(row => row.IsAnomalous));
        }

        static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
    }

    [TestMethod]
    public void A_score_of_NaN_is_refused_by_name()
    {
        string message = Assert.ThrowsExactly<ArgumentException>(
            () => new AnomalyReport(new(1, 1)).Add(new("good/7.png", float.NaN, new([0], 1, 1)))).Message;
        StringAssert.Contains(message, "good/7.png");
    }

    // The numbers on both sides of every place where a line is put, and the ends.
    private static (float Score, bool IsAnomalous)[] EdgesOf(double training, double normalizedThreshold)
    {
        var scores = new List<float> { 0, -0f, float.Epsilon, -1, 1, float.MaxValue, float.MinValue, float.PositiveInfinity, float.NegativeInfinity };
        foreach (double line in s_lines.Append(normalizedThreshold))
        {
            float at = (float)new ScoreNormalizer(training).Denormalize(line);
            (float above, float below) = (at, at);
            scores.Add(at);
            for (int i = 0; i < 3; i++)
                scores.AddRange([above = float.BitIncrement(above), below = float.BitDecrement(below)]);
        }

        return [.. scores.Select((score, i) => (score, i % 3 == 1))];
    }

    private static string WriteReport((float Score, bool IsAnomalous)[] rows, double training, double normalizedThreshold)
    {
        var report = new AnomalyReport(new(training, training), new() { NormalizedThreshold = normalizedThreshold });
        using MLImage image = Pixels.Plain(2, 2, 9, 9, 9);
        foreach ((float score, bool isAnomalous) in rows)
            report.Add(new($"{(isAnomalous ? "cut" : "good")}/{report.Count}.png", score, new([score], 1, 1)) { IsAnomalous = isAnomalous, Image = image });
        string folder = s_folder[Guid.NewGuid().ToString()];
        report.Write(folder);
        return Path.Combine(folder, "report.html");
    }

    // By the kept file alone: one by one, in a pipeline, and in the pipeline saved and loaded with stock ML.NET.
    private static async Task<float> AssertDecidesAs(IPage page, (float Score, bool IsAnomalous)[] rows, bool hasBand)
    {
        int[] table = await page.TableOf();
        string kept = await page.KeepAsync(s_folder["model.json"]);
        AnomalyThresholds thresholds = AnomalyThresholds.Load(kept);
        ReviewBand? band = ReviewBand.Load(kept);
        Assert.AreEqual(hasBand, band is not null);
        Assert.AreEqual(thresholds.Image, thresholds.Pixel, "one for both stays one");
        await AssertLineSays(page, thresholds, band);
        string where = $"at {await page.PlaceOf("#review")}, {await page.PlaceOf("#threshold")}, kept as {await File.ReadAllTextAsync(kept)}";

        var normalizer = new ScoreNormalizer(thresholds.Image);
        CollectionAssert.AreEqual(table, Count(score => band?.Decide(normalizer.Normalize(score)) ?? (normalizer.IsAnomalous(score) ? Decision.Reject : Decision.Pass)), where);
        Assert.IsTrue(normalizer.IsAnomalous(float.NaN) && (band?.Decide(float.NaN) ?? Decision.Reject) == Decision.Reject, "NaN is never normal");

        var mlContext = new MLContext();
        IDataView data = mlContext.Data.LoadFromEnumerable(rows.Select(row => new Row { Score = row.Score }));
        ITransformer model = mlContext.Transforms.NormalizeAnomaly(thresholds, new() { ReviewBand = band }).Fit(data);
        mlContext.Model.Save(model, data.Schema, s_folder["model.zip"]);
        foreach (ITransformer transformer in (ITransformer[])[model, mlContext.Model.Load(s_folder["model.zip"], out _)])
        {
            IDataView decided = transformer.Transform(data);
            Decision[] decisions = hasBand
                ? [.. decided.GetColumn<int>("Decision").Select(decision => (Decision)decision)]
                : [.. decided.GetColumn<bool>("PredictedLabel").Select(isAnomalous => isAnomalous ? Decision.Reject : Decision.Pass)];
            Dictionary<float, Decision> byScore = rows.Zip(decisions).DistinctBy(row => row.First.Score).ToDictionary(row => row.First.Score, row => row.Second);
            CollectionAssert.AreEqual(table, Count(score => byScore[score]), where);
        }

        return (float)thresholds.Image;

        int[] Count(Func<float, Decision> decide)
            => [.. from isAnomalous in (bool[])[false, true]
                   from decision in Enum.GetValues<Decision>()
                   select rows.Count(row => row.IsAnomalous == isAnomalous && decide(row.Score) == decision)];
    }

    // The numbers of the line of C# are those of the file, in words that C# takes for numbers.
    private static async Task AssertLineSays(IPage page, AnomalyThresholds thresholds, ReviewBand? band)
    {
        string line = await page.TextOf("#line");
        string[] numbers = [.. Number().Matches(line).Select(match => match.Value)];
        foreach (string whole in numbers.Where(number => number.All(c => char.IsAsciiDigit(c) || c == '-')))
            _ = long.Parse(whole, CultureInfo.InvariantCulture);
        double[] expected = band is { } kept ? [thresholds.Image, thresholds.Pixel, kept.From, kept.To] : [thresholds.Image, thresholds.Pixel];
        CollectionAssert.AreEqual(expected, Array.ConvertAll(numbers, number => double.Parse(number, CultureInfo.InvariantCulture)), line);
        StringAssert.StartsWith(line, "mlContext.Transforms.NormalizeAnomaly(new AnomalyThresholds(Image: ");
        Assert.AreEqual(band is not null, line.EndsWith(") })", StringComparison.Ordinal) && line.Contains("new() { ReviewBand = new("));
    }

    [GeneratedRegex(@"-?\d[\d.e+-]*")]
    private static partial Regex Number();

    private sealed class Row
    {
        public float Score { get; set; }
    }
}
