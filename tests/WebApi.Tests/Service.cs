using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using SkiaSharp;
using VisualInspection;

namespace WebApi.Tests;

/// <summary>The model on drawn images, trained once for all tests, and the real application on a free port.</summary>
[TestClass]
public static class Service
{
    private static TemporaryFolder s_folder = null!;
    private static WebApplication s_app = null!;

    public static string ModelPath { get; private set; } = "";

    public static HttpClient Client { get; private set; } = null!;

    /// <summary>The test images as files.</summary>
    public static IReadOnlyList<string> Images { get; private set; } = [];

    [AssemblyInitialize]
    public static async Task Start(TestContext context)
    {
        s_folder = new TemporaryFolder();
        ModelPath = DrawnModel.Train(s_folder["service"]).Onnx;
        string images = s_folder["service/drawn/test"];
        Images = [.. Directory.GetFiles(images, "*.png", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        s_app = InspectionApi.Create(["--urls", "http://127.0.0.1:0", "--Inspection:ModelPath", ModelPath]);
        await s_app.StartAsync(context.CancellationToken);
        Client = new HttpClient { BaseAddress = new Uri(s_app.Urls.Single()) };
    }

    [AssemblyCleanup]
    public static async Task Stop()
    {
        Client.Dispose();
        await s_app.DisposeAsync();
        s_folder.Dispose();
    }

    /// <summary>Posts bytes to be inspected.</summary>
    /// <param name="bytes">The body.</param>
    /// <param name="type">Its media type.</param>
    /// <param name="accept">What is wanted; null to leave it to the service.</param>
    public static async Task<HttpResponseMessage> PostAsync(byte[] bytes, string type = "image/png", string? accept = null)
    {
        using var content = new ByteArrayContent(bytes) { Headers = { ContentType = MediaTypeHeaderValue.Parse(type) } };
        return await PostAsync(content, accept);
    }

    public static async Task<HttpResponseMessage> PostAsync(HttpContent content, string? accept = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/inspect") { Content = content };

        // A body that is too large isn't sent at all: the refusal comes first.
        request.Headers.ExpectContinue = true;
        if (accept is not null)
            request.Headers.Accept.ParseAdd(accept);
        return await Client.SendAsync(request);
    }

    /// <summary>A picture of one colour and one half-transparent pixel, in the format asked for.</summary>
    public static byte[] Picture(int width, int height, SKEncodedImageFormat format = SKEncodedImageFormat.Png)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul));
        bitmap.Erase(new SKColor(200, 180, 160));
        bitmap.SetPixel(width / 2, height / 2, new SKColor(90, 100, 250, 128));
        using SKData data = bitmap.Encode(format, quality: 90);
        return data.ToArray();
    }
}
