using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization;
using MLNet.AnomalyNormalization.Imaging;
using MLNet.AnomalyNormalization.Onnx;
using VisualInspection;

namespace WebApi;

/// <summary>The web application: <c>POST /inspect</c> and <c>GET /health</c>.</summary>
internal static class InspectionApi
{
    /// <summary>Makes the application, ready to run.</summary>
    /// <param name="args">
    /// The command line. <c>--Model</c> is the path of a <c>model.onnx</c> that the VisualInspection sample wrote; without it a model is
    /// trained on images that are drawn. The rest is ASP.NET Core's, for instance <c>--urls</c>.
    /// </param>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="InvalidDataException">The model is of another kind.</exception>
    public static WebApplication Create(string[] args)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = UploadedImage.MaximumBytes);
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.Services.AddProblemDetails();
        builder.Services.AddHealthChecks();

        // A score of NaN is an answer too, and JSON has no number for it.
        builder.Services.ConfigureHttpJsonOptions(json =>
            json.SerializerOptions.NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals);

        // One for all requests: it is safe for many threads. From a factory, so that it is disposed with the application.
        AnomalyInspector inspector = Open(builder.Configuration["Model"] ?? DrawnModel.Train(Path.Combine("artifacts", "WebApi")).Onnx);
        builder.Services.AddSingleton(_ => inspector);

        WebApplication app = builder.Build();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.MapHealthChecks("/health");
        app.MapPost("/inspect", InspectAsync);
        return app;
    }

    /// <summary>Opens a model that the VisualInspection sample saved, or another one that brings its thresholds and gives a map.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file holds something else.</exception>
    public static AnomalyInspector Open(string path)
    {
        AnomalyOnnxModel model = AnomalyOnnxModel.Open(path);
        return model is { Thresholds: not null, MapOutputName: not null }
            ? AnomalyInspector.Open(path)
            : throw new InvalidDataException($"'{path}' can't be served: expected a raw map and thresholds for it.\n{model}");
    }

    // JSON, or the picture with the heat map over it for those who accept image/png.
    private static async Task<Results<Ok<InspectionAnswer>, FileContentHttpResult, ProblemHttpResult>> InspectAsync(
        HttpRequest request, AnomalyInspector inspector)
    {
        UploadedImage image;
        try
        {
            image = await UploadedImage.ReadAsync(request);
        }
        catch (BadHttpRequestException e)
        {
            return TypedResults.Problem(e.Message, statusCode: e.StatusCode);
        }

        var inspection = inspector.Inspect(image.Pixels, image.Width, image.Height, image.Width * 4, PixelFormat.Bgra32);
        (float[] map, int height, int width) = inspection.NormalizedMap!;
        if (request.GetTypedHeaders().Accept.Any(type => type.MediaType == PngPicture.MediaType))
        {
            using MLImage photo = image.ToMLImage();
            using MLImage overlay = HeatMap.Overlay(photo, map, height, width);
            return TypedResults.Bytes(PngPicture.Encode(overlay), PngPicture.MediaType);
        }

        using MLImage heatMap = HeatMap.Render(map, height, width);
        return TypedResults.Ok(new InspectionAnswer(
            inspection.RawScore,
            inspection.NormalizedScore,
            inspection.IsAnomalous,
            new Thresholds(ScoreNormalizer.DecisionScore, inspection.Thresholds.Image, inspection.Thresholds.Pixel),
            $"data:{PngPicture.MediaType};base64,{Convert.ToBase64String(PngPicture.Encode(heatMap))}"));
    }
}
