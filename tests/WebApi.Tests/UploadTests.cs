using System.Buffers.Binary;
using System.Net;
using System.Text;
using System.Text.Json;
using MLNet.AnomalyNormalization.Onnx.Tests;
using SkiaSharp;

namespace WebApi.Tests;

[TestClass]
public sealed class UploadTests
{
    [TestMethod]
    [DataRow("empty", 422, "holds no picture", DisplayName = "nothing")]
    [DataRow("text", 422, "holds no picture", DisplayName = "text under the type of an image")]
    [DataRow("header", 422, "holds no picture", DisplayName = "cut off in the header")]
    [DataRow("half PNG", 422, "the file is truncated", DisplayName = "half a PNG")]
    [DataRow("half JPEG", 422, "the file is truncated", DisplayName = "half a JPEG")]
    [DataRow("flipped", 422, "can't be decoded", DisplayName = "a PNG with a wrong byte among its pixels")]
    [DataRow("bomb", 422, "has 60000 x 60000 pixels; expected at most 25000000", DisplayName = "a few bytes that claim 14 gigabytes of pixels")]
    [DataRow("too many", 422, "has 5000 x 5001 pixels", DisplayName = "just too many pixels")]
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
                return new byte[InspectionApi.MaximumBytes + 1];
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
        BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(Checksum), Png.Crc(png.AsSpan(Header..Checksum)));
        return png;
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
