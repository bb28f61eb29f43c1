using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using SkiaSharp;

namespace WebApi.Tests;

[TestClass]
public sealed class UploadedImageTests
{
    [TestMethod]
    [DataRow("text/plain", 415, "The content type is 'text/plain'", DisplayName = "text")]
    [DataRow("image/webp", 415, "Send image/png, image/jpeg", DisplayName = "an image of another type")]
    [DataRow("application/x-www-form-urlencoded", 415, "multipart/form-data", DisplayName = "what curl says of data unless it is told")]
    [DataRow(null, 415, "The content type is ''", DisplayName = "no type at all")]
    public async Task A_body_of_another_type_is_refused(string? type, int status, string detail)
    {
        using var content = new ByteArrayContent(Service.Picture(4, 4));
        content.Headers.ContentType = type is null ? null : new MediaTypeHeaderValue(type);
        using HttpResponseMessage response = await Service.PostAsync(content);
        await RefusedAsync(response, status, detail);
    }

    [TestMethod]
    [DataRow("empty", 400, "0 bytes came", DisplayName = "nothing")]
    [DataRow("text", 422, "The 5 bytes that came are no image", DisplayName = "text under the type of an image")]
    [DataRow("webp", 422, "expected PNG or JPEG", DisplayName = "an image of another format under the type of a PNG")]
    [DataRow("header", 422, "are no image", DisplayName = "cut off in the header")]
    [DataRow("half PNG", 422, "damaged or cut off (IncompleteInput); expected a whole Png", DisplayName = "half a PNG")]
    [DataRow("half JPEG", 422, "damaged or cut off (IncompleteInput); expected a whole Jpeg", DisplayName = "half a JPEG")]
    [DataRow("flipped", 422, "damaged or cut off", DisplayName = "a PNG with a wrong byte among its pixels")]
    [DataRow("bomb", 422, "claims 60000 x 60000 pixels; at most 25000000", DisplayName = "a few bytes that claim 14 gigabytes of pixels")]
    [DataRow("too many", 422, "claims 5001 x 5000 pixels", DisplayName = "just too many pixels")]
    [DataRow("too large", 413, "max request body size is 10485760 bytes", DisplayName = "too many bytes")]
    public async Task What_is_no_image_is_refused_with_what_came_and_what_was_due(string body, int status, string detail)
    {
        using HttpResponseMessage response = await Service.PostAsync(Body(body));
        await RefusedAsync(response, status, detail);
    }

    [TestMethod]
    [DataRow(0, "The form has 0 files; expected one", DisplayName = "no file")]
    [DataRow(2, "The form has 2 files; expected one", DisplayName = "two files")]
    public async Task A_form_without_exactly_one_file_is_refused(int files, string detail)
    {
        using var form = new MultipartFormDataContent { { new StringContent("x"), "comment" } };
        for (int i = 0; i < files; i++)
            form.Add(new ByteArrayContent(Service.Picture(4, 4)), "file", $"{i}.png");
        using HttpResponseMessage response = await Service.PostAsync(form);
        await RefusedAsync(response, 400, detail);
    }

    [TestMethod]
    public async Task A_form_that_ends_in_the_middle_is_refused()
    {
        byte[] whole = Encoding.ASCII.GetBytes("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\nabc");
        using HttpResponseMessage response = await Service.PostAsync(whole, "multipart/form-data; boundary=b");
        await RefusedAsync(response, 400, "The form can't be read");
    }

    [TestMethod]
    [DataRow("half PNG", DisplayName = "half a PNG")]
    [DataRow("empty", DisplayName = "nothing")]
    public async Task A_file_of_a_form_is_checked_as_a_body_is(string body)
    {
        using var form = new MultipartFormDataContent { { new ByteArrayContent(Body(body)), "file", "a.png" } };
        using HttpResponseMessage fromForm = await Service.PostAsync(form);
        using HttpResponseMessage fromBody = await Service.PostAsync(Body(body));
        Assert.AreEqual(fromBody.StatusCode, fromForm.StatusCode);
        Assert.AreNotEqual(HttpStatusCode.OK, fromForm.StatusCode);
        Assert.AreEqual(await DetailAsync(fromBody), await DetailAsync(fromForm));
    }

    private static byte[] Body(string kind)
    {
        byte[] photo = File.ReadAllBytes(Service.Images[0]);
        switch (kind)
        {
            case "empty":
                return [];
            case "text":
                return "hello"u8.ToArray();
            case "webp":
                return Service.Picture(4, 4, SKEncodedImageFormat.Webp);
            case "header":
                return photo[..20];
            case "half PNG":
                return photo[..(photo.Length / 2)];
            case "half JPEG":
                byte[] jpeg = Service.Picture(300, 200, SKEncodedImageFormat.Jpeg);
                return jpeg[..^(jpeg.Length / 8)];
            case "flipped":
                photo[photo.Length / 2] ^= 0x55;
                return photo;
            case "bomb":
                return Claiming(60_000, 60_000);
            case "too many":
                return Claiming(5001, 5000);
            case "too large":
                return new byte[UploadedImage.MaximumBytes + 1];
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "No such body.");
        }
    }

    // A small PNG file whose header speaks of another size.
    private static byte[] Claiming(int width, int height)
    {
        byte[] png = Service.Picture(4, 4);
        const int Header = 12, Width = 16, Height = 20, Checksum = 29;
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(Width), width);
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(Height), height);
        BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(Checksum), Crc32(png.AsSpan(Header..Checksum)));
        return png;
    }

    // The checksum of PNG chunks: https://www.w3.org/TR/png-3/#5CRC-algorithm, bit by bit.
    private static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0xEDB88320;
        }

        return ~crc;
    }

    private static async Task RefusedAsync(HttpResponseMessage response, int status, string detail)
    {
        Assert.AreEqual(status, (int)response.StatusCode);
        Assert.AreEqual("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        StringAssert.Contains(await DetailAsync(response), detail);
    }

    private static async Task<string> DetailAsync(HttpResponseMessage response)
    {
        using JsonDocument problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.AreEqual((int)response.StatusCode, problem.RootElement.GetProperty("status").GetInt32());
        return problem.RootElement.GetProperty("detail").GetString()!;
    }
}
