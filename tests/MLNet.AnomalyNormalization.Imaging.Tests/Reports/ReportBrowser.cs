using System.Globalization;
using Microsoft.Playwright;

namespace MLNet.AnomalyNormalization.Imaging.Tests.Reports;

/// <summary>The Chromium of this machine, in which pages of reports are tried; a test that opens one is inconclusive where there is none.</summary>
internal sealed class ReportBrowser : IAsyncDisposable
{
    private static readonly string[] s_places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public static async Task<ReportBrowser> StartAsync()
    {
        var browser = new ReportBrowser();
        if (s_places.FirstOrDefault(File.Exists) is not { } place)
            return browser;

        browser._playwright = await Playwright.CreateAsync();
        browser._browser = await browser._playwright.Chromium.LaunchAsync(new() { ExecutablePath = place, Args = ["--no-sandbox", "--disable-gpu"] });
        return browser;
    }

    /// <summary>Opens a page, which may neither fail nor ask for anything.</summary>
    public async Task<IBrowserContext> OpenAsync(string path, BrowserNewContextOptions? options = null)
    {
        if (_browser is null)
            Assert.Inconclusive("There is no Chromium on this machine.");
        IBrowserContext context = await _browser.NewContextAsync(options);
        IPage page = await context.NewPageAsync();
        page.PageError += (_, error) => Assert.Fail(error);
        page.Request += (_, request) => Assert.MatchesRegex("^(file|data):", request.Url);
        page.Dialog += (_, dialog) => Assert.Fail(dialog.Message);
        await page.GotoAsync(new Uri(path).AbsoluteUri);
        return context;
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
    }
}

/// <summary>What a person does on the page of a report.</summary>
internal static class ReportPage
{
    public static async Task<string> TextOf(this IPage page, string selector) => (await page.Locator(selector).TextContentAsync())!.Trim();

    public static async Task<int> CountOf(this IPage page, string selector)
        => int.Parse(await page.TextOf(selector), CultureInfo.InvariantCulture);

    /// <summary>Where a line stands, to thousandths.</summary>
    public static async Task<double> PlaceOf(this IPage page, string line)
        => double.Parse((await page.Locator(line).GetAttributeAsync("aria-valuenow"))!, CultureInfo.InvariantCulture);

    /// <summary>Moves a line to a number of tenths by the keys of who can't drag, from its lowest place, all at once.</summary>
    public static async Task MoveTo(this IPage page, string line, double value)
    {
        await Press("Home", 1);
        await Press("ArrowRight", 1);
        int tenths = (int)Math.Round(10 * (value - await page.PlaceOf(line)));
        await Press("ArrowLeft", -tenths);
        await Press("PageUp", tenths / 100);
        await Press("ArrowRight", tenths % 100);
        Assert.AreEqual(value, await page.PlaceOf(line));

        // Tenths, but for whole pages.
        Task Press(string key, int times)
            => page.Locator(line).EvaluateAsync(
                "(line, keys) => keys.forEach(key => line.dispatchEvent(new KeyboardEvent('keydown', { key, shiftKey: true })))",
                Enumerable.Repeat(key, Math.Max(0, times)).ToArray());
    }

    /// <summary>Drags a line by the mouse to about a place of the scale.</summary>
    public static async Task DragTo(this IPage page, string line, double value)
    {
        LocatorBoundingBoxResult box = (await page.Locator("#chart").BoundingBoxAsync())!, at = (await page.Locator(line).BoundingBoxAsync())!;
        double maximum = double.Parse((await page.Locator("#chart").GetAttributeAsync("data-maximum"))!, CultureInfo.InvariantCulture);
        await page.Mouse.MoveAsync(at.X + (at.Width / 2), at.Y + (at.Height / 2));
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(box.X + (float)(box.Width * value / maximum), box.Y + (box.Height / 2), new() { Steps = 4 });
        await page.Mouse.UpAsync();
        Assert.AreEqual(value, await page.PlaceOf(line), 0.01 * maximum);
    }

    /// <summary>Downloads what "Keep this threshold" gives.</summary>
    public static async Task<string> KeepAsync(this IPage page, string path)
    {
        IDownload download = await page.RunAndWaitForDownloadAsync(() => page.Locator("#keep").ClickAsync());
        Assert.AreEqual("model.json", download.SuggestedFilename);
        await download.SaveAsAsync(path);
        return path;
    }

    /// <summary>The table of the page: good ones that pass, are reviewed, are rejected, and defective ones alike.</summary>
    public static async Task<int[]> TableOf(this IPage page)
    {
        var counts = new List<int>();
        foreach (string cell in (string[])["#passed", "#review-good", "#overkill", "#escape", "#review-defective", "#found"])
            counts.Add(await page.CountOf(cell));
        return [.. counts];
    }
}
