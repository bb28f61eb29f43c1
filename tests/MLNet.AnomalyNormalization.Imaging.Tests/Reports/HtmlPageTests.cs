using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.ML.Data;
using Microsoft.Playwright;
using MLNet.AnomalyNormalization.Evaluation;
using MLNet.AnomalyNormalization.Imaging.Reports;

namespace MLNet.AnomalyNormalization.Imaging.Tests.Reports;

[TestClass]
public sealed partial class HtmlPageTests
{
    private static TemporaryFolder? s_folder;
    private static ReportBrowser? s_browser;

    private static string Page => s_folder!["report/report.html"];

    [ClassInitialize]
    public static async Task Start(TestContext context)
    {
        s_folder = new TemporaryFolder();
        SampleReport.Write(s_folder["report"]);
        s_browser = await ReportBrowser.StartAsync();
    }

    [ClassCleanup]
    public static async Task Stop()
    {
        if (s_browser is not null)
            await s_browser.DisposeAsync();
        s_folder?.Dispose();
    }

    [TestMethod]
    public void The_page_needs_nothing_from_elsewhere()
    {
        string html = File.ReadAllText(Page);
        Assert.DoesNotContain("{{", html);
        Assert.DoesNotMatchRegex(Address(), html);
        Assert.IsLessThan(1_000_000, html.Length);
        foreach (Match source in Source().Matches(html))
            Assert.StartsWith("data:image/", source.Groups[1].Value);
    }

    [TestMethod]
    public void Names_are_escaped()
    {
        string html = File.ReadAllText(Page);
        Assert.DoesNotContain("<img src=x", html);
        Assert.Contains("&lt;img src=x onerror=alert(1)&gt;&amp;&quot;&#39;.png", html);
    }

    [TestMethod]
    public void What_turns_the_direction_of_text_is_shown_and_not_obeyed()
    {
        var report = new AnomalyReport(new(1, 1));
        using var folder = new TemporaryFolder();
        using MLImage image = Pixels.Plain(2, 2, 9, 9, 9);
        report.Add(new("good/a\u202Egnp.exe", 0.5f, new([0.5f], 1, 1)) { IsAnomalous = false, Image = image });
        report.Write(folder["report"]);
        string html = File.ReadAllText(folder["report/report.html"]);
        Assert.Contains("a[U+202E]gnp.exe", html);
        Assert.DoesNotContain("\u202E", html);
    }

    [TestMethod]
    public void Only_the_script_of_the_page_may_run_and_nothing_may_be_sent()
    {
        string html = File.ReadAllText(Page);
        Assert.Contains("script-src 'sha256-", html);
        Assert.Contains("base-uri 'none'; form-action 'none'", html);
        Assert.DoesNotContain("script-src 'unsafe-inline'", html);
    }

    [TestMethod]
    public void Without_labels_the_page_says_so()
    {
        Assessment assessment = ReportScenario.Of("p9").Assess();
        string html = new HtmlPage(assessment).Write(null, []);
        Assert.Contains($"{assessment.Rows.Count(row => row.IsPredictedAnomalous)} of 30 images lie at or above the threshold of 100; no label is known.", html);
        Assert.DoesNotContain("NaN", html);
    }

    [TestMethod]
    public void Pictures_are_shown_for_the_first_images_only_so_that_the_page_stays_small()
    {
        using var folder = new TemporaryFolder();
        using MLImage image = Pixels.Plain(2, 2, 9, 9, 9);
        var report = new AnomalyReport(new(1, 1));
        for (int i = 0; i < HtmlPage.PicturedImages + 5; i++)
            report.Add(new($"good/{i}.png", 0.5f, new([0.5f], 1, 1)) { IsAnomalous = false, Image = image });
        report.Write(folder["report"]);
        string html = File.ReadAllText(folder["report/report.html"]);
        Assert.HasCount(HtmlPage.PicturedImages + 6, html.Split("<article"));
        Assert.HasCount(HtmlPage.PicturedImages + 1, html.Split("class=\"pictures\""));
    }

    [TestMethod]
    public async Task Without_JavaScript_the_verdict_the_figures_and_the_gallery_are_there()
    {
        await using IBrowserContext context = await OpenAsync(new() { JavaScriptEnabled = false });
        IPage page = context.Pages[0];
        Assert.AreEqual("At the threshold of 100, 6 of 8 defective images are found and 1 of 15 good images are rejected.", await Text(page, "#verdict"));
        Assert.AreEqual("0.857", await Text(page, "#figure-precision"));
        Assert.AreEqual("2", await Text(page, "#escape"));
        Assert.AreEqual(24, await page.Locator(".card").CountAsync());
        Assert.IsFalse(await page.Locator(".filters").IsVisibleAsync());
        string[] outcomes = await Outcomes(page);
        CollectionAssert.AreEqual(new[] { "escape", "escape", "overkill" }, outcomes[..3].Order().ToArray());
        Assert.DoesNotContain("escape", outcomes[3..]);
    }

    [TestMethod]
    public async Task The_script_starts_with_what_the_page_says_without_it()
    {
        await using IBrowserContext without = await OpenAsync(new() { JavaScriptEnabled = false });
        await using IBrowserContext with = await OpenAsync(new());
        foreach (string part in new[] { "#verdict", ".figures", ".confusion:not(.small)", "#threshold" })
            Assert.AreEqual(await Text(without.Pages[0], part), await Text(with.Pages[0], part));
        CollectionAssert.AreEqual(await Outcomes(without.Pages[0]), await Outcomes(with.Pages[0]));
        CollectionAssert.AreEqual(
            await without.Pages[0].Locator(".card h3").AllTextContentsAsync() as List<string>,
            await with.Pages[0].Locator(".card h3").AllTextContentsAsync() as List<string>);
    }

    [TestMethod]
    public async Task The_keyboard_moves_the_threshold_and_everything_follows_at_once()
    {
        await using IBrowserContext context = await OpenAsync(new());
        IPage page = context.Pages[0];
        await page.Locator("#threshold").FocusAsync();
        await page.Keyboard.PressAsync("PageDown");
        await page.Keyboard.PressAsync("ArrowLeft");
        await page.Keyboard.PressAsync("Shift+ArrowRight");
        Assert.AreEqual("89.1", await page.Locator("#threshold").GetAttributeAsync("aria-valuenow"));
        await AssertCounts(page, 89.1);
        for (int i = 0; i < 41; i++)
            await page.Keyboard.PressAsync("Shift+ArrowLeft");
        Assert.AreEqual("85", await page.Locator("#threshold").GetAttributeAsync("aria-valuenow"));
        Assert.AreEqual(1, await page.Locator(".card[data-score='85'][data-label='1']").CountAsync(), "a score on the threshold");
        await AssertCounts(page, 85);
        await page.Keyboard.PressAsync("Home");
        await AssertCounts(page, 0.1);
        Assert.AreEqual("100.0 %", await Text(page, "#figure-overkill"));
        await page.Keyboard.PressAsync("End");
        Assert.AreEqual("100.0 %", await Text(page, "#figure-escape"));
        Assert.AreEqual("0.000", await Text(page, "#figure-f1"));
        await page.Locator("#reset").ClickAsync();
        await AssertCounts(page, 100);
    }

    [TestMethod]
    public async Task The_mouse_drags_the_threshold()
    {
        await using IBrowserContext context = await OpenAsync(new());
        IPage page = context.Pages[0];
        await page.DragTo("#threshold", 60);
        double now = await page.PlaceOf("#threshold");
        await AssertCounts(page, now);
    }

    [TestMethod]
    public async Task Filters_show_a_class_or_an_outcome_and_the_order_can_be_chosen()
    {
        await using IBrowserContext context = await OpenAsync(new());
        IPage page = context.Pages[0];
        await page.Locator("#by-outcome").SelectOptionAsync("wrong");
        Assert.AreEqual("3 of 24 images", await Text(page, "#shown"));
        Assert.AreEqual(3, await page.Locator(".card:visible").CountAsync());
        await page.Locator("#by-class").SelectOptionAsync("good");
        Assert.AreEqual(1, await page.Locator(".card:visible").CountAsync());
        await page.Locator("#by-outcome").SelectOptionAsync("unknown");
        Assert.AreEqual("1 of 24 images", await Text(page, "#shown"));
        await page.Locator("#by-outcome").SelectOptionAsync("");
        await page.Locator("#by-class").SelectOptionAsync("");
        await page.Locator("#by-order").SelectOptionAsync("score");
        double[] scores = [.. (await page.Locator(".card b").AllTextContentsAsync()).Select(score => double.Parse(score, CultureInfo.InvariantCulture))];
        CollectionAssert.AreEqual(scores.OrderDescending().ToArray(), scores);
    }

    [TestMethod]
    public async Task Between_two_lines_a_person_decides()
    {
        await using IBrowserContext context = await OpenAsync(new());
        IPage page = context.Pages[0];
        Assert.IsFalse(await page.Locator("#review").IsVisibleAsync());
        await page.Locator("#has-review").CheckAsync();
        await page.MoveTo("#threshold", 120);
        await page.MoveTo("#review", 70);
        double[][] rows = await page.Locator(".card[data-label]:not([data-label=''])").EvaluateAllAsync<double[][]>("cards => cards.map(card => [+card.dataset.score, +card.dataset.label])");
        var band = new ReviewBand(70, 120);
        foreach ((string id, int label, Decision decision) in new[]
        {
            ("passed", 0, Decision.Pass), ("review-good", 0, Decision.Review), ("overkill", 0, Decision.Reject),
            ("escape", 1, Decision.Pass), ("review-defective", 1, Decision.Review), ("found", 1, Decision.Reject),
        })
        {
            int expected = rows.Count(row => row[1] == label && band.Decide(row[0]) == decision);
            Assert.AreEqual(expected.ToString(CultureInfo.InvariantCulture), await Text(page, $"#{id}"), id);
        }

        StringAssert.EndsWith(await Text(page, "#line"), "new() { ReviewBand = new(70, 120) })");
        await page.Locator("#by-outcome").SelectOptionAsync("review");
        Assert.AreEqual(rows.Count(row => band.Decide(row[0]) == Decision.Review), await page.Locator(".card:visible").CountAsync());

        // The lines push each other.
        await page.MoveTo("#review", 140);
        Assert.AreEqual("140", await page.Locator("#threshold").GetAttributeAsync("aria-valuenow"));
        await page.Locator("#has-review").UncheckAsync();
        await AssertCounts(page, 140);
    }

    [TestMethod]
    public async Task Costs_follow_the_threshold_and_the_cheapest_one_is_found()
    {
        await using IBrowserContext context = await OpenAsync(new());
        IPage page = context.Pages[0];
        (bool IsDefect, double Score)[] rows = [.. (await page.Locator(".card:not([data-label=''])").EvaluateAllAsync<double[][]>("cards => cards.map(card => [+card.dataset.label, +card.dataset.score])")).Select(row => (row[0] == 1, row[1]))];
        await page.Locator("#cost-escape").FillAsync("20");
        await page.Locator("#prevalence").FillAsync("50");
        foreach (double threshold in new[] { 100, 85, 61.3 })
        {
            await page.MoveTo("#threshold", threshold);
            Assert.AreEqual($"1,000 parts cost {Math.Round(CostAt(threshold), 3).ToString(CultureInfo.InvariantCulture)}.", await Text(page, "#cost"));
        }

        await page.Locator("#cheapest").ClickAsync();
        double cheapest = double.Parse((await page.Locator("#threshold").GetAttributeAsync("aria-valuenow"))!, CultureInfo.InvariantCulture);
        double least = rows.Select(row => row.Score).Append(1001).Min(CostAt);
        Assert.AreEqual(least, CostAt(cheapest), 1e-9);

        double CostAt(double threshold)
            => (950.0 * rows.Count(row => !row.IsDefect && row.Score >= threshold) / rows.Count(row => !row.IsDefect))
                + (50 * 20.0 * rows.Count(row => row.IsDefect && row.Score < threshold) / rows.Count(row => row.IsDefect));
    }

    [TestMethod]
    public async Task The_axis_is_zoomed_around_the_threshold_and_back()
    {
        await using IBrowserContext context = await OpenAsync(new());
        IPage page = context.Pages[0];
        int bars = await page.Locator("#chart rect").CountAsync();
        for (int i = 0; i < 3; i++)
            await page.Locator("#zoom-in").ClickAsync();
        double[] ticks = [.. (await page.Locator("#ticks span").AllTextContentsAsync()).Select(tick => double.Parse(tick, CultureInfo.InvariantCulture))];
        Assert.IsTrue(ticks[0] < 100 && ticks[^1] >= 100 && ticks[^1] - ticks[0] < 100, string.Join(' ', ticks));
        if (Environment.GetEnvironmentVariable("SCREENSHOTS") is { } folder)
            await page.ScreenshotAsync(new() { Path = System.IO.Path.Combine(folder, "report-zoomed.png"), FullPage = true });

        // What is dragged is what is seen.
        LocatorBoundingBoxResult box = (await page.Locator("#chart").BoundingBoxAsync())!;
        await page.Mouse.ClickAsync(box.X + (box.Width / 2), box.Y + 5);
        double now = double.Parse((await page.Locator("#threshold").GetAttributeAsync("aria-valuenow"))!, CultureInfo.InvariantCulture);
        Assert.IsInRange(ticks[0], ticks[^1] + 20, now);
        await AssertCounts(page, now);
        await page.Locator("#zoom-all").ClickAsync();
        Assert.AreEqual(bars, await page.Locator("#chart rect").CountAsync());
    }

    [TestMethod]
    [TestCategory("Long")]
    public async Task Ten_thousand_images_stay_usable()
    {
        using var folder = new TemporaryFolder();
        using MLImage image = Pixels.Plain(64, 64, 90, 90, 90);
        var report = new AnomalyReport(new(1, 1), new() { NormalizedThreshold = 100 });
        var random = new Random(1);
        var map = new AnomalyMap(new float[16], 4, 4);
        for (int i = 0; i < 10_000; i++)
        {
            bool isAnomalous = i % 10 == 0;
            float score = (float)(0.7 + (0.2 * random.NextDouble()) + (isAnomalous ? random.NextDouble() : 0));
            report.Add(new($"{(isAnomalous ? "cut" : "good")}/{i}.png", score, map) { IsAnomalous = isAnomalous, Image = image });
        }

        report.Write(folder["report"]);
        long size = new FileInfo(folder["report/report.html"]).Length;
        await using IBrowserContext context = await s_browser!.OpenAsync(folder["report/report.html"]);
        IPage page = context.Pages[0];
        double paint = await page.EvaluateAsync<double>("performance.getEntriesByName('first-contentful-paint')[0].startTime");
        await page.Locator("#shown").WaitForAsync();

        // Each step of a drag, drawn before the next.
        double perStep = await page.EvaluateAsync<double>("""
            async () => {
              const chart = document.getElementById('chart'), box = chart.getBoundingClientRect();
              const send = (type, x) => chart.dispatchEvent(new PointerEvent(type, { pointerId: 1, clientX: x, clientY: box.top + 5, bubbles: true }));
              chart.setPointerCapture = () => {}; chart.hasPointerCapture = () => true;
              send('pointerdown', box.left + 100);
              const start = performance.now(), steps = 60;
              for (let i = 0; i < steps; i++) {
                send('pointermove', box.left + 100 + i * 4);
                await new Promise(requestAnimationFrame);
              }
              return (performance.now() - start) / steps;
            }
            """);
        Console.WriteLine($"{size / 1e6:F1} MB, first paint after {paint:F0} ms, {perStep:F1} ms a step of a drag.");
        Assert.IsLessThan(8_000_000, size);
        Assert.AreEqual(10_000, await page.Locator(".card").CountAsync());
    }

    [TestMethod]
    public async Task Every_class_has_its_counts()
    {
        await using IBrowserContext context = await OpenAsync(new());
        IPage page = context.Pages[0];
        string[][] cards = await page.Locator(".card").EvaluateAllAsync<string[][]>("cards => cards.map(card => [card.dataset.class, card.dataset.score])");
        foreach (var kind in cards.GroupBy(card => card[0]))
        {
            string[] cells = await page.Locator("#by-class-table tbody tr").EvaluateAllAsync<string[]>(
                "(rows, name) => [...rows.find(row => row.cells[0].textContent === name).cells].map(cell => cell.textContent)", kind.Key.Length == 0 ? "(none)" : kind.Key);
            int rejected = kind.Count(card => double.Parse(card[1], CultureInfo.InvariantCulture) >= 100);
            CollectionAssert.AreEqual(new[] { $"{kind.Count() - rejected}", "0", $"{rejected}" }, cells[1..]);
        }
    }

    [TestMethod]
    [DataRow(ColorScheme.Light, 1280, DisplayName = "light, on a desk")]
    [DataRow(ColorScheme.Dark, 1280, DisplayName = "dark, on a desk")]
    [DataRow(ColorScheme.Light, 360, DisplayName = "light, on a phone")]
    [DataRow(ColorScheme.Dark, 360, DisplayName = "dark, on a phone")]
    public async Task The_page_fits_and_can_be_read(ColorScheme scheme, int width)
    {
        await using IBrowserContext context = await OpenAsync(new() { ColorScheme = scheme, ViewportSize = new() { Width = width, Height = 800 } });
        IPage page = context.Pages[0];
        Assert.IsLessThanOrEqualTo(width, await page.EvaluateAsync<int>("document.documentElement.scrollWidth"), "nothing sticks out");
        int brightness = await page.EvaluateAsync<int>("Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])");
        Assert.AreEqual(scheme == ColorScheme.Light, brightness > 128);
        Assert.AreEqual(
            0, await page.EvaluateAsync<int>("[...document.images].filter(i => i.complete && i.naturalWidth === 0).length"), "every picture can be shown");
    }

    [GeneratedRegex("(https?:)?//[a-z0-9]+\\.[a-z]", RegexOptions.IgnoreCase)]
    private static partial Regex Address();

    [GeneratedRegex(" src=\"([^\"]{0,40})")]
    private static partial Regex Source();

    private static Task<IBrowserContext> OpenAsync(BrowserNewContextOptions options) => s_browser!.OpenAsync(Page, options);

    private static Task<string> Text(IPage page, string selector) => page.TextOf(selector);

    private static async Task<string[]> Outcomes(IPage page)
        => [.. (await page.Locator(".card").EvaluateAllAsync<string[]>("cards => cards.map(card => card.className.split(' ')[1])"))];

    // Counted again from what the cards say, by the rule of the library.
    private static async Task AssertCounts(IPage page, double threshold)
    {
        string[][] rows = await page.Locator(".card").EvaluateAllAsync<string[][]>("cards => cards.map(card => [card.dataset.score, card.dataset.label])");
        foreach ((string id, string label, bool isAnomalous) in
            new[] { ("passed", "0", false), ("overkill", "0", true), ("escape", "1", false), ("found", "1", true) })
        {
            int expected = rows.Count(row => row[1] == label && (float.Parse(row[0], CultureInfo.InvariantCulture) >= (float)threshold) == isAnomalous);
            Assert.AreEqual(expected.ToString(CultureInfo.InvariantCulture), await Text(page, $"#{id}"), id);
        }

        double found = rows.Count(row => row[1] == "1" && float.Parse(row[0], CultureInfo.InvariantCulture) >= (float)threshold);
        double rejected = rows.Count(row => row[1] != "" && float.Parse(row[0], CultureInfo.InvariantCulture) >= (float)threshold);
        double precision = rejected == 0 ? 0 : found / rejected;
        Assert.AreEqual(precision, double.Parse(await Text(page, "#figure-precision"), CultureInfo.InvariantCulture), 0.0006);
    }
}
