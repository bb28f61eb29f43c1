using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization;
using MLNet.AnomalyNormalization.Imaging;
using MLNet.AnomalyNormalization.Onnx;
using SkiaSharp;
using VisualInspection;
using Inspection = VisualInspection.Inspection;

namespace WebApi.Tests;

[TestClass]
public sealed class InspectionApiTests
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter<Decision>() } };

    private static readonly string[] Names = ["score", "normalizedScore", "decision", "thresholds", "regions", "heatMap"];

    [TestMethod]
    public async Task An_answer_has_the_bits_that_the_model_gives_for_the_file()
    {
        foreach (string path in Service.Images.Where((_, i) => i % 5 == 0))
        {
            Inspection expected = InspectFile(path);
            InspectionAnswer answer = await AnswerAsync(await File.ReadAllBytesAsync(path));
            Assert.AreEqual(expected.Score[0], answer.Score, path);
            Assert.AreEqual(expected.NormalizedScore[0], answer.NormalizedScore, path);
            Assert.AreEqual(expected.PredictedLabel[0] ? Decision.Reject : Decision.Pass, answer.Decision, path);

            using MLImage heatMap = HeatMap.Render(expected.NormalizedMap, DrawnModel.ShorterSide, DrawnModel.ShorterSide);
            Assert.AreEqual($"data:image/png;base64,{Convert.ToBase64String(HeatMap.EncodePng(heatMap))}", answer.HeatMap);
        }
    }

    [TestMethod]
    [DataRow(SKEncodedImageFormat.Png, 40, 30, DisplayName = "a PNG with transparency")]
    [DataRow(SKEncodedImageFormat.Jpeg, 40, 30, DisplayName = "a JPEG")]
    [DataRow(SKEncodedImageFormat.Jpeg, 1200, 900, DisplayName = "a JPEG larger than the model's images")]
    [DataRow(SKEncodedImageFormat.Png, 1, 1, DisplayName = "a single pixel")]
    public async Task Every_kind_of_image_scores_as_its_file_does_whichever_way_it_is_sent(
        SKEncodedImageFormat format, int width, int height)
    {
        using var folder = new TemporaryFolder();
        byte[] bytes = Service.Picture(width, height, format);
        await File.WriteAllBytesAsync(folder["image"], bytes);
        Inspection expected = InspectFile(folder["image"]);

        InspectionAnswer answer = await AnswerAsync(bytes);
        Assert.AreEqual(expected.Score[0], answer.Score);
        Assert.AreEqual(expected.NormalizedScore[0], answer.NormalizedScore);

        using var form = new MultipartFormDataContent { { new ByteArrayContent(bytes), "file", "image" } };
        using HttpResponseMessage sameAnswer = await Service.PostAsync(form);
        Assert.AreEqual(await TextAsync(bytes), await sameAnswer.Content.ReadAsStringAsync());
    }

    [TestMethod]
    public async Task The_thresholds_are_those_of_the_model()
    {
        AnomalyThresholds thresholds = AnomalyOnnxModel.Open(Service.ModelPath).Thresholds!;
        string text = await TextAsync(await File.ReadAllBytesAsync(Service.Images[0]));
        using JsonDocument answer = JsonDocument.Parse(text);
        CollectionAssert.AreEqual(Names, answer.RootElement.EnumerateObject().Select(property => property.Name).ToArray());
        Assert.AreEqual(
            thresholds, answer.RootElement.GetProperty("thresholds").Deserialize<AnomalyThresholds>(JsonSerializerOptions.Web));
    }

    [TestMethod]
    public async Task Who_accepts_a_picture_gets_the_heat_map_over_the_image_at_its_size()
    {
        string path = Service.Images[0];
        using HttpResponseMessage response = await Service.PostAsync(await File.ReadAllBytesAsync(path), accept: "image/png");
        Assert.AreEqual("image/png", response.Content.Headers.ContentType?.ToString());

        using MLImage photo = MLImage.CreateFromFile(path);
        float[] map = InspectFile(path).NormalizedMap;
        using MLImage coloured = HeatMap.Overlay(photo, map, DrawnModel.ShorterSide, DrawnModel.ShorterSide);
        using MLImage outlined = HeatMap.Outline(coloured, map, DrawnModel.ShorterSide, DrawnModel.ShorterSide);
        CollectionAssert.AreEqual(HeatMap.EncodePng(outlined), await response.Content.ReadAsByteArrayAsync());
    }

    [TestMethod]
    public async Task Under_parallel_load_every_answer_is_the_one_that_a_single_request_gets()
    {
        const int Requests = 200;
        byte[][] images = await Task.WhenAll(Service.Images.Select(path => File.ReadAllBytesAsync(path)));
        var alone = new List<string>();
        foreach (byte[] image in images)
            alone.Add(await TextAsync(image));
        Assert.HasCount(50, alone.Distinct(), "every image has an answer of its own");

        var answers = new ConcurrentDictionary<int, string>();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Requests),
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (i, _) => answers[i] = await TextAsync(images[i * 7 % images.Length]));
        for (int i = 0; i < Requests; i++)
            Assert.AreEqual(alone[i * 7 % images.Length], answers[i], $"request {i}");
    }

    [TestMethod]
    public async Task Refusals_among_the_load_disturb_no_other_answer()
    {
        byte[] image = await File.ReadAllBytesAsync(Service.Images[0]);
        string expected = await TextAsync(image);
        await Parallel.ForEachAsync(Enumerable.Range(0, 40), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, _) =>
        {
            using HttpResponseMessage response = await Service.PostAsync(i % 2 == 0 ? image : image[..(image.Length / 2)]);
            Assert.AreEqual(i % 2 == 0 ? HttpStatusCode.OK : HttpStatusCode.UnprocessableEntity, response.StatusCode);
            if (i % 2 == 0)
                Assert.AreEqual(expected, await response.Content.ReadAsStringAsync(CancellationToken.None));
        });
    }

    [TestMethod]
    public async Task It_says_that_it_is_healthy()
    {
        using HttpResponseMessage response = await Service.Client.GetAsync(new Uri("/health", UriKind.Relative));
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        Assert.AreEqual("Healthy", await response.Content.ReadAsStringAsync());
    }

    [TestMethod]
    [DataRow("/inspect", 405, DisplayName = "inspecting without a body")]
    [DataRow("/nowhere", 404, DisplayName = "an address that there isn't")]
    public async Task What_else_is_asked_for_is_refused_in_the_same_form(string path, int status)
    {
        using HttpResponseMessage response = await Service.Client.GetAsync(new Uri(path, UriKind.Relative));
        Assert.AreEqual(status, (int)response.StatusCode);
        Assert.AreEqual("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    [TestMethod]
    [DataRow(null, "application/json", DisplayName = "nothing said")]
    [DataRow("application/json, image/png;q=0.1", "application/json", DisplayName = "JSON rather than a picture")]
    [DataRow("image/*", "image/png", DisplayName = "any picture")]
    [DataRow("IMAGE/PNG", "image/png", DisplayName = "in capitals")]
    [DataRow("image/png;q=0, */*", "application/json", DisplayName = "anything but a picture")]
    [DataRow("text/html, image/png;q=0.9, */*;q=0.8", "image/png", DisplayName = "a picture rather than anything else")]
    [DataRow("text/html", null, DisplayName = "what there isn't")]
    [DataRow("image/png;q=0", null, DisplayName = "nothing that there is")]
    public async Task What_is_preferred_is_answered(string? accept, string? type)
    {
        using HttpResponseMessage response = await Service.PostAsync(Service.Picture(40, 30), accept: accept);
        Assert.AreEqual(type is null ? HttpStatusCode.NotAcceptable : HttpStatusCode.OK, response.StatusCode);
        if (type is not null)
            Assert.AreEqual(type, response.Content.Headers.ContentType?.MediaType);
    }

    [TestMethod]
    public async Task A_compressed_body_is_unpacked()
    {
        byte[] picture = Service.Picture(40, 30);
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(picture);
        using var content = new ByteArrayContent(packed.ToArray()) { Headers = { ContentType = new("image/png"), ContentEncoding = { "gzip" } } };
        using HttpResponseMessage response = await Service.PostAsync(content);
        Assert.AreEqual(await TextAsync(picture), await response.Content.ReadAsStringAsync());
    }

    [TestMethod]
    public async Task A_chunk_that_is_none_is_a_bad_request()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(Service.Client.BaseAddress!.Host, Service.Client.BaseAddress.Port);
        await using NetworkStream stream = client.GetStream();
        await stream.WriteAsync("POST /inspect HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"u8.ToArray());
        using var reader = new StreamReader(stream);
        StringAssert.StartsWith(await reader.ReadLineAsync(), "HTTP/1.1 400");
    }

    [TestMethod]
    public async Task The_service_describes_itself_and_tells_its_figures()
    {
        await AnswerAsync(Service.Picture(40, 30));
        using JsonDocument description = JsonDocument.Parse(await Service.Client.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative)));
        JsonElement post = description.RootElement.GetProperty("paths").GetProperty("/inspect").GetProperty("post");
        Assert.IsTrue(post.GetProperty("responses").TryGetProperty("503", out _));
        StringAssert.Contains(
            await Service.Client.GetStringAsync(new Uri("/metrics", UriKind.Relative)), "anomaly_inspections_total", StringComparison.Ordinal);
        using HttpResponseMessage page = await Service.Client.GetAsync(new Uri("/", UriKind.Relative));
        Assert.AreEqual("text/html", page.Content.Headers.ContentType?.MediaType);
    }

    private static async Task<InspectionAnswer> AnswerAsync(byte[] image)
        => JsonSerializer.Deserialize<InspectionAnswer>(await TextAsync(image), s_json)!;

    private static async Task<string> TextAsync(byte[] image)
    {
        using HttpResponseMessage response = await Service.PostAsync(image);
        string text = await response.Content.ReadAsStringAsync();
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode, text);
        return text;
    }

    // Alone, from the file.
    private static Inspection InspectFile(string path)
    {
        var mlContext = new MLContext();
        IDataView files = mlContext.Data.LoadFromEnumerable([new ImageFile { Path = path }]);
        AnomalyOnnxModel model = AnomalyOnnxModel.Open(Service.ModelPath);
        using TransformerChain<AnomalyNormalizationTransformer> pipeline = mlContext.Transforms
            .ApplyAnomalyOnnxModel(model, nameof(ImageFile.Path))
            .Append(mlContext.Transforms.NormalizeAnomaly(model))
            .Fit(files);
        return mlContext.Data.CreateEnumerable<Inspection>(pipeline.Transform(files), reuseRowObject: false).Single();
    }
}
