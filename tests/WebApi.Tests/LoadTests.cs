using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using SkiaSharp;

namespace WebApi.Tests;

[TestClass]
public sealed partial class LoadTests
{
    // What README states, with two cores; each further core may decode one more picture at a time.
    private const long MegabytesAtRest = 400;
    private const long MegabytesOfAPicture = 800;

    [TestMethod]
    [DataRow(24, DisplayName = "the short form")]
    public Task Many_large_pictures_at_once_stay_within_the_memory_and_get_the_answers_of_one(int requests) => LoadAsync(requests);

    [TestMethod]
    [TestCategory("Long")]
    [DataRow(200, DisplayName = "the long form")]
    public Task Two_hundred_large_pictures_at_once_stay_within_the_memory(int requests) => LoadAsync(requests);

    private static async Task LoadAsync(int requests)
    {
        if (!OperatingSystem.IsLinux())
            Assert.Inconclusive("The memory of a process is read from /proc.");
        using Process service = Start();
        try
        {
            using var client = new HttpClient { BaseAddress = await AddressOf(service), Timeout = TimeSpan.FromMinutes(10) };
            byte[][] pictures = [Large(1), Large(2)];
            string[] alone = [await (await PostAsync(client, pictures[0])).Content.ReadAsStringAsync(), await (await PostAsync(client, pictures[1])).Content.ReadAsStringAsync()];
            Assert.AreNotEqual(alone[0], alone[1]);

            int refused = 0;
            await Parallel.ForEachAsync(
                Enumerable.Range(0, requests), new ParallelOptions { MaxDegreeOfParallelism = requests }, async (i, _) =>
                {
                    HttpResponseMessage response;
                    while ((response = await PostAsync(client, pictures[i % 2])).StatusCode == HttpStatusCode.ServiceUnavailable)
                    {
                        Interlocked.Increment(ref refused);
                        await Task.Delay(response.Headers.RetryAfter!.Delta!.Value, CancellationToken.None);
                    }

                    Assert.AreEqual(alone[i % 2], await response.Content.ReadAsStringAsync(CancellationToken.None));
                });
            if (requests > InspectionApi.MaximumUploads)
                Assert.IsGreaterThan(0, refused);
            using HttpResponseMessage health = await client.GetAsync(new Uri("/health", UriKind.Relative));
            Assert.AreEqual(HttpStatusCode.OK, health.StatusCode);

            long peak = PeakOf(service);
            Console.WriteLine($"{requests} pictures, {refused} times asked to come again, at most {peak} MB.");
            Assert.IsLessThan(MegabytesAtRest + (Environment.ProcessorCount * MegabytesOfAPicture), peak);
        }
        finally
        {
            service.Kill();
            await service.WaitForExitAsync();
        }
    }

    private static Process Start()
    {
        string program = typeof(InspectionApi).Assembly.Location;
        var start = new ProcessStartInfo("dotnet", ["exec", program, "--urls", "http://127.0.0.1:0", "--Inspection:ModelPath", Service.ModelPath])
        {
            RedirectStandardOutput = true,
        };
        return Process.Start(start)!;
    }

    private static async Task<Uri> AddressOf(Process service)
    {
        while (await service.StandardOutput.ReadLineAsync() is { } line)
        {
            if (Listening().Match(line) is { Success: true } match)
                return new Uri(match.Groups[1].Value);
        }

        throw new InvalidOperationException("The service ended.");
    }

    private static async Task<HttpResponseMessage> PostAsync(HttpClient client, byte[] picture)
    {
        using var content = new ByteArrayContent(picture) { Headers = { ContentType = new("image/jpeg") } };
        return await client.PostAsync(new Uri("/inspect", UriKind.Relative), content);
    }

    private static long PeakOf(Process service)
        => long.Parse(Peak().Match(File.ReadAllText($"/proc/{service.Id}/status")).Groups[1].Value, CultureInfo.InvariantCulture) / 1024;

    // 20 megapixels.
    private static byte[] Large(int seed)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(5000, 4000, SKColorType.Rgba8888, SKAlphaType.Opaque));
        bitmap.Erase(new SKColor(200, 180, 160));
        using var canvas = new SKCanvas(bitmap);
        using var paint = new SKPaint { Color = new SKColor(60, 50, 40) };
        var random = new Random(seed);
        for (int i = 0; i < 100; i++)
            canvas.DrawCircle(random.Next(5000), random.Next(4000), random.Next(200), paint);
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Jpeg, quality: 90);
        return data.ToArray();
    }

    [GeneratedRegex(@"Now listening on: (\S+)")]
    private static partial Regex Listening();

    [GeneratedRegex(@"VmHWM:\s+(\d+) kB")]
    private static partial Regex Peak();
}
