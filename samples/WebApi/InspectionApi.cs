using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.ObjectPool;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.AnomalyNormalization;
using MLNet.AnomalyNormalization.Imaging;
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

        // A prediction engine serves one thread at a time, so there is a pool of them.
        var model = InspectionModel.Load(builder.Configuration["Model"] ?? DrawnModel.Train(Path.Combine("artifacts", "WebApi")).Onnx);
        builder.Services.AddSingleton(_ => model); // from a factory, so that it is disposed with the application
        builder.Services.AddSingleton(_ => new DefaultObjectPoolProvider().Create(model));

        WebApplication app = builder.Build();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.MapHealthChecks("/health");
        app.MapPost("/inspect", InspectAsync);
        return app;
    }

    // JSON, or the picture with the heat map over it for those who accept image/png.
    private static async Task<Results<Ok<InspectionAnswer>, FileContentHttpResult, ProblemHttpResult>> InspectAsync(
        HttpRequest request, InspectionModel model, ObjectPool<PredictionEngine<Photo, Inspection>> engines)
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

        Inspection inspection;
        PredictionEngine<Photo, Inspection> engine = engines.Get();
        try
        {
            inspection = engine.Predict(new Photo { Image = image.ToMLImage() });
        }
        finally
        {
            engines.Return(engine);
        }

        (int height, int width) = model.MapSize;
        if (request.GetTypedHeaders().Accept.Any(type => type.MediaType == PngPicture.MediaType))
        {
            using MLImage photo = image.ToMLImage();
            using MLImage overlay = HeatMap.Overlay(photo, inspection.NormalizedMap, height, width);
            return TypedResults.Bytes(PngPicture.Encode(overlay), PngPicture.MediaType);
        }

        using MLImage heatMap = HeatMap.Render(inspection.NormalizedMap, height, width);
        return TypedResults.Ok(new InspectionAnswer(
            inspection.Score[0],
            inspection.NormalizedScore[0],
            inspection.PredictedLabel[0],
            new Thresholds(ScoreNormalizer.DecisionScore, model.Thresholds.Image, model.Thresholds.Pixel),
            $"data:{PngPicture.MediaType};base64,{Convert.ToBase64String(PngPicture.Encode(heatMap))}"));
    }
}
