using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.ML.Data;
using Microsoft.Net.Http.Headers;
using MLNet.AnomalyNormalization;
using MLNet.AnomalyNormalization.Hosting;
using MLNet.AnomalyNormalization.Imaging;
using OpenTelemetry.Metrics;
using VisualInspection;
using Inspection = MLNet.AnomalyNormalization.Onnx.Inspection;

namespace WebApi;

/// <summary>The application: <c>POST /inspect</c>, a page for it at <c>/</c>, <c>/health</c>, <c>/metrics</c>, <c>/openapi/v1.json</c>.</summary>
internal static class InspectionApi
{
    public const long MaximumBytes = 10 << 20;
    public const long MaximumPixels = 25_000_000;

    // Of so many uploads the bytes are in memory; of one per core the pixels, which are a hundred times as many.
    public const int MaximumUploads = 32;
    private static readonly SemaphoreSlim s_cores = new(Environment.ProcessorCount);

    /// <summary>Makes the application, ready to run.</summary>
    /// <param name="args"><c>--Inspection:ModelPath</c> names a model; without it one is trained on images that are drawn.</param>
    public static WebApplication Create(string[] args)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = MaximumBytes;
            kestrel.Limits.MinRequestBodyDataRate = new(bytesPerSecond: 10_000, gracePeriod: TimeSpan.FromSeconds(5));
        });
        builder.Configuration["Inspection:ModelPath"] ??= DrawnModel.Train(Path.Combine("artifacts", "WebApi")).Onnx;
        builder.Services.AddAnomalyInspector("", options => (options.KeepPicture, options.MaximumPixels) = (true, MaximumPixels))
            .BindConfiguration("Inspection");
        builder.Services.AddHealthChecks().AddAnomalyInspector("");
        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeter("MLNet.AnomalyNormalization").AddPrometheusExporter());
        builder.Services.AddOpenApi();
        builder.Services.AddRequestDecompression();
        builder.Services.AddProblemDetails(problem => problem.CustomizeProblemDetails = context =>
            context.ProblemDetails.Detail = IsFaultOfRequest(context.Exception) ? context.Exception!.Message : context.ProblemDetails.Detail);
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals;  // a score of NaN is an answer, too
            json.SerializerOptions.Converters.Add(new JsonStringEnumConverter<Decision>());
        });
        builder.Services.AddRateLimiter(limits =>
        {
            limits.AddConcurrencyLimiter("uploads", limit => limit.PermitLimit = MaximumUploads);
            limits.RejectionStatusCode = StatusCodes.Status503ServiceUnavailable;
            limits.OnRejected = (rejected, _) => new(Task.FromResult(rejected.HttpContext.Response.Headers.RetryAfter = "1"));
        });

        WebApplication app = builder.Build();
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            StatusCodeSelector = e => e is InvalidDataException ? 422 : (e as BadHttpRequestException)?.StatusCode ?? 500,
            SuppressDiagnosticsCallback = context => IsFaultOfRequest(context.Exception),
        });
        app.UseStatusCodePages();
        app.UseRateLimiter();
        app.UseRequestDecompression();
        app.MapHealthChecks("/health");
        app.MapPrometheusScrapingEndpoint();
        app.MapOpenApi();
        app.MapGet("/", () => TypedResults.Stream(typeof(InspectionApi).Assembly.GetManifestResourceStream("index.html")!, "text/html"))
            .ExcludeFromDescription();
        app.MapPost("/inspect", InspectAsync).RequireRateLimiting("uploads")
            .Accepts<IFormFile>("image/png", "image/jpeg", "image/webp", "image/bmp", "multipart/form-data")
            .Produces<InspectionAnswer>().Produces(200, contentType: "image/png").ProducesProblem(422).ProducesProblem(503);
        return app;
    }

    private static bool IsFaultOfRequest(Exception? e) => e is InvalidDataException or BadHttpRequestException;

    // JSON, or the picture with the heat map over it for whoever prefers image/png.
    private static async Task<Results<Ok<InspectionAnswer>, FileContentHttpResult, StatusCodeHttpResult>> InspectAsync(
        HttpRequest request, HostedInspector inspector, CancellationToken cancelled)
    {
        (double json, double png) = (QualityOf("application/json", request), QualityOf("image/png", request));
        if (json == 0 && png == 0)
            return TypedResults.StatusCode(StatusCodes.Status406NotAcceptable);

        using var upload = new MemoryStream();
        await (request.HasFormContentType ? await FileOfFormAsync(request, cancelled) : request.Body).CopyToAsync(upload, cancelled);
        upload.Position = 0;
        await s_cores.WaitAsync(cancelled);
        try
        {
            Inspection inspection = await inspector.InspectAsync(upload, cancelled);
            using var picture = new MemoryStream();
            if (png > json)
            {
                inspection.SaveOverlay(picture);
                return TypedResults.Bytes(picture.ToArray(), "image/png");
            }

            (float[] map, int height, int width) = inspection.NormalizedMap!;
            using MLImage colours = HeatMap.Render(map, height, width);
            return TypedResults.Ok(new InspectionAnswer(
                inspection.RawScore, inspection.NormalizedScore, inspection.Decision, inspection.Thresholds, inspection.Regions,
                $"data:image/png;base64,{Convert.ToBase64String(HeatMap.EncodePng(colours))}"));
        }
        finally
        {
            s_cores.Release();
        }
    }

    private static async Task<Stream> FileOfFormAsync(HttpRequest request, CancellationToken cancelled)
    {
        try
        {
            IFormFileCollection files = (await request.ReadFormAsync(cancelled)).Files;
            return files is [var file] ? file.OpenReadStream() : throw new BadHttpRequestException($"The form has {files.Count} files; expected one.");
        }
        catch (IOException e) when (e is not BadHttpRequestException)
        {
            throw new BadHttpRequestException($"The form can't be read: {e.Message}", e);
        }
    }

    // RFC 9110, 12.5.1: the most specific range decides.
    private static double QualityOf(string type, HttpRequest request)
    {
        IList<MediaTypeHeaderValue> accepted = request.GetTypedHeaders().Accept;
        return accepted.Where(range => new MediaTypeHeaderValue(type).IsSubsetOf(range))
            .OrderBy(range => range.MatchesAllTypes ? 2 : range.MatchesAllSubTypes ? 1 : 0)
            .Select(range => range.Quality ?? 1).FirstOrDefault(accepted.Count == 0 ? 1 : 0);
    }
}
