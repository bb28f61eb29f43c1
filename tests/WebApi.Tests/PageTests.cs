using Microsoft.Playwright;

namespace WebApi.Tests;

[TestClass]
public sealed class PageTests
{
    private static readonly string[] s_browsers = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    [TestMethod]
    public async Task A_picture_dropped_on_the_page_gets_its_decision_and_its_heat_map()
    {
        if (s_browsers.FirstOrDefault(File.Exists) is not { } browser)
        {
            Assert.Inconclusive("There is no Chromium here.");
            return;
        }

        using IPlaywright playwright = await Playwright.CreateAsync();
        await using IBrowser chromium = await playwright.Chromium.LaunchAsync(
            new() { ExecutablePath = browser, Args = ["--no-sandbox", "--disable-gpu"] });
        IPage page = await chromium.NewPageAsync();
        var problems = new List<string>();
        page.Console += (_, message) => problems.Add(message.Text);
        await page.GotoAsync(Service.Client.BaseAddress!.ToString());
        string cut = Service.Images.First(path => path.Contains("cut", StringComparison.Ordinal));

        await page.SetInputFilesAsync("#file", cut);
        await Assertions.Expect(page.Locator("#answer")).ToContainTextAsync("reject (100 is the threshold)");
        await Assertions.Expect(page.Locator("#overlay")).ToBeVisibleAsync();
        Assert.IsGreaterThan(100, await page.EvaluateAsync<int>("async () => { const i = document.getElementById('overlay'); await i.decode(); return i.naturalWidth; }"));
        if (Environment.GetEnvironmentVariable("SCREENSHOTS") is { } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, "service.png"), FullPage = true });
        Assert.IsEmpty(problems);

        await page.SetInputFilesAsync("#file", new FilePayload { Name = "text.png", MimeType = "image/png", Buffer = "no picture"u8.ToArray() });
        await Assertions.Expect(page.Locator("#answer")).ToContainTextAsync("holds no picture");
        await Assertions.Expect(page.Locator("#overlay")).ToBeHiddenAsync();
    }
}
